"""Machines on bridges that are wired to one another, behind tunnels, or both, are one network; no packet goes round."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pytest

from apps import registers as r
from apps.enclosing import enclosed
from apps.fabric_tables import FABRIC
from apps.pipeline import CLASSIFY
from controller import links
from controller.entities import Chassis, Interface, Port
from controller.flow import fields as f
from controller.flow.actions import set_field
from controller.flow.headers import FIRST_TTL
from controller.flow.text import match_text
from tests.apps.reading import terms
from tests.compiled import compiled
from tests.fabric_worlds import FIRST_WIRE, LONG, MAIN, MIXED, STEERED, Plan, bare, fabric_world, steered_world
from tests.interpreter import DataPlane
from tests.packets import BROADCAST, Packet, arp_request, frame, udp
from tests.steered_worlds import whole
from tests.worlds import changed, chassis, mac, with_more

if TYPE_CHECKING:
    from tests.interpreter import Journey

WEB = {f"acme/web-{number}": number for number in range(1, 6)}
"""On s1, s2, hv1 (wired, with tunnels), hv2 (tunnels only) and s1."""


def to(sender: int, target: int, port: int = 6000) -> Packet:
    """A packet from one machine to another."""
    return udp(mac(sender), mac(target), f"10.0.0.{sender}", f"10.0.0.{target}", (5000, port))


def everybody(sender: int) -> Packet:
    return udp(mac(sender), BROADCAST, f"10.0.0.{sender}", "255.255.255.255")


def ways(journey: Journey) -> list[tuple[str, str, str]]:
    """From where to where it went, and by what."""
    return [(here, there, by) for here, there, by, _ in journey.crossings]


@pytest.fixture(scope="module")
def plane() -> DataPlane:
    return DataPlane(fabric_world())


@pytest.fixture
def steered() -> DataPlane:
    return DataPlane(steered_world())


def test_every_machine_reaches_every_other_by_links_tunnels_and_both(plane: DataPlane) -> None:
    for name, sender in WEB.items():
        for other, target in WEB.items():
            assert plane.fate(name, to(sender, target)) == ([] if name == other else [other]), (name, other)


def test_a_packet_arrives_as_it_was_sent(plane: DataPlane) -> None:
    (arrival,) = plane.sent_by("acme/web-1", to(1, 2)).arrivals
    assert to(1, 2).items() <= arrival.packet.items()


def test_a_packet_takes_one_of_the_shortest_ways(plane: DataPlane) -> None:
    (first, second) = ways(plane.sent_by("acme/web-1", to(1, 2)))
    assert first in {("s1", "s3", "wire"), ("s1", "s4", "wire")}
    assert second == (first[1], "s2", "wire")


def test_a_header_costs_a_round_as_a_tunnel_does_and_both_together_two(plane: DataPlane) -> None:
    for sender, target, rounds in ((1, 2, 1), (3, 4, 1), (1, 4, 2), (4, 1, 1)):
        walks = plane.sent_by(f"acme/web-{sender}", to(sender, target)).walks
        assert [walk.rounds for _, walk in walks][-1] == rounds


def test_machines_of_one_bridge_use_no_link(plane: DataPlane) -> None:
    assert plane.sent_by("acme/web-1", to(1, 5)).crossings == []


def test_chassis_with_tunnels_use_their_tunnel_without_any_header(plane: DataPlane) -> None:
    assert plane.sent_by("acme/web-3", to(3, 4)).crossings == [("hv1", "hv2", "vxlan", 0x101)]
    assert plane.sent_by("acme/web-4", to(4, 3)).crossings == [("hv2", "hv1", "vxlan", 0x101)]


def test_a_bridge_without_tunnels_reaches_one_behind_a_tunnel_by_a_chassis_that_has_both(plane: DataPlane) -> None:
    out, back = plane.sent_by("acme/web-1", to(1, 4)), plane.sent_by("acme/web-4", to(4, 1))
    assert ways(out) == [("s1", "s3", "wire"), ("s3", "hv1", "wire"), ("hv1", "hv2", "geneve")]
    assert ways(back) == [("hv2", "hv1", "geneve"), ("hv1", "s3", "wire"), ("s3", "s1", "wire")]
    assert out.crossings[-1][3] == back.crossings[0][3] == links.FABRIC


def test_who_sent_it_is_known_at_the_other_end() -> None:
    """In a register that only the header can have brought."""
    plane = DataPlane(fabric_world())
    journey = plane.sent_by("acme/web-1", to(1, 2))
    sent = journey.walks[0][1].outputs[0][1]
    got = journey.walks[-1][1].outputs[0][1]
    assert got[r.SENDER] == sent[f.NSH_C3] != 0


@pytest.mark.parametrize(("name", "sender"), list(WEB.items()))
def test_a_broadcast_reaches_every_other_machine_of_the_network_once(plane: DataPlane, name: str, sender: int) -> None:
    assert plane.fate(name, everybody(sender)) == sorted(WEB.keys() - {name})


def test_a_broadcast_is_one_frame_for_each_chassis_that_has_machines(plane: DataPlane) -> None:
    journey = plane.sent_by("acme/web-1", everybody(1))
    labels = {path for *_, by, path in journey.crossings if by == "wire"}
    assert len(labels) == len(("s2", "hv1", "hv2"))
    assert max(Counter((here, path) for here, _, by, path in journey.crossings if by == "wire").values()) == 1


def test_what_came_by_a_link_leaves_by_none_as_another_packet(plane: DataPlane) -> None:
    """The frame that arrives is flooded to machines here only."""
    journey = plane.sent_by("acme/web-2", everybody(2))
    at_s1 = [walk for chassis, walk in journey.walks if chassis == "s1"]
    assert [sorted(port for port, _ in walk.outputs) for walk in at_s1] == [[1, 2]]


def test_questions_for_machines_beyond_links_are_answered_at_once(plane: DataPlane) -> None:
    (answer,) = plane.answers("acme/web-1", arp_request(mac(1), "10.0.0.1", "10.0.0.2"))
    assert answer[f.ARP_SHA] == f.mac_number(mac(2))


def test_tenants_with_the_same_addresses_never_meet(plane: DataPlane) -> None:
    assert plane.fate("beta/web-1", to(1, 2)) == ["beta/web-2"]
    assert plane.fate("beta/web-1", everybody(1)) == ["beta/web-2"]


def test_connections_share_the_ways_there_and_each_keeps_to_its_own(plane: DataPlane) -> None:
    firsts = Counter(
        plane.sent_by("acme/web-1", to(1, 2, port)).walks[0][1].outputs[0][0] for port in range(6000, 6060)
    )
    assert firsts.keys() == {11, 12, 13}
    assert min(firsts.values()) > 60 / 3 / 3
    again = {tuple(ways(plane.sent_by("acme/web-1", to(1, 2, 6001)))) for _ in range(3)}
    assert len(again) == 1


@pytest.mark.parametrize("cut", [("s1.11-s3.11",), ("s1.12-s4.11",), ("s1.11-s3.11", "s1.13-s3.13")])
def test_where_a_bridge_has_several_ways_it_goes_round_dead_ones_by_itself(cut: tuple[str, ...]) -> None:
    plane = DataPlane(fabric_world())
    plane.fails(*cut)
    for port in range(6000, 6020):
        assert plane.fate("acme/web-1", to(1, 2, port)) == ["acme/web-2"]


def test_what_one_bridge_has_parted_the_next_parts_again() -> None:
    bridges = tuple(bare(f"s{number}", number) for number in range(1, 7))
    cables = (*product(("s1",), ("s2", "s3")), *product(("s2", "s3"), ("s4", "s5")), *product(("s4", "s5"), ("s6",)))
    plane = DataPlane(Plan(bridges, cables, {"acme/web": ("s1", "s6")}).world())
    journeys = [plane.sent_by("acme/web-1", to(1, 2, port)) for port in range(6000, 6080)]
    used = Counter(tuple(there for _, there, _ in ways(journey)[:2]) for journey in journeys)
    assert used.keys() == set(product(("s2", "s3"), ("s4", "s5")))
    assert min(used.values()) > 80 / 4 / 3


def test_a_frame_that_bridges_disagree_about_does_not_go_round_for_ever() -> None:
    cables = (("s1", "s2"), ("s2", "s3"), ("s3", "s1"), ("s3", "s4"))
    plan = Plan(tuple(bare(f"s{number}", number) for number in range(1, 5)), cables, {"acme/web": ("s1", "s4")})
    wrong = [links.Route(f"s{n}>s4/0", f"s{n}", "s4", 0, (f"s{n % 3 + 1}",)) for n in (1, 2, 3)]
    journey = DataPlane(with_more(plan.world(), *wrong)).sent_by("acme/web-1", to(1, 2))
    assert journey.arrivals == []
    assert len(journey.crossings) == FIRST_TTL - 1


def test_hosts_with_ipv6_tunnels_are_of_the_network_as_well() -> None:
    hosts = [replace(chassis(number), encap_ip=f"2001:db8::{number}") for number in (1, 2)]
    plane = DataPlane(with_more(fabric_world(), *hosts))
    for name, sender in WEB.items():
        assert plane.fate(name, everybody(sender)) == sorted(WEB.keys() - {name})
    assert ways(plane.sent_by("acme/web-1", to(1, 4)))[-1] == ("hv1", "hv2", "geneve")


def test_routes_round_what_is_down_lead_everywhere() -> None:
    down = ("s1.11-s3.11", "s1.13-s3.13", "s2.12-s4.12")
    plane = DataPlane(MIXED.world(down))
    plane.fails(*down)
    assert plane.fate("acme/web-1", to(1, 2)) == []
    assert plane.fate("acme/web-2", to(2, 4)) == ["acme/web-4"]


def test_frames_of_both_versions_are_taken_in_while_headings_turn() -> None:
    both = with_more(MIXED.world(), *(one for one in MIXED.world(version=1).values() if isinstance(one, links.Route)))
    for turned in ((), ("s1",), ("s1", "s2", "hv1", "hv2")):
        world = with_more(both, *(links.Heading(name, 1) for name in turned))
        plane = DataPlane(world)
        assert plane.fate("acme/web-1", everybody(1)) == sorted(WEB.keys() - {"acme/web-1"})
        assert plane.fate("acme/web-4", to(4, 1)) == ["acme/web-1"]


def test_a_wire_takes_in_nothing_but_frames_with_a_header(plane: DataPlane) -> None:
    for packet in (to(1, 2), everybody(1), frame(mac(1), BROADCAST, 0x88B5)):
        journey = plane.sent_from("s2", 11, packet)
        assert (journey.arrivals, journey.crossings) == ([], [])
        assert [punt.packet[r.PUNT] for punt in journey.punts] == [r.PROBED]


def test_a_machines_own_frame_of_that_sort_is_of_its_network_and_steers_nothing() -> None:
    world = changed(fabric_world(), Port, "acme/web-1", port_security=False)
    for label in (2, 3, links.TRACKS + 1):
        forged = frame(mac(1), mac(0x77), f.ETH_NSH) | {f.NSH_SPI: label, f.NSH_C1: 0x102, f.NSH_TTL: 63}
        journey = DataPlane(world).sent_by("acme/web-1", forged)
        assert (journey.arrivals, journey.crossings, journey.punts) == ([], [], [])


def test_a_stranger_brings_no_frame_by_a_tunnel(plane: DataPlane) -> None:
    sent = plane.sent_by("acme/web-4", to(4, 1)).walks[0][1].outputs[0][1]
    inside = {of: value for of, value in sent.items() if of not in f.REGS}
    ours = plane.sent_from("hv1", 102, inside)
    assert plane.reached(ours) == ["acme/web-1"]
    strange = plane.sent_from("hv1", 102, inside | {f.TUN_SRC: f.ip_number("198.51.100.9")})
    assert (strange.arrivals, strange.crossings) == ([], [])


def test_probes_are_heard_on_every_port_and_reach_nobody(plane: DataPlane) -> None:
    probe = frame(mac(1), "01:80:c2:00:00:0e", f.ETH_LLDP)
    for bridge, port in (("s1", 1), ("s1", 11), ("hv2", 1)):
        journey = plane.sent_from(bridge, port, probe)
        assert [punt.packet[r.PUNT] for punt in journey.punts] == [r.PROBED]
        assert journey.arrivals == []


def test_only_what_nobody_has_claimed_comes_up_as_a_stray() -> None:
    known = compiled(with_more(whole(), Interface("s1/new", "s1", "new", 90)))
    stray = (CLASSIFY.number, CLASSIFY.priorities["stray"])
    found = [flow for flow in known.catalogue.flows("s1") if (flow.table, flow.priority) == stray]
    assert {terms(flow)[f.IN_PORT].value for flow in found} == {*(FIRST_WIRE + n for n in range(3)), 90}


def test_no_flow_names_the_interface_that_is_the_bridge_itself() -> None:
    known = compiled(with_more(fabric_world(), Interface("s1/s1", "s1", "s1", 0xFFFE)))
    assert not [flow for flow in known.catalogue.flows("s1") if match_text(flow.match).startswith("in_port=65534")]


def steered_by(plane: DataPlane, bridge: str, track: int, packet: Packet) -> Journey:
    """What becomes of a packet of acme/web that takes a track from a bridge."""
    return plane.emitted(bridge, packet, [set_field(r.NETWORK, 0x101), enclosed(set_field(f.NSH_SPI, track))])


def test_a_steered_frame_follows_its_track_and_is_delivered_at_its_end(steered: DataPlane) -> None:
    journey = steered_by(steered, "s1", MAIN, to(1, 2))
    assert ways(journey) == [("s1", "s3", "wire"), ("s3", "s2", "wire")]
    assert steered.reached(journey) == ["acme/web-2"]


def test_a_steered_frame_takes_another_wire_and_then_the_way_round_by_itself(steered: DataPlane) -> None:
    steered.fails("s1.11-s3.11")
    assert ways(steered_by(steered, "s1", MAIN, to(1, 2))) == [("s1", "s3", "wire"), ("s3", "s2", "wire")]
    steered.fails("s1.11-s3.11", "s1.13-s3.13")
    journey = steered_by(steered, "s1", MAIN, to(1, 2))
    assert ways(journey) == [("s1", "s4", "wire"), ("s4", "s2", "wire")]
    assert steered.reached(journey) == ["acme/web-2"]


def test_a_track_goes_on_as_the_next_one_even_back_the_way_it_came(steered: DataPlane) -> None:
    journey = steered_by(steered, "s2", LONG, to(2, 1))
    assert ways(journey) == [("s2", "s3", "wire"), ("s3", "hv1", "wire"), ("hv1", "s3", "wire"), ("s3", "s1", "wire")]
    assert steered.reached(journey) == ["acme/web-1"]


def transit(each: int) -> dict[str, int]:
    """How many flows of FABRIC each bridge has where there are so many machines in place of each."""
    more = {key: [bridge for bridge in places for _ in range(each)] for key, places in MIXED.machines.items()}
    known = compiled(with_more(replace(MIXED, machines=more).world(), *STEERED))
    flows = {bridge: known.catalogue.flows(bridge) for bridge in known.store.keys(Chassis)}
    return {bridge: sum(flow.table == FABRIC.number for flow in found) for bridge, found in flows.items()}


def test_transit_flows_are_one_for_each_other_destination_and_each_track_that_goes_on() -> None:
    destinations, counts = MIXED.places(), transit(1)
    for bridge, count in counts.items():
        passing = sum(bridge in track.bridges[:-1] for track in STEERED)
        assert count == len(set(destinations) - {bridge}) + passing


def test_more_machines_change_no_flow_of_a_bridge_that_only_hands_on() -> None:
    assert transit(1) == transit(20)
