"""What netloom chooses where a document leaves it open: MAC addresses, IP addresses, VNIs, MTUs.

Nothing here counts or remembers: a MAC and a VNI come from a hash of the resource's uid, an address is the lowest
that is free, so that two daemons asked the same would answer the same.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import heapify, heappop, heappush

from controller.entities import Encap
from controller.intent.values import IpNetwork

VNI_MAX = (1 << 24) - 1
_IPV4, _IPV6 = 4, 6
_SLAAC_PREFIX = 64
_UNIVERSAL_LOCAL_BIT = 0x02
_IPV6_HEADER_MORE = 20
# Outer IPv4 (20) and inner Ethernet (14) for all; UDP and VXLAN 8 + 8; UDP, Geneve and one 8-byte option, which carries
# the sender's identity, 8 + 8 + 8; GRE with its key 4 + 4.
_OVERHEAD: dict[Encap, int] = {"vxlan": 50, "geneve": 58, "gre": 42}


@dataclass(frozen=True, slots=True)
class Underlay:
    """What carries the tunnels: ``mtu`` in bytes, ``ip`` 4 or 6; ``encap`` is what networks get that name none."""

    mtu: int = 1500
    ip: int = _IPV4
    encap: Encap = "vxlan"


def mtu(encap: Encap, underlay: Underlay) -> int:
    """The largest guest packet, in bytes, that fits the underlay in one piece."""
    more = _IPV6_HEADER_MORE if underlay.ip == _IPV6 else 0
    return underlay.mtu - _OVERHEAD[encap] - more


def mac(uid: str, taken: Callable[[str], bool]) -> str:
    """A locally administered unicast address (IEEE 802c) for a port; another hash where it is taken."""
    attempt = 0
    while True:
        octets = bytearray(blake2b(f"{uid} {attempt}".encode(), digest_size=6).digest())
        octets[0] = octets[0] & 0xFC | _UNIVERSAL_LOCAL_BIT
        found = octets.hex(":")
        if not taken(found):
            return found
        attempt += 1


def vni(uid: str, taken: Callable[[int], bool]) -> int | None:
    """A VNI for a network: its hash's, or the next that is free; None if all are taken."""
    start = int.from_bytes(blake2b(uid.encode(), digest_size=8).digest())
    for step in range(VNI_MAX):
        found = (start + step) % VNI_MAX + 1
        if not taken(found):
            return found
    return None


def slaac_address(block: IpNetwork, mac_address: str) -> str | None:
    """The address a guest forms by itself in an IPv6 /64 (RFC 4291, appendix A); None in other blocks."""
    if block.version != _IPV6 or block.prefixlen != _SLAAC_PREFIX:
        return None
    octets = bytes.fromhex(mac_address.replace(":", ""))
    interface = bytes([octets[0] ^ _UNIVERSAL_LOCAL_BIT]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return str(ipaddress.IPv6Address(int(block.network_address) | int.from_bytes(interface)))


def usable(block: IpNetwork) -> tuple[int, int]:
    """First and last offset for ports: neither the network nor the broadcast address (a /31 has none, RFC 3021)."""
    last = block.num_addresses - 1
    if block.prefixlen >= block.max_prefixlen - 1:
        return 0, last
    return 1, last - 1 if block.version == _IPV4 else last


@dataclass(slots=True)
class Pool:
    """The free addresses of one block, lowest first, in O(log n) each.

    Every offset below ``high`` is taken, or in ``freed`` (a heap that may also hold some that were taken again).
    """

    block: IpNetwork
    high: int
    freed: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, block: IpNetwork) -> Pool:
        """A pool that has not looked at any address yet."""
        return cls(block, usable(block)[0])

    def copy(self, taken: Callable[[str], bool]) -> Pool:
        """A pool of its own for one draft; this one first forgets what was taken meanwhile."""
        last = usable(self.block)[1]
        while self.high <= last and taken(self._text(self.high)):
            self.high += 1
        while self.freed and taken(self._text(self.freed[0])):
            heappop(self.freed)
        return Pool(self.block, self.high, self.freed.copy())

    def lowest(self, taken: Callable[[str], bool]) -> str | None:
        """The lowest free address, which the pool then forgets; None if there is none."""
        while self.freed:
            found = self._text(heappop(self.freed))
            if not taken(found):
                return found
        last = usable(self.block)[1]
        while self.high <= last:
            found = self._text(self.high)
            self.high += 1
            if not taken(found):
                return found
        return None

    def release(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
        """Remember that an address of the block is free again."""
        offset = int(address) - int(self.block.network_address)
        if address.version != self.block.version or not usable(self.block)[0] <= offset < self.high:
            return
        heappush(self.freed, offset)
        if len(self.freed) > self.high:
            self.freed = list(set(self.freed))
            heapify(self.freed)

    def _text(self, offset: int) -> str:
        return str(self.block.network_address + offset)
