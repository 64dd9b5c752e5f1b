"""Packets as the fields that a switch sees in them, and a few that it reads without our being able to match them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.addresses import link_local
from controller.flow import fields as f

if TYPE_CHECKING:
    from controller.flow.fields import Field

Packet = dict["Field", int]
"""Field values; a field that is not there reads as 0, as it does in a switch."""

_NO_FIELD = 0xFFFE
LENGTH = f.Field("length", _NO_FIELD, 0, 16, 0)
"""Bytes of the frame, from its destination MAC to the end of what it carries."""
ECHO_ID = f.Field("echo_id", _NO_FIELD, 1, 16, 0)
TCP_FLAGS = f.Field("tcp_flags", _NO_FIELD, 2, 8, 0)
INSIDE_SRC = f.Field("inside_src", _NO_FIELD, 3, 128, 0)
"""What an ICMP error says of the packet that it is about: its addresses, protocol, and ports or echo id."""
INSIDE_DST = f.Field("inside_dst", _NO_FIELD, 4, 128, 0)
INSIDE_PROTO = f.Field("inside_proto", _NO_FIELD, 5, 8, 0)
INSIDE_SRC_PORT = f.Field("inside_src_port", _NO_FIELD, 6, 16, 0)
INSIDE_DST_PORT = f.Field("inside_dst_port", _NO_FIELD, 7, 16, 0)
INSIDE_TYPE = f.Field("inside_type", _NO_FIELD, 8, 8, 0)

BROADCAST = "ff:ff:ff:ff:ff:ff"
NO_MAC = "00:00:00:00:00:00"
TAG_PRESENT = 0x1000
FIN, SYN, RST, PSH, ACK, URG = (1 << bit for bit in range(6))
PING, PONG, UNREACHABLE, TIME_EXCEEDED = 8, 0, 3, 11
PING6, PONG6, UNREACHABLE6 = 128, 129, 1
SOLICITATION, ADVERTISEMENT, ROUTER_ADVERTISEMENT, REDIRECT = 135, 136, 134, 137
TURNED = (
    *((f.ETH_SRC, f.ETH_DST), (f.IPV4_SRC, f.IPV4_DST), (f.IPV6_SRC, f.IPV6_DST)),
    *((f.TCP_SRC, f.TCP_DST), (f.UDP_SRC, f.UDP_DST), (f.SCTP_SRC, f.SCTP_DST)),
)
"""Pairs of fields that change places in an answer."""
CARRIED = frozenset(
    (*sum(TURNED, ()), f.ETH_TYPE, f.VLAN, f.IP_PROTO, f.ICMP_TYPE, f.ICMP_CODE, f.ICMPV6_TYPE, f.ICMPV6_CODE, ECHO_ID)
)
"""Fields that stand in a packet itself, and are the same in its answer where they do not change places."""
INSIDE = {
    f.TCP_SRC: INSIDE_SRC_PORT,
    f.TCP_DST: INSIDE_DST_PORT,
    f.UDP_SRC: INSIDE_SRC_PORT,
    f.UDP_DST: INSIDE_DST_PORT,
    ECHO_ID: INSIDE_SRC_PORT,
    f.ICMP_TYPE: INSIDE_TYPE,
    f.ICMPV6_TYPE: INSIDE_TYPE,
}
"""Where an error about a packet tells of its fields."""


def frame(sender: str, target: str, ethertype: int) -> Packet:
    """An Ethernet frame without more."""
    return {f.ETH_SRC: f.mac_number(sender), f.ETH_DST: f.mac_number(target), f.ETH_TYPE: ethertype}


def ip(sender: str, target: str, source: str, destination: str, protocol: int = f.TCP) -> Packet:
    """IPv4 or IPv6, by its addresses."""
    fields = (f.ETH_IPV6, f.IPV6_SRC, f.IPV6_DST) if ":" in source else (f.ETH_IP, f.IPV4_SRC, f.IPV4_DST)
    ethertype, src, dst = fields
    addresses = {src: f.ip_number(source), dst: f.ip_number(destination)}
    return frame(sender, target, ethertype) | addresses | {f.IP_PROTO: protocol, f.IP_TTL: 64}


def udp(sender: str, target: str, source: str, destination: str, ports: tuple[int, int] = (5000, 6000)) -> Packet:
    """UDP from and to these ports."""
    return ip(sender, target, source, destination, f.UDP) | dict(zip((f.UDP_SRC, f.UDP_DST), ports, strict=True))


def sctp(sender: str, target: str, source: str, destination: str, ports: tuple[int, int] = (5000, 6000)) -> Packet:
    """SCTP from and to these ports."""
    return ip(sender, target, source, destination, f.SCTP) | dict(zip((f.SCTP_SRC, f.SCTP_DST), ports, strict=True))


def tcp(
    sender: str,
    target: str,
    source: str,
    destination: str,
    ports: tuple[int, int] = (40000, 80),
    *,
    flags: int | None = None,
) -> Packet:
    """TCP from and to these ports; without flags it is whichever segment of a sound connection comes next."""
    packet = ip(sender, target, source, destination) | {f.TCP_SRC: ports[0], f.TCP_DST: ports[1]}
    return packet if flags is None else packet | {TCP_FLAGS: flags}


def ping(sender: str, target: str, source: str, destination: str, identifier: int = 1) -> Packet:
    """An echo request over IPv4 or IPv6."""
    six = ":" in source
    fields = {f.ICMPV6_TYPE: PING6, f.ICMPV6_CODE: 0} if six else {f.ICMP_TYPE: PING, f.ICMP_CODE: 0}
    packet = ip(sender, target, source, destination, f.ICMPV6 if six else f.ICMP)
    return packet | fields | {ECHO_ID: identifier}


def answer(packet: Packet) -> Packet:
    """What the machine that got this sends back: addresses and ports the other way round, a pong for a ping."""
    back = {of: value for of, value in packet.items() if of in CARRIED}
    for one, other in TURNED:
        if one in packet or other in packet:
            back[one], back[other] = packet.get(other, 0), packet.get(one, 0)
    for kind, (request, reply) in ((f.ICMP_TYPE, (PING, PONG)), (f.ICMPV6_TYPE, (PING6, PONG6))):
        if packet.get(kind) == request:
            back[kind] = reply
    if TCP_FLAGS in packet:
        back[TCP_FLAGS] = SYN | ACK if packet[TCP_FLAGS] == SYN else ACK
    return back | {f.IP_TTL: 64}


def icmp_error(sender: str, target: str, source: str, about: Packet, kind: int = UNREACHABLE) -> Packet:
    """Tells the sender of ``about``, as it was where it could not go on, why; ``kind`` is of the same IP version."""
    six = about[f.ETH_TYPE] == f.ETH_IPV6
    src, dst = (f.IPV6_SRC, f.IPV6_DST) if six else (f.IPV4_SRC, f.IPV4_DST)
    show = f.ipv6_text if six else f.ipv4_text
    packet = ip(sender, target, source, show(about[src]), f.ICMPV6 if six else f.ICMP)
    packet |= {f.ICMPV6_TYPE: kind, f.ICMPV6_CODE: 1} if six else {f.ICMP_TYPE: kind, f.ICMP_CODE: 1}
    packet |= {INSIDE_SRC: about[src], INSIDE_DST: about[dst], INSIDE_PROTO: about[f.IP_PROTO]}
    return packet | {inside: about[of] for of, inside in INSIDE.items() if of in about}


def arp(sender: str, target: str, operation: int, tells: tuple[str, str], asks: tuple[str, str]) -> Packet:
    """ARP: ``tells`` is the sender's MAC and address inside, ``asks`` the target's."""
    inside = {f.ARP_OP: operation, f.ARP_SHA: f.mac_number(tells[0]), f.ARP_SPA: f.ip_number(tells[1])}
    return (
        frame(sender, target, f.ETH_ARP) | inside | {f.ARP_THA: f.mac_number(asks[0]), f.ARP_TPA: f.ip_number(asks[1])}
    )


def arp_request(sender: str, source: str, target: str) -> Packet:
    """Asks who has ``target``."""
    return arp(sender, BROADCAST, 1, (sender, source), (NO_MAC, target))


def icmpv6(sender: str, target: str, source: str, destination: str, kind: int) -> Packet:
    """An ICMPv6 message."""
    return ip(sender, target, source, destination, f.ICMPV6) | {f.ICMPV6_TYPE: kind, f.ICMPV6_CODE: 0}


def solicitation(sender: str, source: str, target: str, link_address: str | None = None) -> Packet:
    """Asks who has IPv6 address ``target``. Sent to the group that its last 24 bits make (RFC 4861, 4.3)."""
    low = f.ip_number(target) & 0xFFFFFF
    group = f.ipv6_text(0xFF02_0000_0000_0000_0000_0001_FF00_0000 | low)
    packet = icmpv6(sender, f.mac_text(0x3333_FF00_0000 | low), source, group, SOLICITATION)
    return packet | {f.ND_TARGET: f.ip_number(target), f.ND_SLL: f.mac_number(link_address or NO_MAC)}


def duplicate_detection(sender: str, target: str) -> Packet:
    """Asks whether anybody has ``target``, before the sender takes it (RFC 4862, 5.4.2)."""
    return solicitation(sender, "::", target)


def advertisement(sender: str, to: str, source: str, target: str, link_address: str | None) -> Packet:
    """``target`` is at ``link_address``."""
    packet = icmpv6(sender, to, source, "ff02::1", ADVERTISEMENT)
    return packet | {f.ND_TARGET: f.ip_number(target), f.ND_TLL: f.mac_number(link_address or NO_MAC)}


def from_router(sender: str, kind: int) -> Packet:
    """A router advertisement or a redirect, to all nodes."""
    return icmpv6(sender, "33:33:00:00:00:01", link_local(sender), "ff02::1", kind)


def aged(packet: Packet, ttl: int) -> Packet:
    """The packet with this time to live, or hop limit."""
    return packet | {f.IP_TTL: ttl}


def sized(packet: Packet, length: int) -> Packet:
    """The packet in a frame of so many bytes, of which Ethernet's header takes 14."""
    return packet | {LENGTH: length}


def tagged(packet: Packet, vlan: int) -> Packet:
    """The packet behind one or more tags, the outer of which is ``vlan``."""
    return packet | {f.VLAN: TAG_PRESENT | vlan}
