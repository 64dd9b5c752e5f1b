"""Router advertisements: hosts learn prefixes, how to get addresses, the MTU, resolvers, and who routes (RFC 4861).

They are told at once when they ask, and every now and then unasked. Where nothing routes, nobody is a default router.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller import served
from controller.addresses import block, group_mac, link_local, octets
from controller.entities import Network
from controller.services import frames, told
from controller.services.outcome import Emission, Ignored, ToPorts, sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.entities import Subnet
    from controller.services.outcome import Facts, Outcome, Punt

ALL_NODES = "ff02::1"
ROUTER_LIFETIME = 1800
NAMES_LIFETIME = 1800
VALID, PREFERRED = 86_400, 14_400
"""Seconds for which hosts may keep and prefer addresses of a prefix after the last advertisement."""
_SOLICITATION, _ADVERTISEMENT = 133, 134
_HEADER = struct.Struct("!BBHBBHII")
_PREFIX = struct.Struct("!BBBBIII16s")
_HOP_LIMIT = 64
_MANAGED, _OTHER = 0x80, 0x40
_ON_LINK, _AUTONOMOUS = 0x80, 0x40
_SLAAC_BITS = 64
_LONGEST_NAMES = 1024
"""Octets of a search list that leave room for the rest in 1,280."""


@dataclass(frozen=True, slots=True)
class Advertisement:
    """What a network's router says of itself, and its MAC."""

    mac: str
    message: bytes

    def frame(self, mac: str, address: str) -> bytes:
        """To one host, or to all."""
        return frames.icmp_frame((self.mac, mac), (link_local(self.mac), address), self.message, frames.NEAR)

    def to_all(self) -> bytes:
        """To every host of the link."""
        return self.frame(group_mac(ALL_NODES), ALL_NODES)


def answer(punt: Punt, facts: Facts, _now: float) -> Iterator[Outcome]:
    """Answer a solicitation, to its sender if it has an address (RFC 4861, 6.2.6)."""
    ether = frames.ethernet(punt.frame)
    packet = frames.ip(ether) if ether else None
    if ether is None or packet is None or packet.protocol != frames.ICMPV6 or not _valid(packet):
        yield Ignored("malformed")
        return
    port = sender(punt, facts)
    network = facts.get(Network, port.network) if port else None
    if network is None or not served.advertised(network):
        yield Ignored("unserved")
        return
    said = advertisement(network, facts)
    frame = said.to_all() if packet.src == "::" else said.frame(ether.src, packet.src)
    yield Emission(punt.chassis, frame, ToPorts((punt.in_port,)))


def _valid(packet: frames.Ip) -> bool:
    """RFC 4861, 6.1.1."""
    return len(packet.payload) >= 8 and packet.payload[0] == _SOLICITATION and packet.whole[7] == frames.NEAR  # noqa: PLR2004


def advertisement(network: Network, facts: Facts) -> Advertisement:
    """What there is to tell of a network with advertised subnets."""
    subnets = served.advertised(network)
    ways = [way for subnet in subnets if (way := told.way_out(network, subnet, facts)) is not None]
    router = next((way.mac for way in ways if way.mac is not None), None)
    mac = router or served.SERVICE_MAC
    flags = _MANAGED * any(subnet.ra == "stateful" for subnet in subnets)
    flags |= _OTHER * any(subnet.ra != "slaac" for subnet in subnets)
    lifetime = ROUTER_LIFETIME if router else 0
    parts = [
        _HEADER.pack(_ADVERTISEMENT, 0, 0, _HOP_LIMIT, flags, lifetime, 0, 0),
        bytes((1, 1)) + frames.mac_bytes(mac),
        struct.pack("!BBHI", 5, 1, 0, told.mtu(network, facts)),
        *(_prefix(subnet) for subnet in subnets),
        *_names(network, subnets),
    ]
    return Advertisement(mac, b"".join(parts))


def ended(mac: str) -> Advertisement:
    """What a router says that routes no longer (RFC 4861, 6.2.5)."""
    source = bytes((1, 1)) + frames.mac_bytes(mac)
    return Advertisement(mac, _HEADER.pack(_ADVERTISEMENT, 0, 0, _HOP_LIMIT, 0, 0, 0, 0) + source)


def _prefix(subnet: Subnet) -> bytes:
    """On the link, and to make addresses of where that is asked for; only of 64 bits can hosts do so (RFC 4862)."""
    of = block(subnet.cidr)
    makes = subnet.ra in {"slaac", "stateless"} and of.prefixlen == _SLAAC_BITS
    flags = _ON_LINK | (_AUTONOMOUS if makes else 0)
    return _PREFIX.pack(3, 4, of.prefixlen, flags, VALID, PREFERRED, 0, of.network_address.packed)


def _names(network: Network, subnets: tuple[Subnet, ...]) -> Iterator[bytes]:
    """Resolvers and search list (RFC 8106)."""
    resolvers = dict.fromkeys(a for subnet in subnets for a in told.resolvers(network, subnet) if ":" in a)
    if resolvers:
        addresses = b"".join(octets(address) for address in resolvers)
        yield struct.pack("!BBHI", 25, 1 + 2 * len(resolvers), 0, NAMES_LIFETIME) + addresses
    domains = told.names(tuple(dict.fromkeys(d for subnet in subnets for d in told.search(network, subnet))))
    padded = domains + bytes(-len(domains) % 8)
    if domains and len(padded) < _LONGEST_NAMES:
        yield struct.pack("!BBHI", 31, 1 + len(padded) // 8, 0, NAMES_LIFETIME) + padded
