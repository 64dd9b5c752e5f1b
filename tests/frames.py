"""Packets of tests as the bytes that go over a wire, and back."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPerror
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6Unknown, IPerror6, IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.layers.sctp import SCTP, SCTPChunkInit
from scapy.packet import Raw

from controller.flow import fields as f
from tests import layers as layer
from tests import packets as p

if TYPE_CHECKING:
    from scapy.packet import Packet as Layers

    from tests.packets import Packet

WITHOUT_TAG = 0xFFF
TYPE_AT = 12
CONTEXT = (f.NSH_C1, f.NSH_C2, f.NSH_C3, f.NSH_C4)
ERRORS = (p.UNREACHABLE, p.TIME_EXCEEDED)


def wire(packet: Packet) -> bytes:
    """The frame: IP with TCP, UDP, SCTP, echo or an ICMP error, or ARP; filled up with zeros to its length.

    Both sides of a TCP connection begin at 0 and have nothing to say but flags.
    """
    layers = Ether(src=f.mac_text(packet[f.ETH_SRC]), dst=f.mac_text(packet[f.ETH_DST]))
    if packet[f.ETH_TYPE] == f.ETH_NSH:
        return bytes(layers)[:TYPE_AT] + f.ETH_NSH.to_bytes(2, "big") + header(packet) + wire(layer.inside(packet))
    if packet.get(f.VLAN):
        layers /= Dot1Q(vlan=packet[f.VLAN] & WITHOUT_TAG)
    layers /= _arp(packet) if packet[f.ETH_TYPE] == f.ETH_ARP else _ip(packet) / _payload(packet)
    missing = packet.get(p.LENGTH, 0) - len(layers)
    return bytes(layers / Raw(bytes(missing)) if missing > 0 else layers)


def header(packet: Packet) -> bytes:
    """The network service header with four words of context before an Ethernet frame (RFC 8300, 2.2 to 2.4)."""
    ttl, words, metadata, ethernet, index = packet[f.NSH_TTL], 6, 1, 3, 255
    first = struct.pack("!HBB", ttl << 6 | words, metadata, ethernet)
    return first + struct.pack("!5I", packet[f.NSH_SPI] << 8 | index, *(packet[word] for word in CONTEXT))


def _arp(packet: Packet) -> Layers:
    shas, spas = f.mac_text(packet[f.ARP_SHA]), f.ipv4_text(packet[f.ARP_SPA])
    thas, tpas = f.mac_text(packet[f.ARP_THA]), f.ipv4_text(packet[f.ARP_TPA])
    return ARP(op=packet[f.ARP_OP], hwsrc=shas, psrc=spas, hwdst=thas, pdst=tpas)


def _ip(packet: Packet) -> Layers:
    ttl, protocol = packet[f.IP_TTL], packet[f.IP_PROTO]
    if packet[f.ETH_TYPE] == f.ETH_IP:
        ends = (f.ipv4_text(packet[f.IPV4_SRC]), f.ipv4_text(packet[f.IPV4_DST]))
        return IP(src=ends[0], dst=ends[1], ttl=ttl, proto=protocol, flags="DF")
    ends = (f.ipv6_text(packet[f.IPV6_SRC]), f.ipv6_text(packet[f.IPV6_DST]))
    return IPv6(src=ends[0], dst=ends[1], hlim=ttl, nh=protocol)


def _payload(packet: Packet) -> Layers:
    echo = packet.get(p.ECHO_ID, 0)
    match packet[f.IP_PROTO]:
        case f.UDP | f.TCP | f.SCTP:
            return _with_ports(packet)
        case _ if p.INSIDE_PROTO in packet:
            return _error(packet) / _inside(packet)
        case f.ICMP:
            return ICMP(type=packet[f.ICMP_TYPE], code=packet[f.ICMP_CODE], id=echo)
        case f.ICMPV6:
            return (ICMPv6EchoRequest if packet[f.ICMPV6_TYPE] == p.PING6 else ICMPv6EchoReply)(id=echo)
        case _:
            return Raw(bytes(8))


def _with_ports(packet: Packet) -> Layers:
    match packet[f.IP_PROTO]:
        case f.UDP:
            return UDP(sport=packet.get(f.UDP_SRC, 0), dport=packet.get(f.UDP_DST, 0))
        case f.SCTP:
            return SCTP(sport=packet.get(f.SCTP_SRC, 0), dport=packet.get(f.SCTP_DST, 0)) / SCTPChunkInit()
        case _:
            return _segment(packet.get(f.TCP_SRC, 0), packet.get(f.TCP_DST, 0), packet.get(p.TCP_FLAGS, p.SYN))


def _segment(source: int, destination: int, flags: int) -> Layers:
    first, answered = int(not flags & p.SYN), int(bool(flags & p.ACK))
    return TCP(sport=source, dport=destination, flags=flags, seq=first, ack=answered)


def _error(packet: Packet) -> Layers:
    if packet[f.ETH_TYPE] == f.ETH_IP:
        return ICMP(type=packet[f.ICMP_TYPE], code=packet[f.ICMP_CODE])
    return ICMPv6Unknown(type=packet[f.ICMPV6_TYPE], code=packet[f.ICMPV6_CODE], msgbody=bytes(4))


def _inside(packet: Packet) -> Layers:
    """The packet that an error is about."""
    six = packet[f.ETH_TYPE] == f.ETH_IPV6
    about: Packet = {of: packet[inside] for of, inside in p.INSIDE.items() if inside in packet}
    about |= {(f.IPV6_SRC if six else f.IPV4_SRC): packet[p.INSIDE_SRC]}
    about |= {(f.IPV6_DST if six else f.IPV4_DST): packet[p.INSIDE_DST], f.ICMP_CODE: 0}
    about |= {f.IP_PROTO: packet[p.INSIDE_PROTO], f.ETH_TYPE: packet[f.ETH_TYPE], f.IP_TTL: 1}
    return _ip(about) / _payload(about)


def read(frame: bytes) -> Packet:
    """The fields of a frame."""
    layers = Ether(frame)
    if layers.type == f.ETH_NSH:
        return _read_header(layers, frame)
    packet = p.frame(layers.src, layers.dst, layers.type) | {p.LENGTH: len(frame)}
    if Dot1Q in layers:
        packet |= {f.VLAN: p.TAG_PRESENT | layers[Dot1Q].vlan, f.ETH_TYPE: layers[Dot1Q].type}
    if ARP in layers:
        told, asked = (layers[ARP].hwsrc, layers[ARP].psrc), (layers[ARP].hwdst, layers[ARP].pdst)
        return packet | _only_arp(p.arp(layers.src, layers.dst, layers[ARP].op, told, asked))
    if IP in layers:
        packet |= {f.IPV4_SRC: f.ip_number(layers[IP].src), f.IPV4_DST: f.ip_number(layers[IP].dst)}
        return packet | {f.IP_TTL: layers[IP].ttl, f.IP_PROTO: layers[IP].proto} | _read_payload(layers[IP].payload)
    packet |= {f.IPV6_SRC: f.ip_number(layers[IPv6].src), f.IPV6_DST: f.ip_number(layers[IPv6].dst)}
    return packet | {f.IP_TTL: layers[IPv6].hlim, f.IP_PROTO: layers[IPv6].nh} | _read_payload(layers[IPv6].payload)


def _read_header(layers: Layers, frame: bytes) -> Packet:
    """A frame behind a network service header, as ``header`` writes it."""
    end = TYPE_AT + 2 + layer.NSH_LENGTH
    first, path, *words = struct.unpack("!I5I", frame[TYPE_AT + 2 : end])
    packet = read(frame[end:])
    layer.put_nsh(packet)
    layer.put_ethernet(packet)
    packet |= {f.ETH_SRC: f.mac_number(layers.src), f.ETH_DST: f.mac_number(layers.dst), f.NSH_SPI: path >> 8}
    packet |= {f.NSH_TTL: first >> 22 & 0x3F, **dict(zip(CONTEXT, words, strict=True))}
    assert header(packet) == frame[TYPE_AT + 2 : end]
    return packet


def _only_arp(packet: Packet) -> Packet:
    return {of: packet[of] for of in (f.ARP_OP, f.ARP_SHA, f.ARP_SPA, f.ARP_THA, f.ARP_TPA)}


def _read_payload(layer: Layers) -> Packet:
    match layer:
        case UDP() | TCP() | SCTP():
            return _read_ports(layer)
        case ICMP():
            kinds = {f.ICMP_TYPE: layer.type, f.ICMP_CODE: layer.code}
            return kinds | (_read_inside(layer.payload) if layer.type in ERRORS else {p.ECHO_ID: layer.id})
        case ICMPv6EchoRequest() | ICMPv6EchoReply():
            return {f.ICMPV6_TYPE: layer.type, f.ICMPV6_CODE: layer.code, p.ECHO_ID: layer.id}
        case _ if hasattr(layer, "type"):
            return {f.ICMPV6_TYPE: layer.type, f.ICMPV6_CODE: layer.code} | _read_inside(layer.payload)
        case _:
            return {}


def _read_ports(layer: Layers) -> Packet:
    match layer:
        case UDP():
            return {f.UDP_SRC: layer.sport, f.UDP_DST: layer.dport}
        case SCTP():
            return {f.SCTP_SRC: layer.sport, f.SCTP_DST: layer.dport}
        case _:
            return {f.TCP_SRC: layer.sport, f.TCP_DST: layer.dport, p.TCP_FLAGS: int(layer.flags)}


def _read_inside(layer: Layers) -> Packet:
    """What an ICMP error is about; with its ports, or an echo's type and id."""
    if not isinstance(layer, IPerror | IPerror6):
        return {}
    protocol = layer.proto if isinstance(layer, IPerror) else layer.nh
    about: Packet = {p.INSIDE_PROTO: protocol, p.INSIDE_SRC: f.ip_number(layer.src)}
    about |= {p.INSIDE_DST: f.ip_number(layer.dst)}
    if protocol in {f.UDP, f.TCP}:
        return about | {p.INSIDE_SRC_PORT: layer.payload.sport, p.INSIDE_DST_PORT: layer.payload.dport}
    if protocol in {f.ICMP, f.ICMPV6}:
        return about | {p.INSIDE_TYPE: layer.payload.type, p.INSIDE_SRC_PORT: layer.payload.id}
    return about
