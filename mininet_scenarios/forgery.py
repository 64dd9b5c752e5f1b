"""Frames that a guest may send, and frames that only a liar sends, each with words in it that a victim would find."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scapy.packet import Packet

    from mininet_scenarios.vm import Vm

TOKEN = re.compile(rb"<<([^<>]+)>>")
BROADCAST = "ff:ff:ff:ff:ff:ff"
ALL_NODES = "33:33:00:00:00:01"
FALSE_MAC = "02:00:00:00:00:fa"
FALSE_IPV4 = "10.0.0.250"
FALSE_IPV6 = "fd00:10::fa"


def honest(source: Vm, victim: Vm) -> dict[str, bytes]:
    """What ``source`` may send to ``victim``, by protocol; all but ARP and ND go to the victim's own MAC."""
    ethernet = Ether(src=source.nic.mac, dst=victim.nic.mac)
    ipv4 = IP(src=source.ipv4, dst=victim.ipv4)
    ipv6 = IPv6(src=source.ipv6, dst=victim.ipv6)
    query = ARP(op=1, hwsrc=source.nic.mac, psrc=source.ipv4, pdst=victim.ipv4)
    return _signed(
        source,
        victim,
        {
            "ARP": Ether(src=source.nic.mac, dst=BROADCAST) / query,
            "ICMP": ethernet / ipv4 / ICMP(),
            "TCP": ethernet / ipv4 / TCP(sport=5, dport=7, flags="S"),
            "UDP": ethernet / ipv4 / UDP(sport=5, dport=7),
            "ICMPv6": ethernet / ipv6 / ICMPv6EchoRequest(),
            "ND": ethernet / ipv6 / ICMPv6ND_NS(tgt=victim.ipv6),
            "broadcast": Ether(src=source.nic.mac, dst=BROADCAST) / IP(src=source.ipv4, dst="255.255.255.255") / UDP(),
        },
    )


def forged(source: Vm, victim: Vm) -> dict[str, bytes]:
    """What ``source`` may not send at all, whoever it is for: it claims to be somebody else."""
    ethernet = Ether(src=source.nic.mac, dst=victim.nic.mac)
    everyone = Ether(src=source.nic.mac, dst=BROADCAST)
    ipv4 = IP(src=source.ipv4, dst=victim.ipv4)
    ipv6 = IPv6(src=source.ipv6, dst=victim.ipv6)
    lie = ICMPv6ND_NA(tgt=FALSE_IPV6, R=0, S=0, O=1) / ICMPv6NDOptDstLLAddr(lladdr=source.nic.mac)
    return _signed(
        source,
        victim,
        {
            "source MAC": Ether(src=FALSE_MAC, dst=victim.nic.mac) / ipv4 / UDP(),
            "source MAC, broadcast": Ether(src=FALSE_MAC, dst=BROADCAST) / ipv4 / UDP(),
            "source IPv4": ethernet / IP(src=FALSE_IPV4, dst=victim.ipv4) / UDP(),
            "source IPv6": ethernet / IPv6(src=FALSE_IPV6, dst=victim.ipv6) / UDP(),
            "ARP sender's address": everyone / ARP(op=2, hwsrc=source.nic.mac, psrc=FALSE_IPV4, pdst=victim.ipv4),
            "ARP sender's MAC": everyone / ARP(op=1, hwsrc=FALSE_MAC, psrc=source.ipv4, pdst=victim.ipv4),
            "ND target": ethernet / ipv6 / lie,
            "ND target, to all": Ether(src=source.nic.mac, dst=ALL_NODES) / IPv6(src=source.ipv6, dst="ff02::1") / lie,
        },
    )


def smuggled(source: Vm, victim: Vm, vnis: Iterable[int], underlay: Iterable[str]) -> dict[str, bytes]:
    """What tries to leave the tenant: VLAN tags, and VXLAN addressed to the hosts themselves."""
    letter = IP(src=source.ipv4, dst=victim.ipv4) / UDP()
    inner = Ether(src=source.nic.mac, dst=victim.nic.mac) / letter
    frames: dict[str, Packet] = {}
    for mac in (victim.nic.mac, BROADCAST):
        outer = Ether(src=source.nic.mac, dst=mac)
        frames[f"VLAN tag to {mac}"] = outer / Dot1Q(vlan=1) / letter
        frames[f"two VLAN tags to {mac}"] = outer / Dot1Q(vlan=1) / Dot1Q(vlan=2) / letter
        frames[f"802.1ad tags to {mac}"] = outer / Dot1AD(vlan=1) / Dot1Q(vlan=2) / letter
        for vni in vnis:
            for host in underlay:
                tunnel = IP(src=source.ipv4, dst=host) / UDP(sport=4789, dport=4789) / VXLAN(vni=vni, flags=8)
                frames[f"VXLAN {vni} to {host} by {mac}"] = outer / tunnel / inner
    return _signed(source, victim, frames)


def tunnelled(source: Vm, victim: Vm, vni: int) -> bytes:
    """What a host would say to another in a tunnel, if ``source`` wrote to ``victim`` in a network (RFC 7348)."""
    letter = Ether(src=source.nic.mac, dst=victim.nic.mac) / IP(src=source.ipv4, dst=victim.ipv4) / UDP()
    ((_, frame),) = _signed(source, victim, {f"VXLAN {vni}": letter}).items()
    return bytes(VXLAN(vni=vni, flags=8)) + frame


def tokens(frames: Iterable[bytes]) -> set[str]:
    """The words that were found in frames, as ``sender to target: what``."""
    return {found.decode() for frame in frames for found in TOKEN.findall(frame)}


def sender(token: str) -> str:
    """The machine that sent a token."""
    return token.partition(" to ")[0]


def target(token: str) -> str:
    """The machine that a token is for."""
    return token.partition(" to ")[2].partition(":")[0]


def _signed(source: Vm, victim: Vm, frames: dict[str, Packet]) -> dict[str, bytes]:
    """Frames by their token, which stands behind the packet as padding does, and so breaks none of its lengths."""
    names = {what: f"{source.name} to {victim.name}: {what}" for what in frames}
    return {names[what]: bytes(frame) + f"<<{names[what]}>>".encode() for what, frame in frames.items()}
