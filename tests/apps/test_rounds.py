"""How often each way has a switch look at a packet again, of the six times that there are, and what guards add."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from controller.entities import External, FloatingIp, Neighbour, Port, Router, RouterInterface, Seat, Subnet
from controller.policy.values import Machines, Rule
from tests import packets as p
from tests.fabric_worlds import over_links
from tests.guarded_worlds import policy
from tests.interpreter import DataPlane
from tests.routed_worlds import DOOR_MAC, EDGE_MAC, FLOATING_MAC, routed_world
from tests.walk import MOST_ROUNDS
from tests.worlds import mac, network, plugged, port, with_more

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interpreter import Journey
    from tests.packets import Packet
    from tests.worlds import World

SERVER, EDGE, FLOAT, OTHERS_FLOAT = "203.0.113.9", "192.0.2.10", "192.0.2.20", "192.0.2.21"
CLIENT_MAC = mac(0x99)
BOTH = ("egress", "ingress")
BETA = replace(network("beta/web", 0x109), subnets=(Subnet("v4", "10.7.0.0/24", "10.7.0.254"),))
BETA_EDGE = Router(
    *("beta/edge", "uid-beta", "beta", "edge", 11, 0x70B, "02:aa:00:00:00:0b"),
    (RouterInterface("beta/web", ("10.7.0.254",)),),
    External("acme/public", ("192.0.2.11",)),
)
MORE = (
    *(BETA, BETA_EDGE, Seat("beta/edge", "hv2"), port("beta/web-1", "beta/web", 0x61, ("10.7.0.1",))),
    FloatingIp("beta/float", "uid-beta-float", "acme/public", OTHERS_FLOAT, "02:aa:00:00:00:0c", "beta/web-1"),
    Neighbour(f"acme/public|{OTHERS_FLOAT}", "acme/public", OTHERS_FLOAT, "02:aa:00:00:00:0c"),
    *(port("acme/web-3", "acme/web", 5), port("acme/db-2", "acme/db", 0x23, ("10.0.1.2",))),
    *(plugged("beta/web-1", "hv2", 9), plugged("acme/web-3", "hv1", 10), plugged("acme/db-2", "hv2", 11)),
)
"""Another tenant with a floating IP on the same seat; acme/web-3 is on hv1, acme/db-2 on hv2, which is the seat."""
SEGMENT = "p1.100"

# From whom, to which MAC, address and port, who gets it; rounds on the host that has most: without guards, and with a
# guard for each machine of ours that sends or gets it there.
WAYS: dict[str, tuple[str, str, str, int, str, int, int]] = {
    "to the same host": ("acme/db-1", mac(0x23), "10.0.1.2", 80, "acme/db-2", 0, 2),
    "to another host": ("acme/web-1", mac(2), "10.0.0.2", 80, "acme/web-2", 1, 2),
    "through a router": ("acme/web-1", EDGE_MAC, "10.0.1.1", 80, "acme/db-1", 1, 2),
    "through a router to the same host": ("acme/db-1", EDGE_MAC, "10.0.0.2", 80, "acme/web-2", 0, 2),
    "out by the own host": ("acme/nat-1", DOOR_MAC, SERVER, 80, "hv1/nl-host", 3, 4),
    "out from the seat": ("acme/db-1", EDGE_MAC, SERVER, 80, SEGMENT, 3, 4),
    "out from another host": ("acme/web-3", EDGE_MAC, SERVER, 80, SEGMENT, 4, 4),
    "out by a floating IP": ("acme/web-1", EDGE_MAC, SERVER, 80, SEGMENT, 3, 4),
    "in by a floating IP": ("", FLOATING_MAC, FLOAT, 80, "acme/web-1", 3, 4),
    "in by a forwarded port": ("", EDGE_MAC, EDGE, 8080, "acme/web-2", 3, 4),
    "from the seat to the own forwarded port": ("acme/db-1", EDGE_MAC, EDGE, 8080, "acme/web-2", 4, 6),
    "from another host to the own forwarded port": ("acme/web-3", EDGE_MAC, EDGE, 8080, "acme/web-2", 5, 6),
    "from the seat to another's floating IP there": ("acme/db-1", EDGE_MAC, OTHERS_FLOAT, 80, "beta/web-1", 6, 8),
    "from another host to another's floating IP": ("acme/web-3", EDGE_MAC, OTHERS_FLOAT, 80, "beta/web-1", 7, 8),
    "by a floating IP to another's": ("acme/web-1", EDGE_MAC, OTHERS_FLOAT, 80, "beta/web-1", 3, 4),
}


def world(*directions: str) -> World:
    """All ports are guarded in these directions, and everything passes."""
    rules = {direction: (Rule("all", "allow", None),) for direction in directions}
    guards = policy("Policy", "acme/all", "admin-network-policy", (Machines(None),), **rules)
    return with_more(routed_world(), *MORE, *((guards,) if rules else ()))


def went(plane: DataPlane, way: str) -> Journey:
    """What becomes of the first packet of a connection on its way."""
    sender, target_mac, target, at, _, _, _ = WAYS[way]
    if not sender:
        return plane.sent_on("p1", p.tagged(first(CLIENT_MAC, target_mac, SERVER, target, at), 100))
    source = world()[Port, sender]
    assert isinstance(source, Port)
    return plane.sent_by(sender, first(source.mac, target_mac, source.addresses[0], target, at))


def first(sender: str, target_mac: str, source: str, target: str, at: int) -> Packet:
    return p.tcp(sender, target_mac, source, target, (40000, at), flags=p.SYN)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("guarded", [False, True], ids=["unguarded", "guarded"])
@pytest.mark.parametrize("joined", [dict, over_links], ids=["tunnels", "links"])
def test_a_way_needs_as_many_rounds_as_are_stated(joined: Callable[[World], World], way: str, guarded: bool) -> None:  # noqa: FBT001 - a row
    """As many by a link, whose frames have a header, as by a tunnel."""
    plane = DataPlane(joined(world(*(BOTH if guarded else ()))))
    journey = went(plane, way)
    *_, receiver, without, with_guards = WAYS[way]
    needed = with_guards if guarded else without
    assert max(walk.rounds for _, walk in journey.walks) == min(needed, MOST_ROUNDS + 1)
    assert (receiver in plane.reached(journey)) == (needed <= MOST_ROUNDS)
