"""What netloom chooses where a document leaves it open: MAC addresses, IP addresses, VNIs, MTUs.

Nothing here counts or remembers: a MAC and a VNI come from a hash of the resource's uid, an address is the lowest
that is free, so that two daemons asked the same would answer the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import heapify, heappop, heappush

from controller.entities import Encap
from controller.intent.blocks import IPV4, IPV6, Block, numbered, text

VNI_MAX = (1 << 24) - 1
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
    ip: int = IPV4
    encap: Encap = "vxlan"


def mtu(encap: Encap, underlay: Underlay) -> int:
    """The largest guest packet, in bytes, that fits the underlay in one piece."""
    more = _IPV6_HEADER_MORE if underlay.ip == IPV6 else 0
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


def slaac_address(block: Block, mac_address: str) -> str | None:
    """The address a guest forms by itself in an IPv6 /64 (RFC 4291, appendix A); None in other blocks."""
    if block.version != IPV6 or block.prefix != _SLAAC_PREFIX:
        return None
    octets = bytes.fromhex(mac_address.replace(":", ""))
    interface = bytes([octets[0] ^ _UNIVERSAL_LOCAL_BIT]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return text(IPV6, block.first | int.from_bytes(interface))


@dataclass(slots=True)
class Pool:
    """The free addresses of one block, lowest first, in O(log n) each.

    Every usable address below ``high`` is taken, or in ``freed`` (a heap, with some that were taken again).
    """

    block: Block
    high: int
    freed: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, block: Block) -> Pool:
        """A pool that has not looked at any address yet."""
        return cls(block, block.lowest)

    def copy(self, taken: Callable[[str], bool]) -> Pool:
        """A pool of its own for one draft; this one first forgets what was taken meanwhile."""
        while self.high <= self.block.highest and taken(self._text(self.high)):
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
        while self.high <= self.block.highest:
            found = self._text(self.high)
            self.high += 1
            if not taken(found):
                return found
        return None

    def release(self, address: str) -> None:
        """Remember that an address is free again; addresses of other blocks are not this pool's."""
        version, number = numbered(address)
        if version != self.block.version or not self.block.lowest <= number < self.high:
            return
        heappush(self.freed, number)
        if len(self.freed) > self.high - self.block.lowest:
            self.freed = list(set(self.freed))
            heapify(self.freed)

    def _text(self, number: int) -> str:
        return text(self.block.version, number)
