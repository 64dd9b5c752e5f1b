"""Static routes: what is for a block goes to a next hop; several share the connections, each connection keeps its own.

A next hop that is nobody's inside is not used while another is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps import registers as r
from apps.next_hops import ROUTED, bound_for, hand_to, onto, prefix
from apps.pipeline import EXIT, HOP, ROUTE
from apps.rooms import room
from controller.addresses import within
from controller.derived import Endpoint, Exit, Federation, Leg
from controller.flow.actions import Action, multipath, set_field
from controller.flow.flow import Flow, Hosts, Match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.entities import Router, StaticRoute


@dataclass(frozen=True, slots=True)
class _NextHop:
    """A next hop and the network it is in; ``alive`` says that somebody there has the address."""

    address: str
    vni: int
    mac: str
    mtu: int
    inside: bool
    alive: bool


def translate(router: Router, view: View) -> Iterator[Flow]:
    """All static routes of a router."""
    realm = Hosts(view.get(Federation, router.key).realm)
    for index, route in enumerate(router.routes):
        found = [hop for address in route.via if (hop := _next_hop(router, address, view))]
        hops = [hop for hop in found if hop.alive] or found
        if hops:
            yield from _route(realm, router, index, route, hops)


def _route(realm: Hosts, router: Router, index: int, route: StaticRoute, hops: list[_NextHop]) -> Iterator[Flow]:
    to_block = bound_for(router.number, route.to)
    if any(hop.inside for hop in hops):
        yield EXIT.flow(realm, "inside", to_block, [ROUTE.goto])
    if len(hops) == 1:
        yield ROUTE.flow(realm, prefix(route.to), to_block, [*ROUTED, *_to(hops[0])])
        return
    chosen: list[Action] = [set_field(r.HOP, index << r.HOP_BITS), multipath(len(hops), r.HOP, 0, r.HOP_BITS), HOP.goto]
    yield ROUTE.flow(realm, prefix(route.to), to_block, [*ROUTED, *chosen])
    for number, hop in enumerate(hops):
        match: Match = {r.ROUTER: router.number, r.HOP: index << r.HOP_BITS | number}
        yield HOP.flow(realm, "hop", match, _to(hop))


def _to(hop: _NextHop) -> list[Action]:
    return onto(hop.vni, hop.mac, hop.mtu, hand_to(hop.address))


def _next_hop(router: Router, address: str, view: View) -> _NextHop | None:
    """Where a next hop is: on one of the router's networks, or outside."""
    for leg in view.where(Leg, "router", router.key):
        if any(within(address, block) for block in leg.blocks):
            return _NextHop(address, leg.vni, leg.mac, room(leg, view), inside=True, alive=_alive(leg, address, view))
    leaving = view.find(Exit, router.key)
    if leaving is not None and any(within(address, block) for block in leaving.blocks):
        return _NextHop(address, leaving.vni, leaving.mac, leaving.mtu, inside=False, alive=True)
    return None


def _alive(leg: Leg, address: str, view: View) -> bool:
    """Whether a port that is plugged in, or another router, has the address."""
    if view.count(Endpoint, "address", (leg.network, address)):
        return True
    return any(address in other.addresses for other in view.where(Leg, "network", leg.network))
