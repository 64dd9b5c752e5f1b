"""Routing: a router is wherever its networks are; a packet between them is routed on its sender's chassis.

The router answers for its addresses there (ARP, neighbour discovery, ping). What it cannot deliver goes to the daemon,
which tells the sender why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.nat_tables import DNAT, SNAT
from apps.next_hops import PING, PING6, ROUTED, bound_for, hand_on, next_hop, next_mac, onto, ping, prefix
from apps.outer import end
from apps.pipeline import DESTINATION, ECHO, EXIT, FITS, NEIGHBOUR, PUNT, RESOLVE, ROUTE, ROUTER_IN
from apps.questions import asked, told
from apps.rooms import room
from controller.addresses import link_local
from controller.derived import Endpoint, Leg
from controller.flow import fields as f
from controller.flow.actions import Action, copy, set_field
from controller.flow.fields import Masked
from controller.flow.flow import EVERYWHERE, Flow, Hosts, Match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.entities import Chassis

PONG, PONG6 = 0, 129
LAST_TTLS = (0, 1)
FULL_TTL = 255


def legs(leg: Leg, view: View) -> Iterator[Flow]:
    """A router on one of its networks: what is for it, and what it has for that network."""
    realm = Hosts(leg.realm)
    taken: list[Action] = [set_field(r.ROUTER, leg.number), EXIT.goto]
    yield ROUTER_IN.flow(realm, "router", {r.NETWORK: leg.vni, f.ETH_DST: leg.mac}, taken)
    largest = room(leg, view)
    for block in leg.blocks:
        to_block = bound_for(leg.number, block)
        yield EXIT.flow(realm, "inside", to_block, [ROUTE.goto])
        routed = [*ROUTED, *onto(leg.vni, leg.mac, largest, hand_on(block))]
        yield ROUTE.flow(realm, prefix(block), to_block, routed)
    yield from _addresses(leg)
    if view.count(Leg, "network", leg.network) > 1:
        yield from _next_routers(leg)


def _addresses(leg: Leg) -> Iterator[Flow]:
    """Who asks for the router's MAC is told, who pings it is answered; all else for it ends here, nowhere to go on."""
    realm = Hosts(leg.realm)
    for address in (*leg.addresses, *_own_link_local(leg)):
        yield NEIGHBOUR.flow(realm, "address", asked(leg.vni, address), told(address, leg.mac))
    for address in leg.addresses:
        yield EXIT.flow(realm, "echo", {r.ROUTER: leg.number, **ping(address)}, [ECHO.goto])
        yield end(realm, leg.number, address)


def _own_link_local(leg: Leg) -> tuple[str, ...]:
    """Where there is IPv6, hosts know the router by its link-local address (RFC 4861, 6.3.4)."""
    return (link_local(leg.mac),) if any(":" in block for block in leg.blocks) else ()


def _next_routers(leg: Leg) -> Iterator[Flow]:
    """One router hands on to another of the same network: its packet enters that one."""
    realm = Hosts(leg.realm)
    to_router: Match = {r.NETWORK: leg.vni, f.ETH_DST: leg.mac, r.LOOKUP: r.DELIVERY}
    yield DESTINATION.flow(realm, "router", to_router, [ROUTER_IN.resubmit])
    for address in leg.addresses:
        yield RESOLVE.flow(realm, "known", next_hop(leg.vni, address), next_mac(leg.mac))


def neighbours(endpoint: Endpoint, view: View) -> Iterator[Flow]:
    """The MACs of a routed network's ports."""
    if not view.count(Leg, "network", endpoint.network):
        return
    for mac, address in _bound(endpoint):
        yield RESOLVE.flow(Hosts(endpoint.realm), "known", next_hop(endpoint.vni, address), next_mac(mac))


def _bound(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    for address in (*endpoint.ipv4, *endpoint.ipv6):
        yield endpoint.mac, address
    for pair in endpoint.allowed_pairs:
        if "/" not in pair.address:
            yield pair.mac, pair.address


def everywhere(_chassis: Chassis, _view: View) -> Iterator[Flow]:
    """What every router does alike."""
    for kind in (f.ETH_IP, f.ETH_IPV6):
        for ttl in LAST_TTLS:
            yield ROUTE.flow(EVERYWHERE, "expired", {f.ETH_TYPE: kind, f.IP_TTL: ttl}, _punt(r.EXPIRED))
        yield EXIT.flow(EVERYWHERE, "nowhere", {f.ETH_TYPE: kind}, _punt(r.UNRESOLVED))
        yield ROUTE.flow(EVERYWHERE, "nowhere", {f.ETH_TYPE: kind}, _punt(r.UNRESOLVED))
        yield RESOLVE.flow(EVERYWHERE, "unknown", {f.ETH_TYPE: kind}, _punt(r.UNRESOLVED))
    yield FITS.flow(EVERYWHERE, "too_large", {r.SCRATCH: Masked(1, 1)}, _punt(r.TOO_LARGE))
    yield FITS.flow(EVERYWHERE, "other", {}, [RESOLVE.goto])
    yield DNAT.flow(EVERYWHERE, "other", {}, [ROUTE.goto])
    yield SNAT.flow(EVERYWHERE, "other", {}, [DESTINATION.goto])
    yield ROUTER_IN.flow(EVERYWHERE, "other", {}, [DESTINATION.goto])
    yield from _echo()


def _punt(reason: int) -> list[Action]:
    return [set_field(r.PUNT, reason), PUNT.goto]


def _echo() -> Iterator[Flow]:
    """A ping is answered by sending it back (RFC 792, RFC 4443)."""
    swapped: list[Action] = [
        copy(f.IPV4_SRC, r.SCRATCH),
        copy(f.IPV4_DST, f.IPV4_SRC),
        copy(r.SCRATCH, f.IPV4_DST),
        set_field(f.ICMP_TYPE, PONG),
    ]
    whole: list[Action] = [set_field(f.IP_TTL, FULL_TTL), ROUTE.goto]
    yield ECHO.flow(EVERYWHERE, "request", {f.ICMP_TYPE: PING}, [*swapped, *whole])
    swapped6: list[Action] = [
        copy(f.IPV6_SRC, r.NEXT_HOP6),
        copy(f.IPV6_DST, f.IPV6_SRC),
        copy(r.NEXT_HOP6, f.IPV6_DST),
        set_field(f.ICMPV6_TYPE, PONG6),
    ]
    yield ECHO.flow(EVERYWHERE, "request", {f.ICMPV6_TYPE: PING6}, [*swapped6, *whole])
