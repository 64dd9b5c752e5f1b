"""Service chains to and from outside: through the middleboxes before translation, and back through the same ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from apps.fabric_tables import STEER
from apps.pipeline import EXIT
from controller.entities import Port, Router, StaticRoute
from controller.flow import fields as f
from controller.flow.fields import ipv4_text, ipv6_text, mac_text
from controller.links import DeadPort, ServiceChain
from controller.policy.values import TCP, Block, Machines, Service
from tests.compiled import compiled
from tests.guarded_worlds import policy as guard
from tests.interpreter import DataPlane
from tests.outward_worlds import (
    ANYWHERE,
    BROWSERS,
    BROWSING,
    SEGMENT,
    SERVER,
    SHOP,
    back,
    coming,
    out,
    outward_world,
)
from tests.packets import SYN, answer, icmp_error, ping, tcp, udp
from tests.routed_worlds import DOOR_MAC, EDGE_MAC, FLOATING_MAC, GATEWAY_MAC, LINK_PORT
from tests.steered_worlds import carried, chain, place_of, steered
from tests.worlds import changed, mac, plugged, with_more

if TYPE_CHECKING:
    from controller.flow.flow import Slot
    from controller.links import OnFailure
    from controller.policy.values import Peer
    from tests.packets import Packet
    from tests.worlds import World

WORLDS = {"tunnels": outward_world(), "links": outward_world(links=True)}
HOW_THEY_LEAVE = {
    "acme/web-1": ("hv1", "192.0.2.20"),
    "acme/web-2": ("hv2", "192.0.2.10"),
    "acme/web-3": ("hv2", "192.0.2.10"),
}
"""The chassis of the exit, and the address outside."""
CLIENT = "203.0.113.5"
WEB = (Service(TCP, ((80, 80),)),)


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


@pytest.fixture(scope="module")
def plane() -> DataPlane:
    """One where all that browsers send outside passes the firewall."""
    return steered(WORLDS["tunnels"], browsing(["fw"]))


def browsing(
    *boxes: list[str], targets: tuple[Peer, ...] = ANYWHERE, services: tuple[Service, ...] = ()
) -> ServiceChain:
    """A chain for what browsers send outside."""
    return chain(*boxes, sources=(BROWSERS,), targets=targets, services=services)


def request(sender: str, target: str = SERVER, ports: tuple[int, int] = (5000, 80)) -> Packet:
    """What a browser sends."""
    number, address, router = BROWSING[sender]
    return tcp(mac(number), router, address, target, ports)


@pytest.mark.parametrize("boxes", [["fw"], ["ids"], ["dpi"], ["fw", "ids", "dpi"], ["dpi", "ids"]])
def test_what_leaves_passes_the_middleboxes_in_order_and_its_answer_the_other_way_round(
    world: World, boxes: list[str]
) -> None:
    plane = steered(world, browsing(*([box] for box in boxes)))
    for sender, (place, address) in HOW_THEY_LEAVE.items():
        there = out(plane, sender, request(sender))
        assert there.names == [*(f"{box}-in" for box in boxes), SEGMENT]
        left = there.packets[-1]
        assert (there.places[-1], ipv4_text(left[f.IPV4_SRC]), left[f.IP_TTL]) == (place, address, 63)
        here = back(plane, left)
        assert here.names == [*(f"{box}-out" for box in reversed(boxes)), sender.removeprefix("acme/")]
        assert ipv4_text(here.packets[-1][f.IPV4_DST]) == BROWSING[sender][1]


def test_a_middlebox_sees_who_sent_it_and_the_answer_as_it_is_received(plane: DataPlane) -> None:
    sent = request("acme/web-3")
    there = out(plane, "acme/web-3", sent)
    assert sent.items() <= there.packet("fw-in").items()
    here = back(plane, there.packets[-1])
    assert carried(here.packet("fw-out")) == carried(here.packet("web-3"))
    assert mac_text(here.packet("fw-out")[f.ETH_DST]) == mac(3)


def test_a_nat_network_leaves_by_the_host_of_its_machine_whatever_it_passes(world: World) -> None:
    plane = steered(world, browsing(["fw"], ["ids"]))
    there = out(plane, "acme/nat-1", request("acme/nat-1"))
    assert there.names == ["fw-in", "ids-in", "hv1/nl-host"]
    assert ipv4_text(there.packets[-1][f.IPV4_SRC]) == "169.254.64.9"
    returned = plane.sent_from("hv1", LINK_PORT, answer(carried(there.packets[-1])))
    assert plane.reached(returned) == ["acme/ids-out"]


def test_ipv6_that_leaves_as_it_is_passes_too(plane: DataPlane) -> None:
    there = out(plane, "acme/web-3", tcp(mac(3), EDGE_MAC, "fd00::3", "2001:db8:1::9"))
    assert there.names == ["fw-in", SEGMENT]
    assert ipv6_text(there.packets[-1][f.IPV6_SRC]) == "fd00::3"
    assert back(plane, there.packets[-1]).names == ["fw-out", "web-3"]


def test_pings_and_their_answers_pass_and_errors_about_what_left_do() -> None:
    plane = steered(WORLDS["tunnels"], browsing(["fw"]))
    there = out(plane, "acme/web-3", ping(mac(3), EDGE_MAC, "10.0.0.3", SERVER))
    assert there.names == ["fw-in", SEGMENT]
    assert back(plane, there.packets[-1]).names == ["fw-out", "web-3"]
    error = icmp_error(GATEWAY_MAC, EDGE_MAC, "198.51.100.1", carried(there.packets[-1]))
    assert coming(plane, error).names == ["fw-out", "web-3"]


def test_only_what_the_chain_speaks_of_passes_it() -> None:
    near = Block("203.0.113.0/24")
    plane = steered(WORLDS["tunnels"], browsing(["fw"], targets=(near,), services=WEB))
    assert out(plane, "acme/web-3", request("acme/web-3")).names == ["fw-in", SEGMENT]
    assert out(plane, "acme/web-3", request("acme/web-3", ports=(5000, 81))).names == [SEGMENT]
    assert out(plane, "acme/web-3", request("acme/web-3", "198.18.0.1")).names == [SEGMENT]
    shop = out(plane, "acme/shop", tcp(mac(5), EDGE_MAC, "10.0.0.5", SERVER, (5000, 80)))
    assert shop.names == [SEGMENT]
    assert back(plane, shop.packets[-1]).names == ["shop"]


def test_what_stays_inside_does_not_pass_a_chain_for_what_is_outside() -> None:
    beyond = (Block("0.0.0.0/0", ("10.0.0.0/8",)),)
    plane = steered(WORLDS["tunnels"], browsing(["fw"], targets=beyond))
    assert out(plane, "acme/web-3", request("acme/web-3")).names == ["fw-in", SEGMENT]
    assert out(plane, "acme/web-3", tcp(mac(3), mac(5), "10.0.0.3", "10.0.0.5")).names == ["shop"]
    assert out(plane, "acme/web-3", tcp(mac(3), EDGE_MAC, "10.0.0.3", "10.0.1.1")).names == ["db-1"]


@pytest.mark.parametrize("targets", [None, (Machines(("acme",)),), (Block("10.0.0.0/24"), Block("10.9.1.0/24"))])
def test_outside_is_spoken_of_only_where_a_block_holds_more_than_what_is_inside(
    targets: tuple[Peer, ...] | None,
) -> None:
    world, asked = (
        WORLDS["tunnels"],
        chain(["fw"], sources=(Machines(("acme",), ports=("acme/web-3",)),), targets=targets),
    )
    assert out(steered(world, asked), "acme/web-3", request("acme/web-3")).names == [SEGMENT]
    assert exits(world) == exits(with_more(world, asked))


def exits(world: World) -> set[tuple[Slot, bytes]]:
    """How things leave from hv1."""
    flows = compiled(world).catalogue.flows("hv1")
    return {(flow.slot, flow.instructions) for flow in flows if flow.table == EXIT.number}


def test_answers_of_a_chain_that_is_not_symmetric_go_straight() -> None:
    plane = steered(WORLDS["tunnels"], replace(browsing(["fw"]), symmetric=False))
    there = out(plane, "acme/web-3", request("acme/web-3"))
    assert there.names == ["fw-in", SEGMENT]
    assert back(plane, there.packets[-1]).names == ["web-3"]


@pytest.mark.parametrize(
    ("to", "port", "machine"), [(FLOATING_MAC, 80, "web-1"), (EDGE_MAC, 8080, "web-2")], ids=["floating", "forwarded"]
)
def test_what_comes_from_outside_passes_a_chain_behind_translation_and_its_answer_before(
    to: str, port: int, machine: str
) -> None:
    plane = steered(WORLDS["tunnels"], chain(["fw"], ["ids"], sources=ANYWHERE, targets=(BROWSERS,), services=WEB))
    outer = "192.0.2.20" if to == FLOATING_MAC else "192.0.2.10"
    here = coming(plane, tcp(GATEWAY_MAC, to, CLIENT, outer, (40000, port), flags=SYN))
    assert here.names == ["fw-in", "ids-in", machine]
    assert ipv4_text(here.packet("fw-in")[f.IPV4_DST]) == BROWSING[f"acme/{machine}"][1]
    there = out(plane, f"acme/{machine}", answer(carried(here.packets[-1])))
    assert there.names == ["ids-out", "fw-out", SEGMENT]
    assert (ipv4_text(there.packets[-1][f.IPV4_SRC]), there.packets[-1][f.TCP_SRC]) == (outer, port)


def test_a_stranger_still_reaches_nobody(plane: DataPlane) -> None:
    for target in ("192.0.2.10", "10.0.0.3"):
        assert set(coming(plane, tcp(GATEWAY_MAC, EDGE_MAC, CLIENT, target)).names) <= {SEGMENT}


def test_several_instances_share_connections_and_an_answer_passes_the_one_of_its_question() -> None:
    plane = steered(WORLDS["tunnels"], browsing(["fw", "ids", "dpi"]))
    seen = set()
    for source in range(40000, 40040):
        there = out(plane, "acme/web-3", request("acme/web-3", ports=(source, 80)))
        (box, last) = there.names
        assert last == SEGMENT
        seen.add(box)
        assert back(plane, there.packets[-1]).names == [box.replace("-in", "-out"), "web-3"]
    assert seen == {"fw-in", "ids-in", "dpi-in"}


@pytest.mark.parametrize(("on_failure", "passed"), [("bypass", [SEGMENT]), ("drop", [])])
@pytest.mark.parametrize("sender", list(HOW_THEY_LEAVE))
def test_with_no_instance_alive_packets_skip_the_step_or_go_nowhere(
    sender: str, on_failure: OnFailure, passed: list[str]
) -> None:
    world = WORLDS["tunnels"]
    plane = steered(world, replace(browsing(["fw"]), on_failure=on_failure), DeadPort(place_of(world, "fw-in")))
    assert out(plane, sender, request(sender)).names == passed


def test_whoever_may_not_talk_outside_still_cannot() -> None:
    silent = guard("Policy", "acme/silent", "application", (BROWSERS,), egress=())
    assert out(steered(WORLDS["tunnels"], browsing(["fw"]), silent), "acme/web-3", request("acme/web-3")).names == []
    asked = guard("Policy", "acme/asked", "application", (BROWSERS,), ingress=())
    plane = steered(WORLDS["tunnels"], browsing(["fw"]), asked)
    there = out(plane, "acme/web-3", request("acme/web-3"))
    assert back(plane, there.packets[-1]).names == ["fw-out", "web-3"]
    assert coming(plane, udp(GATEWAY_MAC, FLOATING_MAC, CLIENT, "192.0.2.20")).names == ["fw-out"]


@pytest.mark.parametrize("target", ["10.0.0.5", "10.0.1.1", "10.0.0.254", "10.9.0.1", "10.0.2.1"])
def test_a_middlebox_reaches_nothing_inside_by_a_routers_mac(plane: DataPlane, target: str) -> None:
    journey = plane.sent_by("acme/fw-out", udp(mac(3), EDGE_MAC, "10.0.0.3", target))
    assert (journey.arrivals, journey.crossings, journey.punts) == ([], [], [])


def test_a_middlebox_leaves_by_no_router_that_its_chain_does_not_leave_by() -> None:
    plane = steered(WORLDS["tunnels"], chain(["fw"], sources=(SHOP,), targets=ANYWHERE, services=()))
    assert plane.sent_by("acme/fw-out", udp(mac(3), DOOR_MAC, "10.0.0.3", SERVER)).crossings == []
    assert out(plane, "acme/fw-out", udp(mac(5), EDGE_MAC, "10.0.0.5", SERVER)).names == [SEGMENT]


def test_through_a_router_behind_a_router_too() -> None:
    """far-1's own router leads to the one that leaves."""
    inner = WORLDS["tunnels"][Router, "acme/inner"]
    onward = changed(
        WORLDS["tunnels"], Router, "acme/inner", routes=(*inner.routes, StaticRoute("0.0.0.0/0", ("10.0.1.254",)))
    )
    back_again = changed(onward, Port, "acme/far-1", labels=(("app", "browser"),))
    plane = steered(back_again, browsing(["fw"]))
    there = out(plane, "acme/far-1", tcp(mac(0x22), inner.mac, "10.0.2.1", SERVER))
    assert there.names == ["fw-in", SEGMENT]
    assert mac_text(there.packet("fw-in")[f.ETH_DST]) == EDGE_MAC
    assert back(plane, there.packets[-1]).names == ["fw-out", "far-1"]


def test_one_more_machine_of_a_known_sort_costs_no_flow_of_a_course() -> None:
    known = compiled(with_more(WORLDS["tunnels"], browsing(["fw"])))
    new = Port("acme/web-9", "u9", "acme", "web-9", "acme/web", mac(9), ("10.0.0.9",), labels=(("app", "browser"),))
    deltas = known.turn([new, plugged("acme/web-9", "hv1", 99)])
    courses = {STEER.number, EXIT.number}
    assert not [flow for delta in deltas.values() for flow in (*delta.new, *delta.changed) if flow.table in courses]
