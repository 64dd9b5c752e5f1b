"""Networks on chassis with tunnels and on chassis without have less room; nobody else has, and who asks for an MTU."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from apps.next_hops import ETHERNET
from controller.derived import Narrowed
from controller.entities import Chassis, Network, Router, RouterInterface
from controller.flow.actions import CheckLarger
from controller.flow.codec import flow_actions
from tests.compiled import Watched, compiled
from tests.fabric_worlds import bare
from tests.worlds import chassis, network, plugged, port, project, world

if TYPE_CHECKING:
    from controller.entities import Entity

WEB, LONE, DB = network("acme/web", 0x101), network("acme/lone", 0x102), network("acme/db", 0x103)
ROUTER = Router(
    *("acme/edge", "uid-edge", "acme", "edge", 7, 0x300, "02:00:00:00:aa:01"),
    tuple(RouterInterface(f"acme/{name}", (address,)) for name, address in (("web", "10.0.0.254"), ("db", "10.1.0.1"))),
)


def town(*more: Entity) -> Watched:
    """acme/web on a bare bridge and on a host, acme/lone on two hosts, acme/db on one."""
    places = (("web-1", "web", "s1"), ("web-2", "web", "hv1"), ("a", "lone", "hv1"), ("b", "lone", "hv2"))
    machines = [
        entity
        for number, (name, of, host) in enumerate((*places, ("c", "db", "hv2")), 1)
        for entity in (port(f"acme/{name}", f"acme/{of}", number), plugged(f"acme/{name}", host, number))
    ]
    made = (project("acme"), bare("s1", 1), chassis(1), chassis(2), WEB, LONE, DB)
    return compiled(world([*made, *machines, *more]))


def rooms(known: Watched) -> dict[str, int]:
    return {each.key: each.mtu for each in known.store.all(Narrowed)}


def checked(known: Watched, host: str) -> set[int]:
    """How large packets routers there take for small enough to hand on, with their Ethernet header."""
    actions = (action for flow in known.flows(host).values() for action in flow_actions(flow.instructions))
    return {action.size for action in actions if isinstance(action, CheckLarger)}


def test_a_network_on_chassis_with_and_without_tunnels_has_less_room() -> None:
    assert rooms(town()) == {"acme/web": 1412}


def test_so_has_a_network_that_a_router_joins_to_it_and_routers_keep_to_it() -> None:
    known = town(ROUTER)
    assert rooms(known) == {"acme/web": 1412, "acme/db": 1412}
    assert [checked(known, name) for name in ("s1", "hv1", "hv2")] == [{1412 + ETHERNET}] * 3
    known.turn(replace(chassis(number), encap_ip=None) for number in (1, 2))
    assert checked(known, "hv1") == {1450 + ETHERNET}


@pytest.mark.parametrize(
    "fields",
    [
        {"mtu_open": False},
        {"enclosed_mtu": 0},
        {"enclosed_mtu": 1450},
        {"enclosed_mtu": 1279},
        {"mode": "bridged", "enclosed_mtu": 0},
    ],
)
def test_an_mtu_that_was_asked_for_or_that_fits_stays(fields: dict[str, Any]) -> None:
    known = town()
    known.turn([replace(WEB, **fields)])
    assert rooms(known) == {}


def test_there_is_room_again_when_the_network_leaves_one_sort_of_chassis() -> None:
    known = town()
    known.turn([plugged("acme/web-2", "hv1", 2)], [(Chassis, "s1")])
    assert rooms(known) == {}
    known.turn([bare("s1", 1)])
    assert rooms(known) == {"acme/web": 1412}
    known.turn([], [(Network, "acme/web")])
    assert rooms(known) == {}
