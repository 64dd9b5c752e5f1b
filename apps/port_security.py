"""Port security: a port sends only from its own MAC and addresses, in IPv4, IPv6, ARP and neighbour discovery.

A port without addresses may use any with its MAC, but tells no other. Router advertisements and redirects never come
from a port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.binding import own_addresses
from apps.pipeline import ND_SOURCE, NEIGHBOUR, PUNT, SOURCE
from apps.questions import ADVERTISEMENT, DHCP_QUESTION, SOLICITATION
from apps.registers import PROBE
from apps.registers import PUNT as PUNT_REASON
from controller.flow import fields as f
from controller.flow.actions import set_field
from controller.flow.blocks import matched
from controller.flow.flow import EVERYWHERE, Flow, Here, Match, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.derived import Endpoint
    from controller.entities import Chassis

ROUTER_ADVERTISEMENT, REDIRECT = 134, 137
NO_MAC, NO_ADDRESS = "00:00:00:00:00:00", "0.0.0.0"  # noqa: S104 - "no address", not a bind
_TELL = (set_field(PUNT_REASON, PROBE), PUNT.resubmit)
"""Who looks whether an address is free may have been given one that is not: the daemon gets a copy."""


def sources(endpoint: Endpoint, _view: View) -> Iterator[Flow]:
    """The sender's addresses, its own and those it was allowed."""
    if not endpoint.port_security:
        return
    pairs = [(endpoint.mac, address) for address in own_addresses(endpoint)]
    pairs += [(pair.mac, pair.address) for pair in endpoint.allowed_pairs]
    here = Here(endpoint.chassis)
    if not pairs:
        yield from _any_address(endpoint, here)
    for mac, address in pairs:
        yield from _address(endpoint, here, mac, address)
    if endpoint.ipv4:
        yield from _ipv4_unspecified(endpoint, here)
    if endpoint.ipv6:
        match: Match = {**_from(endpoint, endpoint.mac), f.IPV6_SRC: "::"}
        yield SOURCE.flow(here, "unspecified", {**match, f.IP_PROTO: f.ICMPV6}, [ND_SOURCE.goto])
        yield SOURCE.flow(here, "probe", {**match, f.ICMPV6_TYPE: SOLICITATION}, [*_TELL, ND_SOURCE.goto])


def _from(endpoint: Endpoint, mac: str) -> Match:
    return {f.IN_PORT: endpoint.ofport, f.ETH_SRC: mac}


def _address(endpoint: Endpoint, here: Scope, mac: str, address: str) -> Iterator[Flow]:
    """IP and ARP, or IP and neighbour discovery, from one MAC and address (or block)."""
    sender = _from(endpoint, mac)
    if ":" in address:
        yield SOURCE.flow(here, "address", {**sender, f.IPV6_SRC: matched(address)}, [ND_SOURCE.goto])
        for link_address in (mac, NO_MAC):
            told: Match = {f.IN_PORT: endpoint.ofport, f.ND_TLL: link_address, f.ND_TARGET: matched(address)}
            yield ND_SOURCE.flow(here, "own", {**told, f.ICMPV6_TYPE: ADVERTISEMENT}, [NEIGHBOUR.goto])
            asked: Match = {f.IN_PORT: endpoint.ofport, f.ND_SLL: link_address, f.ICMPV6_TYPE: SOLICITATION}
            yield ND_SOURCE.flow(here, "own", asked, [NEIGHBOUR.goto])
        return
    yield SOURCE.flow(here, "address", {**sender, f.IPV4_SRC: matched(address)}, [NEIGHBOUR.goto])
    arp: Match = {**sender, f.ARP_SHA: mac}
    yield SOURCE.flow(here, "address", {**arp, f.ARP_SPA: matched(address)}, [NEIGHBOUR.goto])


def _any_address(endpoint: Endpoint, here: Scope) -> Iterator[Flow]:
    """Any address, but ARP and neighbour discovery of no MAC but the port's own."""
    sender = _from(endpoint, endpoint.mac)
    yield SOURCE.flow(here, "address", {**sender, f.ARP_SHA: endpoint.mac}, [NEIGHBOUR.goto])
    yield SOURCE.flow(here, "guard", {**sender, f.ETH_TYPE: f.ETH_ARP}, [])
    yield SOURCE.flow(here, "mac", sender, [ND_SOURCE.goto])
    for link_address in (endpoint.mac, NO_MAC):
        told: Match = {f.IN_PORT: endpoint.ofport, f.ND_TLL: link_address, f.ICMPV6_TYPE: ADVERTISEMENT}
        yield ND_SOURCE.flow(here, "own", told, [NEIGHBOUR.goto])
        asked: Match = {f.IN_PORT: endpoint.ofport, f.ND_SLL: link_address, f.ICMPV6_TYPE: SOLICITATION}
        yield ND_SOURCE.flow(here, "own", asked, [NEIGHBOUR.goto])


def _ipv4_unspecified(endpoint: Endpoint, here: Scope) -> Iterator[Flow]:
    """ARP probes (RFC 5227) and DHCP requests, which have no address to send from."""
    sender = _from(endpoint, endpoint.mac)
    probe: Match = {**sender, f.ARP_SHA: endpoint.mac, f.ARP_SPA: NO_ADDRESS}
    yield SOURCE.flow(here, "probe", probe, [*_TELL, NEIGHBOUR.goto])
    dhcp: Match = {**sender, **DHCP_QUESTION, f.IPV4_SRC: NO_ADDRESS}
    yield SOURCE.flow(here, "unspecified", dhcp, [NEIGHBOUR.goto])


def guard(_chassis: Chassis, _view: View) -> Iterator[Flow]:
    """Neighbour discovery that no port's own flow let through, advertisements of routers, redirects: dropped."""
    for kind in (SOLICITATION, ADVERTISEMENT, ROUTER_ADVERTISEMENT, REDIRECT):
        yield ND_SOURCE.flow(EVERYWHERE, "guard", {f.ICMPV6_TYPE: kind}, [])
    yield ND_SOURCE.flow(EVERYWHERE, "other", {}, [NEIGHBOUR.goto])
