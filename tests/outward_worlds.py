"""Worlds whose machines are steered on their way outside: a router's exit, floating IPs, a nat network, middleboxes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from controller.entities import Port
from controller.flow import fields as f
from controller.links import TRACKS, PathPolicy, Placed, Track, Wanted
from controller.policy.values import Block
from tests.fabric_worlds import over_links
from tests.packets import answer, tagged
from tests.routed_worlds import DOOR_MAC, EDGE_MAC, GATEWAY_MAC, routed_world
from tests.steered_worlds import ANY_WAY, STREAM, carried, chain, does, other_end, policy
from tests.worlds import chassis, network, plugged, port, with_more

if TYPE_CHECKING:
    from controller.links import OnNoPath
    from tests.interpreter import DataPlane, Journey
    from tests.packets import Packet
    from tests.worlds import World

SERVER = "203.0.113.9"
SEGMENT = "p1.100"
ANYWHERE = (Block("0.0.0.0/0"), Block("::/0"))
BROWSERS, SHOP = does("browser"), does("shop")
OUT, IN = TRACKS + 1, TRACKS + 2
BROWSING = {
    "acme/web-1": (1, "10.0.0.1", EDGE_MAC),
    "acme/web-2": (2, "10.0.0.2", EDGE_MAC),
    "acme/web-3": (3, "10.0.0.3", EDGE_MAC),
    "acme/nat-1": (0x31, "10.5.0.10", DOOR_MAC),
}
"""Number, address and router of who browses: web-1 has a floating IP on hv1, web-2 is at the seat, web-3 on hv1; nat-1
leaves by its host."""
BOXES = {"fw": "hv3", "ids": "hv2", "dpi": "hv1"}
"""Middleboxes: ``fw`` on a host that has no segment, ``ids`` at the router's seat."""


def outward_world(*, links: bool = False) -> World:
    """hv1 and hv2 reach the segment, hv2 is the seat of the router; hv3 has a middlebox and nothing else."""
    routed = routed_world()
    third = chassis(3)
    machines = [port("acme/web-3", "acme/web", 3), port("acme/shop", "acme/web", 5, labels=(("app", "shop"),))]
    machines += [one for one in routed.values() if isinstance(one, Port) and one.key in BROWSING]
    ends = [f"acme/{box}-{end}" for box in BOXES for end in ("in", "out")]
    boxes = [port(key, "acme/box", 0x60 + at, (f"10.7.0.{at}",)) for at, key in enumerate(ends, 1)]
    labelled = [replace(one, labels=(("app", "browser"),)) if one.key in BROWSING else one for one in machines]
    plugs = [plugged("acme/web-3", "hv1", 20), plugged("acme/shop", "hv1", 21)]
    plugs += [plugged(key, BOXES[key.removeprefix("acme/").split("-")[0]], 30 + at) for at, key in enumerate(ends)]
    whole = with_more(routed, third, network("acme/box", 0x600), *labelled, *boxes, *plugs)
    return over_links(whole) if links else whole


@dataclass(slots=True)
class Trip:
    """What became of a packet that middleboxes hand on: the ports it came out of in order, and what it was then."""

    names: list[str] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    journeys: list[Journey] = field(default_factory=list)

    def packet(self, name: str) -> Packet:
        """What came out of a port."""
        return self.packets[self.names.index(name)]


def followed(plane: DataPlane, journey: Journey) -> Trip:
    """A packet's whole way, where middleboxes give back what they get by their other port."""
    trip, ahead = Trip(), [journey]
    while ahead:
        now = ahead.pop()
        trip.journeys.append(now)
        for arrival in now.arrivals:
            name = plane.name(arrival)
            trip.names.append(name.removeprefix("acme/"))
            trip.packets.append(arrival.packet)
            trip.places.append(arrival.chassis)
            if name.removeprefix("acme/").rpartition("-")[0] in BOXES:
                ahead.append(plane.sent_by(f"acme/{other_end(trip.names[-1])}", carried(arrival.packet)))
        assert len(trip.names) < 20, "it goes round and round"
    return trip


def out(plane: DataPlane, sender: str, packet: Packet) -> Trip:
    """What becomes of what a machine sends."""
    return followed(plane, plane.sent_by(sender, packet))


def back(plane: DataPlane, left: Packet) -> Trip:
    """What becomes of the answer to a packet that left, which a machine outside sends by the gateway."""
    return coming(plane, answer(carried(left)) | {f.ETH_SRC: f.mac_number(GATEWAY_MAC)})


def coming(plane: DataPlane, packet: Packet) -> Trip:
    """What becomes of a packet that comes from the segment."""
    return followed(plane, plane.sent_on("p1", tagged(packet, 100)))


def led_outside() -> World:
    """Who browses does so through two middleboxes; what comes for the shop, and what it sends, takes paths."""
    browsing = chain(["fw"], ["ids"], sources=(BROWSERS,), targets=ANYWHERE, services=())
    visited = chain(["dpi"], name="visits", sources=ANYWHERE, targets=(BROWSERS,), services=STREAM)
    policies = (outward_policy(), inward_policy())
    tracks = (Track("out", OUT, ("hv1", "hv3", "hv2"), (0, 0)), Track("in", IN, ("hv2", "hv3", "hv1"), (0, 0)))
    placed = (placed_on(OUT, "out", "hv1", "hv2"), placed_on(IN, "in", "hv2", "hv1"))
    return with_more(outward_world(), browsing, visited, *policies, *tracks, *placed)


def outward_policy(wanted: Wanted = ANY_WAY, *, on_no_path: OnNoPath = "fallback") -> PathPolicy:
    """Of what the shop sends outside."""
    return policy("out", (SHOP,), ANYWHERE, (), wanted=wanted, on_no_path=on_no_path)


def inward_policy() -> PathPolicy:
    """Of what comes to the shop from outside."""
    return policy("in", ANYWHERE, (SHOP,), ())


def placed_on(track: int, name: str, source: str, target: str) -> Placed:
    """What became of a demand from a chassis to another."""
    return Placed(f"acme/{name}|{source}|{target}", f"acme/{name}", source, target, track)
