"""Blocks of addresses as flows match them."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from controller.flow.fields import Masked


@lru_cache(1 << 14)
def network(block: str) -> IPv4Network | IPv6Network:
    """The block of a text like ``10.1.0.0/24``; a lone address is a block of itself."""
    return ip_network(block)


def covers(block: str, address: str) -> bool:
    """Whether the address is one of the block's."""
    found = ip_address(address)
    return found.version == network(block).version and found in network(block)


@lru_cache(1 << 14)
def matched(block: str) -> Masked:
    """The addresses of a block, as the value of a match on a field of its IP version."""
    found = network(block)
    return Masked(int(found.network_address), int(found.netmask))
