"""Next hops: how a routed packet says to whom it is handed, and how that becomes a MAC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.nat_tables import SNAT
from apps.pipeline import FITS
from controller.addresses import block
from controller.flow import fields as f
from controller.flow.actions import Action, check_larger, copy, dec_ttl, set_field
from controller.flow.blocks import matched
from controller.flow.fields import ip_number

if TYPE_CHECKING:
    from controller.flow.fields import Field
    from controller.flow.flow import Match

ETHERNET = 14
"""Bytes of a frame before its IP packet."""
PING, PING6 = 8, 128
ROUTED: tuple[Action, ...] = (dec_ttl(), set_field(r.ORIGIN, r.FROM_ROUTER))
"""What each router does to a packet first."""


def source(address: str) -> Field:
    """The field that holds the source of packets of this address' version."""
    return f.IPV6_SRC if ":" in address else f.IPV4_SRC


def destination(address: str) -> Field:
    """The field that holds the destination of packets of this address' version."""
    return f.IPV6_DST if ":" in address else f.IPV4_DST


def eth_type(address: str) -> int:
    """The Ethernet type of packets of this address' version."""
    return f.ETH_IPV6 if ":" in address else f.ETH_IP


def bound_for(router: int, cidr: str) -> Match:
    """What matches packets that a router has for a block, or for a lone address."""
    return {r.ROUTER: router, destination(cidr): matched(cidr)}


def prefix(cidr: str) -> str:
    """The priority of a route by the length of its prefix; that of a lone address is the longest."""
    return f"/{block(cidr).prefixlen}"


def next_hop(vni: int, address: str) -> Match:
    """What matches packets that are handed to this address of a network."""
    return {r.NETWORK: vni, **r.held(address)}


def next_mac(mac: str) -> list[Action]:
    """Hand it to this MAC."""
    return [set_field(f.ETH_DST, mac), SNAT.goto]


def hand_to(address: str) -> Action:
    """Let this address be the next hop."""
    return set_field(r.NEXT_HOP6 if ":" in address else r.NEXT_HOP, ip_number(address))


def hand_on(cidr: str) -> Action:
    """Let the destination itself be the next hop, of packets of this block's version."""
    return copy(f.IPV6_DST, r.NEXT_HOP6) if ":" in cidr else copy(f.IPV4_DST, r.NEXT_HOP)


def onto(vni: int, mac: str, mtu: int, hop: Action) -> list[Action]:
    """Go on into a network, from the router's MAC there, to a next hop, if the packet fits."""
    return [
        set_field(r.NETWORK, vni),
        set_field(f.ETH_SRC, mac),
        hop,
        check_larger(mtu + ETHERNET, r.SCRATCH, 0),
        FITS.goto,
    ]


def ping(address: str) -> Match:
    """What matches an echo request to an address."""
    if ":" in address:
        return {f.IPV6_DST: address, f.ICMPV6_TYPE: PING6}
    return {f.IPV4_DST: address, f.ICMP_TYPE: PING}
