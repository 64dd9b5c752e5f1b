"""What netloom chooses where a document leaves it open: MAC addresses, VNIs, routers' numbers, MTUs.

Nothing here counts or remembers: all come from a hash of the resource's uid and from what is taken, so that two daemons
asked the same would answer the same. Addresses come from ``controller.intent.pools``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from controller.entities import UNTUNNELLED, Encap, Mode
from controller.intent.blocks import IPV4, IPV6, Block, text
from controller.links import ENCLOSED
from controller.zones import MOST_ROUTERS

VNI_MAX = 0xFEFFFF
"""What lies above are the VNIs of ours: of the hosts' links, of liveness, and of middleboxes' ports."""
ROUTER_NUMBERS = MOST_ROUTERS
"""Two conntrack zones are made of each number."""
_SLAAC_PREFIX = 64
_UNIVERSAL_LOCAL_BIT = 0x02
_IPV6_HEADER_MORE = 20
# Outer IPv4 (20) and inner Ethernet (14) for all; UDP and VXLAN 8 + 8; UDP, Geneve and one 8-byte option, which carries
# the sender's identity, 8 + 8 + 8; GRE with its key 4 + 4.
_OVERHEAD: dict[Encap, int] = {"vxlan": 50, "geneve": 58, "gre": 42}
_ENCLOSED_OVERHEAD = _OVERHEAD["vxlan"] + ENCLOSED
"""Of a header between bridges in a tunnel; Geneve carries no option then."""
_LARGEST_MTU = 65535
TUNNEL_PORTS = frozenset({4789, 6081})
"""Of VXLAN and Geneve."""
_LEAST_HOST_PORT = 1024


@dataclass(frozen=True, slots=True)
class Underlay:
    """What hosts have to give. ``mtu`` in bytes and ``ip`` 4 or 6 are of what carries the tunnels.

    ``encap`` is what networks get that name none. ``segment_mtu`` is of physical networks. ``forwarded_from`` is the
    lowest port of the hosts' own addresses that a forward may take, ``own_ports`` those that hosts need themselves.
    """

    mtu: int = 1500
    ip: int = IPV4
    encap: Encap = "vxlan"
    segment_mtu: int = 1500
    forwarded_from: int = _LEAST_HOST_PORT
    own_ports: frozenset[int] = TUNNEL_PORTS


def mtu(encap: Encap, underlay: Underlay) -> int:
    """The largest guest packet, in bytes, that fits the underlay in one piece."""
    more = _IPV6_HEADER_MORE if underlay.ip == IPV6 else 0
    return underlay.mtu - _OVERHEAD[encap] - more


def enclosed_mtu(mode: Mode, underlay: Underlay) -> int:
    """The largest guest packet, in bytes, that fits the underlay behind a header in a tunnel; 0 where there is none."""
    if mode in UNTUNNELLED:
        return 0
    return underlay.mtu - _ENCLOSED_OVERHEAD - (_IPV6_HEADER_MORE if underlay.ip == IPV6 else 0)


def mtus(mode: Mode, encap: Encap, underlay: Underlay) -> tuple[int, int]:
    """The MTU that a network gets, and the largest that it may ask for."""
    match mode:
        case "bridged":
            return underlay.segment_mtu, underlay.segment_mtu
        case "host-only":
            return underlay.segment_mtu, _LARGEST_MTU
        case _:
            fits = mtu(encap, underlay)
            return fits, fits


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


def number(uid: str, most: int, taken: Callable[[int], bool]) -> int | None:
    """One of 1 to ``most`` (a VNI, a router's number): the uid's hash, or the next that is free; None if none is."""
    start = int.from_bytes(blake2b(uid.encode(), digest_size=8).digest())
    for step in range(most):
        found = (start + step) % most + 1
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
