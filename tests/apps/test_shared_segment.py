"""One provider segment, two tenants behind it whose machines are the same: they leave by it and never meet inside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from apps import registers as r
from controller.derived import Audience, Realm
from controller.entities import External, FloatingIp, Network, PortForward, Router, RouterInterface, Seat
from controller.flow import fields as f
from controller.flow.fields import ipv4_text, mac_text
from tests.compiled import compiled
from tests.fabric_worlds import over_links
from tests.interpreter import DataPlane, Journey
from tests.packets import Packet, answer, arp_request, ip, ping, tagged, tcp, udp
from tests.routed_worlds import EDGE_MAC, FLOATING_MAC, GATEWAY_MAC, WEB, routed_world
from tests.worlds import mac, network, plugged, port, with_more

if TYPE_CHECKING:
    from tests.worlds import World

TWIN_MAC, TWIN_FLOATING_MAC = "02:aa:00:00:00:06", "02:aa:00:00:00:07"
SERVER, CLIENT = "203.0.113.9", "203.0.113.5"
SEGMENT = "p1.100"
INNER_MAC = {"acme": EDGE_MAC, "beta": TWIN_MAC}
OUTSIDE = {
    "acme/web-1": ("192.0.2.20", FLOATING_MAC),
    "beta/web-1": ("192.0.2.21", TWIN_FLOATING_MAC),
    "acme/web-2": ("192.0.2.10", EDGE_MAC),
    "beta/web-2": ("192.0.2.11", TWIN_MAC),
}
"""What a machine outside sees of each: the first two have floating IPs, the others their routers' addresses."""


def shared_world(seat: str) -> World:
    """``routed_world``, and beta: machines like acme's, behind a router that leaves by acme's network at ``seat``."""
    edge = Router(
        key="beta/edge",
        uid="uid-beta-edge",
        project="beta",
        name="edge",
        number=11,
        vni=0x711,
        mac=TWIN_MAC,
        interfaces=(RouterInterface("beta/web", ("10.0.0.254", "fd00::fe")),),
        external=External("acme/public", ("192.0.2.11", "2001:db8::11"), ports=(5000, 5999)),
    )
    return with_more(
        routed_world(),
        *(replace(network("beta/web", 0x201), subnets=WEB.subnets), edge, Seat("beta/edge", seat)),
        FloatingIp("beta/float", "uid-beta-float", "acme/public", "192.0.2.21", TWIN_FLOATING_MAC, "beta/web-1"),
        PortForward("beta/http", "uid-beta-http", "beta/edge", "tcp", (8080, 8080), "beta/web-2", 80),
        *(port("beta/web-1", "beta/web", 1), port("beta/web-2", "beta/web", 2)),
        *(plugged("beta/web-1", "hv1", 11), plugged("beta/web-2", "hv2", 12)),
    )


@pytest.fixture(params=["hv1", "hv2", "hv1 by links", "hv2 by links"])
def plane(request: pytest.FixtureRequest) -> DataPlane:
    """With the other tenant's seat there."""
    seat, _, by_links = request.param.partition(" ")
    return DataPlane(over_links(shared_world(seat)) if by_links else shared_world(seat))


def place(sender: str) -> tuple[str, str, str]:
    """A machine's MAC, its gateway's, and its address: but for the gateway's the same in both projects."""
    number = int(sender[-1])
    return mac(number), INNER_MAC[sender.partition("/")[0]], f"10.0.0.{number}"


def sent_out(plane: DataPlane, sender: str, packet: Packet) -> Packet:
    """The packet as it leaves onto the segment, and nowhere else."""
    journey = plane.sent_by(sender, packet)
    assert plane.reached(journey) == [SEGMENT]
    return journey.arrivals[0].packet


def from_outside(plane: DataPlane, packet: Packet) -> Journey:
    return plane.sent_on("p1", tagged(packet, 100))


def arrives(plane: DataPlane, packet: Packet) -> list[str]:
    """The ports that a packet of a machine outside reaches, but for machines of the segment."""
    return [name for name in plane.reached(from_outside(plane, packet)) if name != SEGMENT]


def back(packet: Packet) -> Packet:
    """The server's answer, from the gateway's MAC."""
    return answer(packet) | {f.ETH_SRC: f.mac_number(GATEWAY_MAC)}


@pytest.mark.parametrize("build", [tcp, udp])
def test_the_same_connection_of_both_leaves_by_different_addresses_and_each_gets_its_own_answer(
    plane: DataPlane, build: type
) -> None:
    left = {sender: sent_out(plane, sender, build(*place(sender), SERVER)) for sender in OUTSIDE}
    for sender, packet in left.items():
        assert (ipv4_text(packet[f.IPV4_SRC]), mac_text(packet[f.ETH_SRC])) == OUTSIDE[sender]
    for sender, packet in reversed(left.items()):
        journey = from_outside(plane, back(packet))
        assert plane.reached(journey) == [sender]
        assert ipv4_text(journey.arrivals[0].packet[f.IPV4_DST]) == place(sender)[2]


def test_an_answer_is_one_tenants_only(plane: DataPlane) -> None:
    out = sent_out(plane, "acme/web-2", udp(*place("acme/web-2"), SERVER))
    misled = back(out) | {f.ETH_DST: f.mac_number(TWIN_MAC), f.IPV4_DST: f.ip_number("192.0.2.11")}
    assert arrives(plane, misled) == []
    assert arrives(plane, back(out) | {f.ETH_DST: f.mac_number(TWIN_MAC)}) == []


@pytest.mark.parametrize("sender", sorted(OUTSIDE))
def test_an_inner_address_is_the_senders_own_tenants(plane: DataPlane, sender: str) -> None:
    project = sender.partition("/")[0]
    other = 3 - int(sender[-1])
    source, _, address = place(sender)
    assert plane.fate(sender, ip(source, mac(other), address, f"10.0.0.{other}")) == [f"{project}/web-{other}"]


@pytest.mark.parametrize("sender", ["beta/web-1", "beta/web-2"])
@pytest.mark.parametrize("target", ["10.0.1.1", "10.0.2.1", "fd00:1::1"])
def test_what_only_the_other_has_inside_is_out_of_reach(plane: DataPlane, sender: str, target: str) -> None:
    source, gateway, address = place(sender)
    told = f"fd00::{sender[-1]}" if ":" in target else address
    for packet in (tcp(source, gateway, told, target), ping(source, gateway, told, target)):
        assert set(plane.fate(sender, packet)) <= {SEGMENT}


def test_each_outer_address_leads_to_one_tenant(plane: DataPlane) -> None:
    for reached, (address, outer) in OUTSIDE.items():
        assert arrives(plane, tcp(GATEWAY_MAC, outer, CLIENT, address, (40000, 8080))) == [reached]
    for sender, (address, outer) in OUTSIDE.items():
        asked = from_outside(plane, arp_request(GATEWAY_MAC, "192.0.2.1", address))
        told = [found.packet[f.ARP_SHA] for found in asked.arrivals if found.packet.get(f.ARP_OP) == 2]
        assert [mac_text(number) for number in told] == [outer], sender


@pytest.mark.parametrize(
    ("seat", "target", "reached"),
    [
        ("hv1", "192.0.2.20", "acme/web-1"),
        ("hv2", "192.0.2.10", "acme/web-2"),
        ("hv2", "192.0.2.30", "acme/pub-1"),
    ],
)
def test_from_a_chassis_of_its_own_seat_the_others_outer_addresses_are_reached_as_from_outside(
    seat: str, target: str, reached: str
) -> None:
    """The segment is not asked: nobody there would answer for what is on the same chassis."""
    plane, sender = DataPlane(shared_world(seat)), "beta/web-1" if seat == "hv1" else "beta/web-2"
    first = tcp(*place(sender), target, (40000, 8080))
    journey = plane.sent_by(sender, first)
    assert plane.reached(journey) == [reached]
    (arrival,) = journey.arrivals
    assert ipv4_text(arrival.packet[f.IPV4_SRC]) == OUTSIDE[sender][0]
    returned = plane.sent_by(reached, answer(arrival.packet))
    assert plane.reached(returned) == [sender]
    (came,) = returned.arrivals
    assert (ipv4_text(came.packet[f.IPV4_SRC]), came.packet[f.TCP_SRC]) == (target, 8080)
    assert plane.reached(plane.sent_by(sender, first)) == [reached]


def test_the_others_router_is_a_stranger_at_every_other_port() -> None:
    plane = DataPlane(shared_world("hv2"))
    journey = plane.sent_by("beta/web-2", tcp(*place("beta/web-2"), "192.0.2.10", (40000, 22)))
    assert (journey.arrivals, journey.punts) == ([], [])


def test_what_is_on_another_chassis_is_asked_for_on_the_segment() -> None:
    plane = DataPlane(shared_world("hv2"))
    journey = plane.sent_by("beta/web-2", tcp(*place("beta/web-2"), "192.0.2.20"))
    assert [(punt.chassis, punt.packet[r.PUNT]) for punt in journey.punts] == [("hv2", r.UNRESOLVED)]
    asked = from_outside(plane, arp_request(TWIN_MAC, "192.0.2.11", "192.0.2.20"))
    assert FLOATING_MAC in {mac_text(found.packet[f.ARP_SHA]) for found in asked.arrivals if f.ARP_SHA in found.packet}


def test_the_shared_network_joins_nobodys_realm() -> None:
    store = compiled(shared_world("hv1")).store
    realms = {key: found.realm for key in store.keys(Network) if (found := store.get(Realm, key)) is not None}
    assert realms["beta/web"] == "beta/web"
    assert realms["acme/web"] == realms["acme/db"] == "acme/db"
    assert realms["acme/public"] == "acme/public"
    assert {"acme/public@hv1", "acme/public@hv2"} <= set(store.keys(Audience))
