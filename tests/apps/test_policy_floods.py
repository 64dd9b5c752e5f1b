"""What is said to everybody: a guarded port gets of it what its guard lets through, and others get all of it."""

from __future__ import annotations

from controller.flow import fields as f
from controller.policy.values import UDP, Service
from tests import packets as p
from tests.apps.scenes import DB, EVERYBODY, JOB, WEB, acted, of, reached, rule, sent, to
from tests.oracle import link_local
from tests.worlds import mac

GROUP = "01:00:5e:00:00:fb"
MDNS = (Service(UDP, ((5353, 5353),)),)


def said(number: int, target: int = 5353) -> p.Packet:
    """A datagram from a machine to everybody."""
    return p.udp(mac(number), GROUP, f"10.0.0.{number}", "224.0.0.251", (5353, target))


def test_where_nothing_guards_everybody_hears_everything() -> None:
    assert reached(acted(), "web", said(1)) == ["db", "db2", "job", "web2"]


def test_a_guarded_port_hears_what_its_guard_lets_through() -> None:
    plane = acted(to(DB, rule("allow", WEB, services=MDNS)))
    assert reached(plane, "web", said(1)) == ["db", "db2", "job", "web2"]
    assert reached(plane, "web", said(1, 9)) == ["job", "web2"]
    assert reached(plane, "job", said(3)) == ["web", "web2"]


def test_who_may_not_speak_does_not_speak_to_everybody_either() -> None:
    plane = acted(of(JOB, rule("allow", WEB)))
    assert reached(plane, "job", said(3)) == []
    assert reached(plane, "web", said(1)) == ["db", "db2", "job", "web2"]


def test_two_guards_of_one_host_each_judge_by_themselves() -> None:
    plane = acted(to(DB, rule("allow", WEB)), to(JOB, name="closed"), to(WEB, rule("allow", WEB), name="own"))
    assert reached(plane, "web", said(1)) == ["db", "db2", "web2"]
    assert reached(plane, "job", said(3)) == []


def test_a_packet_to_everybody_begins_no_connection() -> None:
    plane = acted(to(DB, rule("allow", WEB, services=MDNS)), of(DB, name="silent"))
    assert "db" in reached(plane, "web", said(1))
    back = p.udp(mac(2), mac(1), "10.0.0.2", "10.0.0.1", (5353, 5353))
    assert reached(plane, "db", back) == []


def test_questions_for_macs_reach_guarded_ports_and_are_answered() -> None:
    plane = acted(to(EVERYBODY), of(EVERYBODY))
    assert len(plane.answers("acme/web", p.arp_request(mac(1), "10.0.0.1", "10.0.0.2"))) == 1
    assert len(plane.answers("acme/web", p.solicitation(mac(1), "fd00::1", "fd00::2", mac(1)))) == 1
    assert reached(plane, "web", p.arp_request(mac(1), "10.0.0.1", "10.0.0.77")) == ["db", "db2", "job", "web2"]
    unknown = p.solicitation(mac(1), "fd00::1", "fd00::77", mac(1)) | {f.IP_TTL: 255}
    assert reached(plane, "web", unknown) == ["db", "db2", "job", "web2"]


def test_what_only_looks_like_neighbour_discovery_is_judged() -> None:
    """A router passes on what has fewer hops left (RFC 4861, 7.1.1): nobody heeds it."""
    plane = acted(to(DB))
    routed = p.solicitation(mac(1), "fd00::1", "fd00::77", mac(1)) | {f.IP_TTL: 254}
    assert reached(plane, "web", routed) == ["job", "web2"]


def test_who_listens_to_groups_may_always_say_so() -> None:
    plane = acted(to(EVERYBODY), of(EVERYBODY))
    report = p.icmpv6(mac(1), "33:33:00:00:00:16", f.ipv6_text(link_local(f.mac_number(mac(1)))), "ff02::16", 143)
    assert reached(plane, "web", report | {f.IP_TTL: 1}) == ["db", "db2", "job", "web2"]


def test_what_a_tunnel_brings_for_everybody_is_asked_about_too() -> None:
    plane = acted(to(DB, rule("allow", JOB)))
    journey = sent(plane, "web", said(1))
    assert {name for name, _ in journey.walks} == {"hv1", "hv2"}
    assert plane.reached(journey) == ["acme/job", "acme/web2"]
