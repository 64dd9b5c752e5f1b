"""Who may open a connection to whom: rules of one guard, tier by tier, the first match deciding."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from apps import registers as r
from controller.policy.values import ICMP, SCTP, TCP, UDP, AddressGroup, Block, Listed, Machines, Rule, Service, Tier
from tests import packets as p
from tests.apps.scenes import (
    DB,
    EVERYBODY,
    JOB,
    OUTSIDE,
    PG,
    WEB,
    acted,
    addressed,
    does,
    machine,
    of,
    opened,
    reached,
    rule,
    sent,
    syn,
    to,
)
from tests.worlds import mac

if TYPE_CHECKING:
    from controller.policy.values import Peer

HTTP = (Service(TCP, ((8000, 8079),)),)


def test_where_no_policy_is_everybody_speaks_to_everybody() -> None:
    plane = acted()
    assert opened(plane, "web", "db")
    assert opened(plane, "job", "db", 22, six=True)


def test_what_a_rule_allows_comes_about_and_nothing_else() -> None:
    plane = acted(to(DB, rule("allow", WEB, services=PG)))
    assert opened(plane, "web", "db")
    assert opened(plane, "web2", "db", six=True)
    assert not opened(plane, "web", "db", 5433)
    assert not opened(plane, "job", "db")


def test_a_policy_for_some_is_nobody_elses() -> None:
    plane = acted(to(DB, rule("allow", WEB, services=PG)))
    assert opened(plane, "job", "web", 22)
    assert opened(plane, "db", "job", 22)


def test_a_policy_without_rules_lets_nothing_in_and_everything_out() -> None:
    plane = acted(to(DB))
    assert not opened(plane, "web", "db")
    assert opened(plane, "db", "web", 80)


def test_what_a_machine_may_send_is_held_where_it_is_plugged_in() -> None:
    plane = acted(of(JOB, rule("allow", DB, services=PG)))
    assert opened(plane, "job", "db")
    assert sent(plane, "job", syn("job", "web2", 80)).crossings == []
    assert not opened(plane, "job", "web2", 80)
    assert opened(plane, "web2", "job", 22)


def test_both_ends_have_to_let_it_pass() -> None:
    receiver, sender = to(DB, rule("allow", WEB, services=PG)), of(WEB, rule("allow", DB, services=PG))
    assert opened(acted(receiver, sender), "web", "db")
    assert not opened(acted(receiver, of(WEB, rule("allow", JOB))), "web", "db")
    assert not opened(acted(to(DB, rule("allow", JOB)), sender), "web", "db")


def test_deny_goes_before_allow_of_the_same_priority() -> None:
    plane = acted(to(DB, rule("allow", EVERYBODY, name="all"), rule("deny", JOB, name="not")))
    assert opened(plane, "web", "db")
    assert not opened(plane, "job", "db")


def test_the_lower_priority_goes_first() -> None:
    first = to(DB, rule("allow", JOB), name="first", priority=1)
    plane = acted(first, to(DB, rule("deny", JOB), name="second", priority=2))
    assert opened(plane, "job", "db")


def test_what_is_rejected_is_told_to_the_daemon_and_arrives_nowhere() -> None:
    plane = acted(to(DB, rule("reject", JOB), rule("allow", WEB)))
    journey = sent(plane, "job", syn("job", "db"))
    assert journey.arrivals == []
    assert [(punt.chassis, punt.packet[r.PUNT]) for punt in journey.punts] == [("hv2", r.REJECTED)]
    assert sent(plane, "job", syn("job", "db2")).punts[0].chassis == "hv1"


def test_what_is_denied_is_told_to_nobody() -> None:
    assert sent(acted(to(DB)), "job", syn("job", "db")).punts == []


def test_a_tier_is_asked_after_those_before_it() -> None:
    strict = Tier("strict", 50, "pass")
    plane = acted(strict, to(DB, rule("deny", JOB), name="never", tier="strict"), to(DB, rule("allow", EVERYBODY)))
    assert not opened(plane, "job", "db")
    assert opened(plane, "web", "db")


def test_a_tier_that_denies_by_default_asks_no_later_one() -> None:
    strict = Tier("strict", 50, "deny")
    plane = acted(strict, to(DB, rule("allow", WEB), name="only", tier="strict"), to(DB, rule("allow", EVERYBODY)))
    assert opened(plane, "web", "db")
    assert not opened(plane, "job", "db")


def test_what_passes_is_for_the_next_tier() -> None:
    strict = Tier("strict", 50, "deny")
    before = to(DB, rule("pass", EVERYBODY), name="on", tier="strict")
    plane = acted(strict, before, to(DB, rule("allow", WEB, services=PG)))
    assert opened(plane, "web", "db")
    assert not opened(plane, "web", "db", 22)
    assert opened(acted(strict, before), "job", "db", 22), "behind the last tier everything passes"


def test_in_a_listed_tier_rules_are_tried_as_they_are_written() -> None:
    allowed_first = (rule("allow", JOB, name="1"), rule("deny", EVERYBODY, name="2"), rule("pass", name="3"))
    plane = acted(to(DB, *allowed_first, tier="admin-network-policy"))
    assert opened(plane, "job", "db")
    assert not opened(plane, "web", "db")


def test_a_block_is_its_addresses_but_the_exceptions() -> None:
    plane = acted(to(DB, rule("allow", Block("10.0.0.0/28", ("10.0.0.2/31",)))))
    assert opened(plane, "web", "db")
    assert not opened(plane, "job", "db"), "10.0.0.3"
    assert not opened(plane, "web", "db", six=True)


def test_addresses_outside_are_known_by_blocks_of_both_versions() -> None:
    group = AddressGroup("acme/out", "u", ("192.0.2.64/26", "2001:db8::/32"))
    plane = acted(group, of(WEB, rule("allow", Listed("acme/out"))))
    for target, passes in ((OUTSIDE, True), ("192.0.2.1", False), ("2001:db8::9", True), ("2001:db9::9", False)):
        source = "fd00::1" if ":" in target else "10.0.0.1"
        assert bool(reached(plane, "web", p.tcp(mac(1), mac(2), source, target))) == passes, target


def test_a_machine_of_ours_is_told_from_everybody_else() -> None:
    plane = acted(to(DB, rule("allow", Machines(None))))
    assert opened(plane, "job", "db")
    assert (
        reached(acted(of(WEB, rule("allow", Machines(None)))), "web", p.tcp(mac(1), mac(2), "10.0.0.1", OUTSIDE)) == []
    )


@pytest.mark.parametrize(("port", "passes"), [(7999, False), (8000, True), (8047, True), (8079, True), (8080, False)])
def test_a_range_of_ports_has_both_its_ends_and_no_more(port: int, passes: bool) -> None:  # noqa: FBT001 - a row
    assert opened(acted(to(DB, rule("allow", WEB, services=HTTP))), "web", "db", port) == passes


def test_source_ports_count_where_they_are_asked_for() -> None:
    plane = acted(to(DB, rule("allow", WEB, services=(Service(UDP, ((53, 53),), ((1024, 65535),)),))))
    for source, passes in ((1023, []), (1024, ["db"])):
        assert reached(plane, "web", p.udp(*addressed("web", "db"), (source, 53))) == passes


def many(*peers: Peer) -> Rule:
    """A rule whose peers times services are too many for a flow each."""
    services = (Service(TCP, ((80, 80), (443, 443), (8000, 8079))), Service(UDP, ((53, 53),)))
    return Rule("many", "allow", peers, services)


def test_many_peers_and_many_services_are_as_if_each_pair_had_been_written() -> None:
    plane = acted(to(DB, many(WEB, does("other"), Block("10.0.0.3/32"), Block("10.9.0.0/16"), Block("fd00::3/128"))))
    for sender in ("web", "web2", "job"):
        for port in (80, 443, 8042):
            assert opened(plane, sender, "db", port)
        assert opened(plane, sender, "db", 443, six=True)
        assert not opened(plane, sender, "db", 53), "of UDP only"
        assert reached(plane, sender, p.udp(*addressed(sender, "db"), (9, 53))) == ["db"]
    assert not opened(plane, "db2", "db", 80)


def test_messages_of_icmp_are_told_apart_by_type_and_code() -> None:
    plane = acted(to(DB, rule("allow", WEB, services=(Service(ICMP, ((8 << 8, 8 << 8),)),))))
    assert reached(plane, "web", p.ping(*addressed("web", "db"))) == ["db"]
    assert reached(plane, "job", p.ping(*addressed("job", "db"))) == []
    assert reached(plane, "web", p.ping(*addressed("web", "db", six=True))) == []


def test_protocols_without_connections_are_judged_each_way_by_themselves() -> None:
    plane = acted(to(DB, rule("allow", WEB, services=(Service(47),))))
    there, back = p.ip(*addressed("web", "db"), 47), p.ip(*addressed("db", "web"), 47)
    assert reached(plane, "web", there) == ["db"]
    assert reached(plane, "db", back) == ["web"]
    assert reached(plane, "job", p.ip(*addressed("job", "db"), 47)) == []
    assert reached(acted(to(DB, rule("allow", WEB)), to(WEB, name="closed")), "db", back) == []


def test_one_port_of_sctp_opens_no_other() -> None:
    plane = acted(to(DB, rule("allow", WEB, services=(Service(SCTP, ((7, 7),)),))))
    assert reached(plane, "web", p.sctp(*addressed("web", "db"), (9, 7))) == ["db"]
    assert reached(plane, "web", p.sctp(*addressed("web", "db"), (9, 8))) == []
    assert reached(plane, "db", p.sctp(*addressed("db", "web"), (7, 9))) == ["web"]


def test_other_kinds_of_frames_are_for_those_that_nothing_guards() -> None:
    unchecked = [replace(machine(name), port_security=False) for name in ("web", "db")]
    plane = acted(to(DB, rule("allow")), of(DB, rule("allow")), *unchecked)
    assert reached(plane, "web", p.frame(mac(1), mac(2), 0x88B5)) == []
    assert reached(plane, "db", p.frame(mac(2), mac(1), 0x88B5)) == []
    assert reached(plane, "web", p.frame(mac(1), mac(3), 0x88B5)) == ["job"]
