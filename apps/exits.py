"""Exits: what leaves a router goes to the chassis that translates it, and comes back there.

A router's seat answers for its outer addresses; nobody else on the segment hears of them. A nat network has its exit on
every chassis, through the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.nat_tables import UN_SNAT
from apps.next_hops import ROUTED, bound_for, destination, hand_on, hand_to, next_hop, next_mac, onto, prefix
from apps.outer import answer, beside, carry, end, entrance, out_here, out_there, outer
from apps.pipeline import DESTINATION, EXIT, PUNT, RESOLVE, ROUTE, ROUTER_IN
from apps.policy_tables import WHO
from apps.questions import ADVERTISEMENT, ARP_REPLY
from controller.derived import LINK, Exit, Leg, Realm
from controller.entities import Network
from controller.flow import fields as f
from controller.flow.actions import Action, copy, set_field
from controller.flow.flow import Flow, Here, Hosts, Match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.derived import Endpoint
    from controller.entities import Neighbour


def ways(leaving: Exit, view: View) -> Iterator[Flow]:
    """What is not for inside leaves: here where the exit is everywhere, else at the seat."""
    realm, anything = Hosts(leaving.realm), {r.ROUTER: leaving.number}
    out = out_here(leaving.key, view)
    if not leaving.network:
        yield EXIT.flow(realm, "here", anything, out)
        return
    if leaving.seat is None:
        return
    yield EXIT.flow(Here(leaving.seat), "here", anything, out)
    yield from _carried(realm, leaving, view.get(Network, leaving.realm).vni)
    there = out_there(leaving.key, (leaving.inner, leaving.encap), leaving.seat, view)
    yield EXIT.flow(realm, "elsewhere", anything, there)
    for address in leaving.addresses:
        yield from _known_there(leaving, address, view)


def own(leg: Leg, view: View) -> Iterator[Flow]:
    """Answers to what the router sent in its own name are for its exit, which knows whose they are."""
    leaving = view.find(Exit, leg.router)
    if leaving is None or (leaving.network and leaving.seat is None):
        return
    for address in leg.addresses:
        yield from _known_there(leaving, address, view)


def _known_there(leaving: Exit, address: str, view: View) -> Iterator[Flow]:
    """What is for one of the router's addresses is for its exit, whoever sends it."""
    match = bound_for(leaving.number, address)
    if leaving.seat is None:
        yield EXIT.flow(Hosts(leaving.realm), "own", match, [UN_SNAT.goto])
        return
    yield EXIT.flow(Here(leaving.seat), "own_here", match, [UN_SNAT.goto])
    there = carry(leaving.inner, leaving.encap, leaving.seat, view)
    yield EXIT.flow(Hosts(leaving.realm), "own", match, there)


def _carried(scope: Hosts, leaving: Exit, realm: int) -> Iterator[Flow]:
    """What another chassis of the realm sends to be translated comes under the router's own VNI.

    Who sent it is found out while its address still says so.
    """
    sent_by: list[Action] = [copy(r.SENDER, r.PEER), set_field(r.REALM, realm), WHO.resubmit, copy(r.PEER, r.SENDER)]
    taken: list[Action] = [set_field(r.ROUTER, leaving.number), UN_SNAT.goto]
    for kind, source, place in ((f.ETH_IP, f.IPV4_SRC, r.PEER_ADDRESS), (f.ETH_IPV6, f.IPV6_SRC, r.PEER_ADDRESS6)):
        match: Match = {r.NETWORK: leaving.inner, r.ORIGIN: r.FROM_TUNNEL, f.ETH_TYPE: kind}
        yield ROUTER_IN.flow(scope, "carried", match, [copy(source, place), *sent_by, *taken])


def outside(leaving: Exit, _view: View) -> Iterator[Flow]:
    """The way out: the external network's own subnets, and everything else by its gateways."""
    realm = Hosts(leaving.realm)
    for address in leaving.addresses:
        yield end(realm, leaving.number, address)
    for block in leaving.blocks:
        out = _out(leaving, hand_on(block))
        yield ROUTE.flow(realm, prefix(block), bound_for(leaving.number, block), out)
    for kind, hop in {":" in hop: hop for hop in reversed(leaving.next_hops)}.items():
        anywhere: Match = {r.ROUTER: leaving.number, f.ETH_TYPE: f.ETH_IPV6 if kind else f.ETH_IP}
        yield ROUTE.flow(realm, "/0", anywhere, _out(leaving, hand_to(hop)))


def _out(leaving: Exit, hop: Action) -> list[Action]:
    """Whoever meets it there, even on this chassis, knows it by its address alone."""
    return [*ROUTED, set_field(r.SENDER, 0), *onto(leaving.vni, leaving.mac, leaving.mtu, hop)]


def inward(leaving: Exit, _view: View) -> Iterator[Flow]:
    """What comes for the router's outer addresses: questions for its MAC, and packets."""
    if not leaving.network:
        for address in leaving.addresses:
            yield answer(Hosts(leaving.realm), LINK, address, leaving.mac)
            match: Match = {r.NETWORK: LINK, destination(address): address}
            taken: list[Action] = [set_field(r.ROUTER, leaving.number), UN_SNAT.goto]
            yield ROUTER_IN.flow(Hosts(leaving.realm), "link", match, taken)
        return
    if leaving.seat is None:
        return
    seat = Here(leaving.seat)
    yield outer(seat, leaving.vni, leaving.mac, leaving.number)
    yield entrance(seat, leaving.vni, leaving.mac)
    for address in leaving.addresses:
        yield answer(seat, leaving.vni, address, leaving.mac)
        yield beside(seat, leaving.vni, address, leaving.mac)
    yield from _heard(seat, leaving)


def _heard(seat: Here, leaving: Exit) -> Iterator[Flow]:
    """What neighbours outside answer the router, or tell of a gateway unasked, the daemon has to know."""
    told: list[Action] = [set_field(r.PUNT, r.HEARD), PUNT.resubmit, DESTINATION.goto]
    asked: Match = {r.NETWORK: leaving.vni, f.ETH_DST: leaving.mac}
    yield ROUTER_IN.flow(seat, "heard", {**asked, f.ARP_OP: ARP_REPLY}, told)
    yield ROUTER_IN.flow(seat, "heard", {**asked, f.ICMPV6_TYPE: ADVERTISEMENT}, told)
    for hop in leaving.next_hops:
        unasked: Match = {f.ICMPV6_TYPE: ADVERTISEMENT, f.ND_TARGET: hop}
        if ":" not in hop:
            unasked = {f.ARP_OP: ARP_REPLY, f.ARP_SPA: hop}
        yield ROUTER_IN.flow(seat, "heard", {r.NETWORK: leaving.vni, **unasked}, told)


def machines(endpoint: Endpoint, view: View) -> Iterator[Flow]:
    """The MACs of ports on the external network itself, for routers that leave by the same chassis."""
    if view.count(Exit, "outside", endpoint.network):
        for address in (*endpoint.ipv4, *endpoint.ipv6):
            yield beside(Here(endpoint.chassis), endpoint.vni, address, endpoint.mac)


def neighbours(neighbour: Neighbour, view: View) -> Iterator[Flow]:
    """The MACs of machines outside."""
    vni = view.get(Network, neighbour.network).vni
    realm = Hosts(view.get(Realm, neighbour.network).realm)
    yield RESOLVE.flow(realm, "known", next_hop(vni, neighbour.address), next_mac(neighbour.mac))
