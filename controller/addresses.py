"""Addresses as they are reckoned with: blocks, the masks they have, and what a MAC makes of a link."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

Block = ipaddress.IPv4Network | ipaddress.IPv6Network
_CACHED = 1 << 14


@lru_cache(_CACHED)
def block(cidr: str) -> Block:
    """The block of ``10.1.0.0/24``; raises ValueError."""
    return ipaddress.ip_network(cidr)


@lru_cache(_CACHED)
def octets(address: str) -> bytes:
    """Four or sixteen octets of an address; raises ValueError."""
    return ipaddress.ip_address(address).packed


@lru_cache(_CACHED)
def within(address: str, cidr: str) -> bool:
    """Whether a block holds an address; never one of the other version."""
    return ipaddress.ip_address(address) in block(cidr)


def text(packed: bytes) -> str:
    """Canonical text of four or sixteen octets; raises ValueError."""
    return str(ipaddress.ip_address(packed))


@lru_cache(_CACHED)
def link_local(mac: str) -> str:
    """The link-local address that a MAC makes (RFC 4291, appendix A)."""
    own = bytearray.fromhex(mac.replace(":", ""))
    own[0] ^= 2
    return text(b"\xfe\x80" + bytes(6) + bytes(own[:3]) + b"\xff\xfe" + bytes(own[3:]))


@lru_cache(_CACHED)
def solicited(address: str) -> str:
    """The multicast group that hears solicitations of an IPv6 address (RFC 4291, 2.7.1)."""
    return text(bytes.fromhex("ff0200000000000000000001ff") + octets(address)[13:])


@lru_cache(_CACHED)
def group_mac(group: str) -> str:
    """The MAC that an IPv6 multicast group is sent to (RFC 2464, 7)."""
    return f"33:33:{octets(group)[12:].hex(':')}"
