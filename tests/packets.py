"""Packets as the fields that a switch sees in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.addresses import link_local
from controller.flow import fields as f

if TYPE_CHECKING:
    from controller.flow.fields import Field

Packet = dict["Field", int]
"""Field values; a field that is not there reads as 0, as it does in a switch."""

BROADCAST = "ff:ff:ff:ff:ff:ff"
NO_MAC = "00:00:00:00:00:00"
TAG_PRESENT = 0x1000
SOLICITATION, ADVERTISEMENT, ROUTER_ADVERTISEMENT, REDIRECT = 135, 136, 134, 137


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


def tagged(packet: Packet, vlan: int) -> Packet:
    """The packet behind one or more tags, the outer of which is ``vlan``."""
    return packet | {f.VLAN: TAG_PRESENT | vlan}
