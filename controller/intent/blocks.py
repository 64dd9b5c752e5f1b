"""Addresses and blocks as numbers: judging ten thousand ports takes ten thousand comparisons, not as many parsings."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from functools import lru_cache

IPV4, IPV6 = 4, 6


@dataclass(frozen=True, slots=True)
class Span:
    """Addresses from ``lowest`` to ``highest``, both included."""

    version: int
    lowest: int
    highest: int

    def overlaps(self, other: Span) -> bool:
        """Whether the two have an address in common."""
        return self.version == other.version and self.lowest <= other.highest and other.lowest <= self.highest


@dataclass(frozen=True, slots=True)
class Block:
    """A CIDR block. ``first`` and ``last`` bound it; ``lowest`` and ``highest`` bound what ports may have in it."""

    cidr: str
    version: int
    prefix: int
    first: int
    last: int
    lowest: int
    highest: int

    @property
    def usable(self) -> Span:
        """What ports may have."""
        return Span(self.version, self.lowest, self.highest)

    def holds(self, version: int, number: int) -> bool:
        """Whether an address is inside."""
        return version == self.version and self.first <= number <= self.last

    def contains(self, other: Block) -> bool:
        """Whether all of another block, which may be the same, is inside."""
        return self.version == other.version and self.first <= other.first and other.last <= self.last

    def misplaced(self, address: str) -> str | None:
        """Why a port or a gateway cannot have an address in this block, or None."""
        version, number = numbered(address)
        if not self.holds(version, number):
            return f"{address} is outside {self.cidr}"
        if not self.lowest <= number <= self.highest:
            return f"{address} is the network or the broadcast address of {self.cidr}"
        return None

    def overlaps(self, other: Block) -> bool:
        """Whether the two have an address in common."""
        return self.version == other.version and self.first <= other.last and other.first <= self.last


@lru_cache(maxsize=65536)
def block(cidr: str) -> Block:
    """The block of a canonical text. Ports may have neither the network nor the broadcast address; a /31 has none."""
    network = ipaddress.ip_network(cidr)
    first = int(network.network_address)
    last = first + network.num_addresses - 1
    reserved = network.prefixlen < network.max_prefixlen - 1
    lowest = first + reserved
    highest = last - (reserved and network.version == IPV4)
    return Block(cidr, network.version, network.prefixlen, first, last, lowest, highest)


@lru_cache(maxsize=65536)
def span(text_of_range: str) -> Span:
    """The addresses of a canonical range like ``10.1.0.100-10.1.0.200``."""
    low, _, high = text_of_range.partition("-")
    version, lowest = numbered(low)
    return Span(version, lowest, numbered(high)[1])


def numbered(address: str) -> tuple[int, int]:
    """IP version and value of a canonical address."""
    if ":" in address:
        return IPV6, int.from_bytes(socket.inet_pton(socket.AF_INET6, address))
    return IPV4, int.from_bytes(socket.inet_pton(socket.AF_INET, address))


def text(version: int, number: int) -> str:
    """The canonical text of an address."""
    if version == IPV4:
        return socket.inet_ntop(socket.AF_INET, number.to_bytes(4))
    return str(ipaddress.IPv6Address(number))
