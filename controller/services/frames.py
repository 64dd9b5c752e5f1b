"""Frames: as much of Ethernet, ARP, IP, UDP and ICMP as services read and write.

Readers are our own: they treat every byte as hostile, give None for what they cannot read, and keep the bytes that an
ICMP error quotes. os-ken's packet library writes, behind this module alone; its parsers raise whatever comes to them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from os_ken.lib.packet import arp as arp_packet
from os_ken.lib.packet import ethernet as ethernet_packet
from os_ken.lib.packet import ipv4 as ipv4_packet
from os_ken.lib.packet import ipv6 as ipv6_packet
from os_ken.lib.packet import packet_utils
from os_ken.lib.packet import tcp as tcp_packet
from os_ken.lib.packet import udp as udp_packet

from controller.addresses import text

ETH_IP, ETH_ARP, ETH_IPV6 = 0x0800, 0x0806, 0x86DD
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
"""Of TCP's flags."""
BROADCAST_MAC = "ff:ff:ff:ff:ff:ff"
ARP_REQUEST, ARP_REPLY = 1, 2
SOLICITATION, ADVERTISEMENT = 135, 136
NO_ADDRESS = "0.0.0.0"  # noqa: S104 - an absent address in a packet, not one to bind to
LIMIT = 64
"""The TTL of what is sent; neighbour discovery has NEAR."""
NEAR = 255
ETHERNET_HEADER = 14
LEAST_MTU = 1280

_ETHERNET = struct.Struct("!6s6sH")
_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_IPV6 = struct.Struct("!IHBB16s16s")
_UDP = struct.Struct("!HHHH")
_TCP = struct.Struct("!HHIIBB")
_ARP = struct.Struct("!HHBBH6s4s6s4s")
_ARP_IP = (1, ETH_IP, 6, 4)
_MORE_FRAGMENTS, _DONT_FRAGMENT, _OFFSET = 0x2000, 0x4000, 0x1FFF
_SHORTEST_IPV4 = _SHORTEST_TCP = 20
_IPV6_HEADER = 40
_SKIPPED = (0, 43, 60)
"""IPv6 extension headers that stand before what a packet carries: hop-by-hop, routing, destination options."""
_IPV6_FRAGMENT = 44


@dataclass(frozen=True, slots=True)
class Ethernet:
    """An untagged frame's header, and what it carries."""

    dst: str
    src: str
    kind: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ip:
    """An IPv4 or IPv6 packet: ``whole`` is all of its bytes without Ethernet padding, ``payload`` those it carries."""

    version: int
    src: str
    dst: str
    protocol: int
    whole: bytes
    payload: bytes
    header: int
    later_fragment: bool
    dont_fragment: bool


@dataclass(frozen=True, slots=True)
class Datagram:
    """A UDP datagram."""

    sport: int
    dport: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment's header; ``length`` counts its data, and SYN and FIN for one each (RFC 9293, SEG.LEN)."""

    sport: int
    dport: int
    seq: int
    ack: int
    flags: int
    length: int


@dataclass(frozen=True, slots=True)
class Arp:
    """An ARP packet about IPv4 over Ethernet."""

    op: int
    sender_mac: str
    sender: str
    target: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """A neighbour solicitation or advertisement; ``mac`` is the link-layer address told in it, if one is."""

    op: int
    source: str
    target: str
    mac: str | None


def mac_text(octets: bytes) -> str:
    """``aa:bb:cc:dd:ee:ff``."""
    return octets.hex(":")


def mac_bytes(mac: str) -> bytes:
    """Six octets."""
    return bytes.fromhex(mac.replace(":", ""))


def is_group(mac: str) -> bool:
    """Whether a MAC is of more than one machine."""
    return bool(int(mac[1], 16) & 1)


def ethernet(frame: bytes) -> Ethernet | None:
    """The frame's header; None where it is too short to have one."""
    if len(frame) < _ETHERNET.size:
        return None
    dst, src, kind = _ETHERNET.unpack_from(frame)
    return Ethernet(mac_text(dst), mac_text(src), kind, frame[_ETHERNET.size :])


def ip(ether: Ethernet) -> Ip | None:
    """The packet in a frame; None where there is none, or it is cut short."""
    if ether.kind == ETH_IP:
        return _ipv4(ether.payload)
    return _ipv6(ether.payload) if ether.kind == ETH_IPV6 else None


def _ipv4(data: bytes) -> Ip | None:
    if len(data) < _SHORTEST_IPV4 or data[0] >> 4 != 4:  # noqa: PLR2004 - IP version 4
        return None
    first, _, total, _, flags, _, protocol, _, src, dst = _IPV4.unpack_from(data)
    header = (first & 0xF) * 4
    if not _SHORTEST_IPV4 <= header <= total <= len(data):
        return None
    later, whole = bool(flags & _OFFSET), data[:total]
    fixed = bool(flags & _DONT_FRAGMENT)
    return Ip(4, text(src), text(dst), protocol, whole, whole[header:], header, later, fixed)


def _ipv6(data: bytes) -> Ip | None:
    if len(data) < _IPV6_HEADER or data[0] >> 4 != 6:  # noqa: PLR2004 - IP version 6
        return None
    _, length, protocol, _, src, dst = _IPV6.unpack_from(data)
    if _IPV6_HEADER + length > len(data):
        return None
    whole, at = data[: _IPV6_HEADER + length], _IPV6_HEADER
    while protocol in _SKIPPED and at + 8 <= len(whole):
        protocol, at = whole[at], at + 8 + whole[at + 1] * 8
    later = protocol == _IPV6_FRAGMENT
    if at > len(whole):
        return None
    return Ip(6, text(src), text(dst), protocol, whole, whole[at:], at, later, dont_fragment=True)


def datagram(packet: Ip) -> Datagram | None:
    """The UDP datagram in a packet that is no later fragment; None where there is none."""
    if packet.protocol != UDP or packet.later_fragment or len(packet.payload) < _UDP.size:
        return None
    sport, dport, length, _ = _UDP.unpack_from(packet.payload)
    if not _UDP.size <= length <= len(packet.payload):
        return None
    return Datagram(sport, dport, packet.payload[_UDP.size : length])


def segment(packet: Ip) -> Segment | None:
    """The TCP segment in a packet that is no later fragment; None where there is none."""
    if packet.protocol != TCP or packet.later_fragment or len(packet.payload) < _SHORTEST_TCP:
        return None
    sport, dport, seq, ack, offset, flags = _TCP.unpack_from(packet.payload)
    header = (offset >> 4) * 4
    if not _SHORTEST_TCP <= header <= len(packet.payload):
        return None
    length = len(packet.payload) - header + bool(flags & SYN) + bool(flags & FIN)
    return Segment(sport, dport, seq, ack, flags & 0x3F, length)


def arp(ether: Ethernet) -> Arp | None:
    """The ARP packet in a frame; None where there is none."""
    if ether.kind != ETH_ARP or len(ether.payload) < _ARP.size:
        return None
    *kinds, op, mac, sender, _, target = _ARP.unpack_from(ether.payload)
    if tuple(kinds) != _ARP_IP:
        return None
    return Arp(op, mac_text(mac), text(sender), text(target))


def discovery(packet: Ip) -> Discovery | None:
    """The neighbour solicitation or advertisement in an IPv6 packet; None where there is none (RFC 4861, 4.3, 4.4)."""
    body = packet.payload
    if packet.protocol != ICMPV6 or len(body) < 24 or packet.whole[7] != NEAR:  # noqa: PLR2004 - up to its options
        return None
    if body[0] not in {SOLICITATION, ADVERTISEMENT}:
        return None
    told = 1 if body[0] == SOLICITATION else 2
    mac = options(body[24:]).get(told)
    return Discovery(body[0], packet.src, text(body[8:24]), mac_text(mac[:6]) if mac else None)


def options(data: bytes) -> dict[int, bytes]:
    """The options of a neighbour discovery message, the first of each kind, as far as they can be read."""
    found: dict[int, bytes] = {}
    while len(data) >= 8 and 0 < data[1] * 8 <= len(data):  # noqa: PLR2004 - options are of eight octets at least
        found.setdefault(data[0], data[2 : data[1] * 8])
        data = data[data[1] * 8 :]
    return found


def udp_frame(macs: tuple[str, str], ips: tuple[str, str], ports: tuple[int, int], payload: bytes) -> bytes:
    """A frame with a UDP datagram; each pair is (source, destination)."""
    header = udp_packet.udp(*ports)
    network = _network(ips, UDP, LIMIT)
    segment = bytearray(header.serialize(payload, network)) + payload
    if header.csum == 0:
        segment[6:8] = b"\xff\xff"  # RFC 768: zero would say that there is none, which IPv6 does not allow
    return _frame(macs, network, bytes(segment))


def reset_frame(
    macs: tuple[str, str], ips: tuple[str, str], ports: tuple[int, int], seq: int, ack: int | None
) -> bytes:
    """A frame with a TCP reset; each pair is (source, destination), ``ack`` is None where it acknowledges nothing."""
    flags = RST if ack is None else RST | ACK
    network = _network(ips, TCP, LIMIT)
    header = tcp_packet.tcp(*ports, seq=seq, ack=ack or 0, bits=flags, window_size=0)
    return _frame(macs, network, bytes(header.serialize(b"", network)))


def icmp_frame(macs: tuple[str, str], ips: tuple[str, str], message: bytes, limit: int = LIMIT) -> bytes:
    """A frame with an ICMP or ICMPv6 message, whose bytes 2 and 3 are zero and become its checksum."""
    version6 = ":" in ips[0]
    network = _network(ips, ICMPV6 if version6 else ICMP, limit)
    total = packet_utils.checksum_ip(network, len(message), message) if version6 else packet_utils.checksum(message)
    return _frame(macs, network, message[:2] + total.to_bytes(2, "big") + message[4:])


def arp_frame(macs: tuple[str, str], op: int, sender: tuple[str, str], target: tuple[str, str]) -> bytes:
    """A frame with an ARP packet; sender and target are (MAC, address)."""
    body = arp_packet.arp_ip(op, sender[0], sender[1], target[0], target[1]).serialize(b"", None)
    return _framed(macs, ETH_ARP, bytearray(body))


def _network(ips: tuple[str, str], protocol: int, limit: int) -> ipv4_packet.ipv4 | ipv6_packet.ipv6:
    if ":" in ips[0]:
        return ipv6_packet.ipv6(src=ips[0], dst=ips[1], nxt=protocol, hop_limit=limit)
    return ipv4_packet.ipv4(src=ips[0], dst=ips[1], proto=protocol, ttl=limit)


def _frame(macs: tuple[str, str], network: ipv4_packet.ipv4 | ipv6_packet.ipv6, segment: bytes) -> bytes:
    kind = ETH_IPV6 if network.version == 6 else ETH_IP  # noqa: PLR2004 - IP version 6
    return _framed(macs, kind, bytearray(network.serialize(segment, None)) + segment)


def _framed(macs: tuple[str, str], kind: int, payload: bytearray) -> bytes:
    """The payload behind an Ethernet header; os-ken pads what is too short for the wire."""
    header = ethernet_packet.ethernet(src=macs[0], dst=macs[1], ethertype=kind).serialize(payload, None)
    return bytes(header) + bytes(payload)
