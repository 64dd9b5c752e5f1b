"""Who a machine is: known where it is plugged in, told from host to host, looked up by address where it is not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from apps import registers as r
from apps.pipeline import DESTINATION, NEIGHBOUR
from apps.policy_tables import POLICY_TABLES, RULES, TALLY, WHO
from controller.entities import AllowedPair, Neighbour, Seat
from controller.flow import fields as f
from controller.policy.values import Block, Machines, Rule
from tests import packets as p
from tests.apps.scenes import (
    DB,
    JOB,
    WEB,
    acted,
    key,
    machine,
    of,
    opened,
    reached,
    rule,
    scene,
    sent,
    syn,
    to,
)
from tests.compiled import Watched, compiled
from tests.fabric_worlds import over_links
from tests.guarded_worlds import policy
from tests.interpreter import DataPlane
from tests.routed_worlds import EDGE_MAC, routed_world
from tests.worlds import chassis, mac, network, plugged, port, project, with_more

if TYPE_CHECKING:
    from controller.entities import Encap
    from tests.worlds import World

ALLOWED = to(DB, rule("allow", WEB))
OF_POLICY = {table.number for table in POLICY_TABLES}


def tables(world: World, host: str) -> set[int]:
    """The tables of a host that have flows."""
    return {flow.table for flow in compiled(world).catalogue.flows(host)}


@pytest.mark.parametrize("encap", ["vxlan", "gre", "geneve"])
def test_who_sends_is_known_on_other_hosts_whatever_carries_the_packet(encap: Encap) -> None:
    plane = acted(ALLOWED, encap=encap)
    assert opened(plane, "web", "db")
    assert opened(plane, "web", "db", six=True)
    assert not opened(plane, "job", "db")


def test_who_sends_is_known_on_hosts_that_links_join() -> None:
    plane = DataPlane(over_links(scene(ALLOWED)))
    assert opened(plane, "web", "db")
    assert opened(plane, "web", "db", six=True)
    assert not opened(plane, "job", "db")


def test_geneve_carries_who_sends_so_that_nobody_looks_it_up() -> None:
    assert WHO.number not in tables(scene(ALLOWED, encap="geneve"), "hv2")
    assert WHO.number in tables(scene(ALLOWED), "hv2")


def test_who_is_spoken_to_is_looked_up_wherever_it_is() -> None:
    plane = acted(of(JOB, rule("allow", DB)), encap="geneve")
    assert opened(plane, "job", "db")
    assert opened(plane, "job", "db2")
    assert not opened(plane, "job", "web2")


def test_an_address_that_different_machines_have_says_nothing() -> None:
    shared = AllowedPair(mac(0x99), "10.0.0.99")
    alike = [replace(machine(name), allowed_pairs=(shared,)) for name in ("web", "web2")]
    virtual = p.tcp(mac(3), mac(0x99), "10.0.0.3", "10.0.0.99")
    assert reached(acted(of(JOB, rule("allow", WEB)), *alike), "job", virtual) == ["db", "db2", "web", "web2"]
    different = [*alike, replace(machine("db"), allowed_pairs=(shared,))]
    assert reached(acted(of(JOB, rule("allow", WEB)), *different), "job", virtual) == []


def test_a_machine_that_may_speak_from_any_address_is_known_by_its_port() -> None:
    open_ = replace(machine("job"), port_security=False)
    plane = acted(ALLOWED, open_)
    as_web = p.tcp(mac(3), mac(5), "10.0.0.1", "10.0.0.5")
    assert reached(plane, "job", as_web) == []


def test_a_new_machine_of_a_known_sort_changes_no_policy_on_any_host() -> None:
    before = Watched()
    before.turn(scene(ALLOWED, of(WEB, rule("allow", DB))).values())
    new = port("acme/web3", "acme/net", 9, labels=(("app", "web"),))
    deltas = before.turn([new, plugged("acme/web3", "hv1", 9)])
    for delta in deltas.values():
        touched = {flow.table for flow in (*delta.new, *delta.changed, *delta.gone)}
        assert touched & OF_POLICY <= {WHO.number}
    assert {flow.table for flow in deltas["hv2"].new} == {NEIGHBOUR.number, DESTINATION.number, WHO.number}


def test_a_new_machine_by_geneve_is_not_even_looked_up() -> None:
    before = Watched()
    before.turn(scene(ALLOWED, encap="geneve").values())
    new = port("acme/web3", "acme/net", 9, labels=(("app", "web"),))
    deltas = before.turn([new, plugged("acme/web3", "hv1", 9)])
    assert OF_POLICY.isdisjoint(flow.table for delta in deltas.values() for flow in delta.new)


def test_rules_stand_only_where_they_guard_somebody() -> None:
    world = scene(to(JOB, rule("allow", WEB)))
    assert tables(world, "hv1") - tables(world, "hv2") == {RULES.number, TALLY.number}


def test_another_tenants_machine_is_named_only_together_with_its_tenant() -> None:
    """Both are on one network, as it may be shared."""
    guest = replace(port("beta/web", "acme/net", 9, labels=(("app", "web"),)), project="beta")
    more = (guest, plugged("beta/web", "hv1", 9), project("beta"))
    packet = p.tcp(mac(9), mac(2), "10.0.0.9", "10.0.0.2")
    assert DataPlane(scene(ALLOWED, *more)).fate("beta/web", packet) == []
    theirs = replace(WEB, projects=("beta",))
    assert DataPlane(scene(to(DB, rule("allow", theirs)), *more)).fate("beta/web", packet) == ["acme/db"]
    closed = policy("Policy", "beta/out", "application", (Machines(("beta",)),), egress=())
    assert DataPlane(scene(to(DB, rule("allow", theirs)), closed, *more)).fate("beta/web", packet) == []


def reached_by_hairpin(host: str, *rules: Rule) -> list[str]:
    """Who gets what acme/db-1 on a host sends to its router's outer address, which forwards to acme/web-2 on hv2."""
    web = Machines(("acme",), networks=("acme/web",))
    guarded = policy("Policy", "acme/web-only", "application", (web,), ingress=rules)
    packet = p.tcp(mac(0x21), EDGE_MAC, "10.0.1.1", "192.0.2.10", (40000, 8080), flags=p.SYN)
    plane = DataPlane(with_more(routed_world(), guarded, plugged("acme/db-1", host, 13, seen=1)))
    journey = plane.sent_by("acme/db-1", packet)
    assert all(arrival.packet[f.IPV4_SRC] == f.ip_number("10.0.0.254") for arrival in journey.arrivals), "translated"
    return plane.reached(journey)


@pytest.mark.parametrize("host", ["hv1", "hv2"])
def test_who_comes_back_by_its_own_routers_outer_address_is_still_who_it_is(host: str) -> None:
    assert reached_by_hairpin(host, rule("allow", Machines(("acme",), networks=("acme/db",)))) == ["acme/web-2"]
    assert reached_by_hairpin(host, rule("allow", Machines(("acme",), networks=("acme/web",)))) == []


def test_nobody_outside_passes_for_a_machine_of_ours_by_its_address() -> None:
    web = Machines(("acme",), networks=("acme/web",))
    guarded = policy("Policy", "acme/web-only", "application", (web,), ingress=(rule("allow", Machines(("acme",))),))
    plane = DataPlane(with_more(routed_world(), guarded))
    spoofed = p.udp(mac(0x99), EDGE_MAC, "10.0.1.1", "192.0.2.10", (40000, 6001))
    assert "acme/web-2" not in plane.reached(plane.sent_on("p1", p.tagged(spoofed, 100)))
    unguarded = DataPlane(routed_world())
    assert "acme/web-2" not in unguarded.reached(unguarded.sent_on("p1", p.tagged(spoofed, 100)))
    honest = spoofed | {f.IPV4_SRC: f.ip_number("203.0.113.9")}
    assert "acme/web-2" in unguarded.reached(unguarded.sent_on("p1", p.tagged(honest, 100)))


@pytest.mark.parametrize("seat", ["hv1", "hv2"])
def test_who_leaves_by_a_router_is_known_outside_by_the_address_it_has_there(seat: str) -> None:
    """Also to a machine of ours, which acme/pub-1 is on hv2, wherever the router leaves."""
    public, packet = Machines(("acme",), ports=("acme/pub-1",)), p.tcp(mac(0x21), EDGE_MAC, "10.0.1.1", "192.0.2.30")
    for peer, passes in ((Machines(None), False), (Block("192.0.2.10/32"), True)):
        guarded = policy("Policy", "acme/public", "application", (public,), ingress=(rule("allow", peer),))
        known = Neighbour("acme/public|192.0.2.30", "acme/public", "192.0.2.30", mac(0x51))
        plane = DataPlane(with_more(routed_world(), guarded, Seat("acme/edge", seat), known))
        assert ("acme/pub-1" in plane.fate("acme/db-1", packet)) == passes


def test_a_machine_of_a_segment_is_known_by_its_address() -> None:
    public = replace(network("acme/net", 0x101), mode="bridged", physical_network="p1")
    hosts = [replace(chassis(number), segments=(("p1", 50),)) for number in (1, 2)]
    plane = DataPlane(scene(ALLOWED, public, *hosts))
    assert key("db") in plane.fate(key("web"), syn("web", "db"))
    assert key("db") not in plane.fate(key("job"), syn("job", "db"))


def test_a_host_that_is_not_ours_cannot_say_who_it_is() -> None:
    plane = acted(ALLOWED, encap="geneve")
    (told,) = (walk for name, walk in sent(plane, "web", syn("web", "db")).walks if name == "hv2")
    forged = {of: value for of, value in told.came.items() if of not in {f.IN_PORT, f.TUN_SRC}}
    stranger = plane.sent_from("hv2", told.came[f.IN_PORT], forged | {f.TUN_SRC: f.ip_number("198.51.100.1")})
    assert stranger.arrivals == []
    assert told.read(r.SENDER) >> 31


def test_ports_that_are_plugged_elsewhere_take_their_identity_along() -> None:
    moved = plugged(key("web"), "hv2", 30, seen=1)
    assert opened(acted(ALLOWED, moved, encap="geneve"), "web", "db2")
    assert not opened(acted(ALLOWED, plugged(key("job"), "hv2", 30, seen=1), encap="geneve"), "job", "db2")
