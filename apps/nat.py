"""NAT: what leaves a router gets its outer address and a port of it; answers find their way back, strangers do not.

Each router has two conntrack zones, one for sources and one for destinations, so that no two tenants share state. IPv6
leaves as it is, but its connections are remembered, so that only answers come back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.nat_tables import DNAT, SNAT, UN_DNAT, UN_SNAT
from apps.next_hops import destination, eth_type, ping, source
from apps.outer import HAIRPIN
from apps.pipeline import DESTINATION, ECHO, PUNT, ROUTE
from controller.addresses import within
from controller.derived import HOST_ADDRESSES, Exit, Leg
from controller.flow import fields as f
from controller.flow.actions import Action, set_field
from controller.flow.blocks import matched
from controller.flow.fields import Masked
from controller.flow.flow import EVERYWHERE, Flow, Hosts, Match
from controller.flow.tracking import DNAT as TO_ANOTHER
from controller.flow.tracking import EST, FTP, INV, NEW, REL, RPL, UNDO, Nat, ct
from controller.flow.tracking import SNAT as FROM_ANOTHER
from controller.zones import destination_zone, source_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.entities import Chassis, Router


def tracking(leaving: Exit, _view: View) -> Iterator[Flow]:
    """Look up both zones: an answer to what went out is no stranger any more."""
    realm = Hosts(leaving.realm)
    sources, destinations = source_zone(leaving.number), destination_zone(leaving.number)
    look_on = ct(destinations, table=DNAT.number, nat=UNDO)
    for kind in (f.ETH_IP, f.ETH_IPV6):
        packet: Match = {r.ROUTER: leaving.number, f.ETH_TYPE: kind}
        yield UN_SNAT.flow(realm, "router", packet, [ct(sources, table=UN_DNAT.number, nat=UNDO)])
        for known in (EST, REL):
            match: Match = {**packet, f.CT_STATE: Masked(known, known | NEW)}
            yield UN_DNAT.flow(realm, "known", match, [set_field(r.ORIGIN, r.FROM_PORT), look_on])
        yield UN_DNAT.flow(realm, "other", packet, [look_on])
        if leaving.helpers:
            opened: list[Action] = [set_field(r.ORIGIN, r.FROM_PORT)]
            follow = ct(sources, table=DNAT.number, commit=True, nat=UNDO)
            yield UN_DNAT.flow(
                realm, "related", {**packet, f.CT_STATE: Masked(NEW | REL, NEW | REL)}, [*opened, follow]
            )
    for address in leaving.addresses:
        yield DNAT.flow(realm, "echo", {r.ROUTER: leaving.number, **ping(address)}, [ECHO.goto])
    for kind in (f.ETH_IP, f.ETH_IPV6):
        if leaving.snat6 if kind == f.ETH_IPV6 else leaving.snat:
            yield _untranslated(leaving, kind)


def _untranslated(leaving: Exit, kind: int) -> Flow:
    """Where no port is left, conntrack lets a packet go on as it is: not outside, and the daemon hears of it."""
    match: Match = {r.NETWORK: leaving.vni, f.ETH_TYPE: kind, f.CT_ZONE: source_zone(leaving.number)}
    match |= {f.CT_STATE: Masked(NEW, NEW | FROM_ANOTHER)}
    return DESTINATION.flow(Hosts(leaving.realm), "untranslated", match, [set_field(r.PUNT, r.EXHAUSTED), PUNT.goto])


def everywhere(_chassis: Chassis, _view: View) -> Iterator[Flow]:
    """What comes from outside, and neither was asked for nor belongs to anything, goes no further.

    A connection is new until it is answered: its second packet too, which conntrack has translated by itself.
    """
    outside = Masked(r.OUTSIDE_BIT, r.OUTSIDE_BIT)
    for state in (Masked(NEW, NEW | REL | TO_ANOTHER), Masked(INV, INV)):
        yield DNAT.flow(EVERYWHERE, "stranger", {r.ORIGIN: outside, f.CT_STATE: state}, [])


def leaving_sources(leg: Leg, view: View) -> Iterator[Flow]:
    """What leaves from one of the router's networks."""
    leaving = view.get(Exit, leg.router)
    for block in leg.blocks:
        yield from _leaving(leaving, block)
        yield _spoofed(leaving, block)
    for address in {":" in own: own for own in reversed(leg.addresses)}.values():
        yield _hairpin(leaving, leg, address)
    if not leaving.network:
        for address in leg.addresses:
            yield from _to_host(leaving, address)


def routed_sources(router: Router, view: View) -> Iterator[Flow]:
    """What leaves from behind a static route inside."""
    leaving = view.get(Exit, router.key)
    legs = [leg for leg in view.where(Leg, "router", router.key) if leg.blocks]
    for route in router.routes:
        if any(within(hop, block) for leg in legs for block in leg.blocks for hop in route.via):
            yield from _leaving(leaving, route.to)


def _spoofed(leaving: Exit, block: str) -> Flow:
    """Nobody outside has an address of inside (RFC 2827), by which it would pass for a machine that it is not."""
    outside = Masked(r.OUTSIDE_BIT, r.OUTSIDE_BIT)
    match: Match = {r.ROUTER: leaving.number, r.ORIGIN: outside, source(block): matched(block)}
    return DNAT.flow(Hosts(leaving.realm), "spoofed", match, [])


def _leaving(leaving: Exit, block: str) -> Iterator[Flow]:
    """New sources on their way out: translated, or remembered as they are; never let out as they are by mistake."""
    realm, zone = Hosts(leaving.realm), source_zone(leaving.number)
    match: Match = {r.ROUTER: leaving.number, r.NETWORK: leaving.vni, source(block): matched(block)}
    outer = next((a for a in leaving.addresses if (":" in a) == (":" in block)), None)
    translated = leaving.snat6 if ":" in block else leaving.snat
    if translated and outer is None:
        return
    nat = Nat("snat", outer, ports=leaving.ports) if translated else None
    out = ct(zone, table=DESTINATION.number, commit=True, nat=nat)
    yield SNAT.flow(realm, "source", match, [out])
    yield SNAT.flow(realm, "invalid", {**match, f.CT_STATE: Masked(INV, INV)}, [])
    if "ftp" in leaving.helpers and ":" not in block:
        helped = ct(zone, table=DESTINATION.number, commit=True, nat=nat, alg=FTP)
        yield SNAT.flow(realm, "helper", {**match, f.TCP_DST: FTP}, [helped])


def _hairpin(leaving: Exit, leg: Leg, address: str) -> Flow:
    """From inside by an outer address back to inside: the answer has to come back to the router, not go straight."""
    first: Match = {f.CT_MARK: HAIRPIN, f.CT_STATE: Masked(0, RPL)}
    match: Match = {r.ROUTER: leg.number, r.NETWORK: leg.vni, f.ETH_TYPE: eth_type(address), **first}
    back = ct(source_zone(leg.number), table=DESTINATION.number, commit=True, nat=Nat("snat", address))
    return SNAT.flow(Hosts(leaving.realm), "hairpin", match, [back])


def _to_host(leaving: Exit, address: str) -> Iterator[Flow]:
    """A nat network's gateway stands for the host."""
    host = next(a for a in HOST_ADDRESSES if (":" in a) == (":" in address))
    match: Match = {r.ROUTER: leaving.number, destination(address): address, f.CT_STATE: Masked(NEW, NEW)}
    to_host = ct(destination_zone(leaving.number), table=ROUTE.number, commit=True, nat=Nat("dnat", host))
    yield DNAT.flow(Hosts(leaving.realm), "host", match, [to_host])
