"""Frames that try to get past a policy, and neighbours of theirs that are as they should be, with words to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scapy.contrib.mpls import MPLS
from scapy.layers.dhcp import BOOTP
from scapy.layers.inet import ICMP, IP, UDP, IPOption_LSRR, IPOption_NOP
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6ND_Redirect,
    ICMPv6PacketTooBig,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.layers.sctp import SCTP, SCTPChunkInit
from scapy.packet import Raw

from tests.system.pieces import pieces, strange_pieces
from tests.system.way import SHUT, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mininet_scenarios.vm import Vm
    from tests.system.way import Named, Way

BROADCAST, GROUP, GROUP6 = "ff:ff:ff:ff:ff:ff", "239.1.1.1", "ff02::1"
GROUP_MAC, GROUP6_MAC = "01:00:5e:01:01:01", "33:33:00:00:00:01"


def plain(way: Way) -> Named:
    """What nobody hides."""
    frame = way.ethernet()
    return {
        "UDP": frame / way.ipv4() / way.udp(0),
        "UDP over IPv6": frame / way.ipv6() / way.udp(0),
        "TCP": frame / way.ipv4() / way.tcp(1, "S"),
        "TCP over IPv6": frame / way.ipv6() / way.tcp(1, "S"),
        "SCTP": frame / way.ipv4() / SCTP(sport=way.first, dport=way.port, tag=0) / SCTPChunkInit(init_tag=7),
    }


def options(way: Way) -> Named:
    """Headers between IP and what a rule asks for."""
    frame, ip, udp = way.ethernet(), way.ipv6(), way.udp(2)
    chain = IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrDestOpt()
    return {
        "hop-by-hop options": frame / ip / IPv6ExtHdrHopByHop() / udp,
        "destination options": frame / ip / IPv6ExtHdrDestOpt() / way.udp(3),
        "a chain of headers": frame / ip / chain / way.udp(4),
        "IPv4 options": frame / way.ipv4(options=[IPOption_NOP()] * 4) / way.udp(5),
    }


def tags(way: Way) -> Named:
    """IP inside what is no IP for who looks only once."""
    made: Named = {}
    for target in (way.victim.nic.mac, BROADCAST):
        frame, letter = way.ethernet(target), way.ipv4() / way.udp(6)
        made |= {
            f"VLAN tag to {target}": frame / Dot1Q(vlan=7) / letter,
            f"priority tag to {target}": frame / Dot1Q(vlan=0, prio=5) / letter,
            f"two VLAN tags to {target}": frame / Dot1Q(vlan=7) / Dot1Q(vlan=8) / letter,
            f"802.1ad to {target}": frame / Dot1AD(vlan=7) / Dot1Q(vlan=8) / letter,
            f"MPLS to {target}": frame / MPLS(label=16, s=1) / letter,
            f"two MPLS labels to {target}": frame / MPLS(label=16, s=0) / MPLS(label=17, s=1) / letter,
        }
    return made


def flags(way: Way) -> Named:
    """Segments that begin no connection, and belong to none."""
    kinds = {
        "SYN and FIN": "SF",
        "no flags": "",
        "all flags": "FPU",
        "SYN and RST": "SR",
        "ACK of nothing": "A",
        "SYN and ACK of nothing": "SA",
        "RST of nothing": "R",
        "FIN of nothing": "FA",
    }
    made: Named = {}
    for at, (what, bits) in enumerate(kinds.items(), 40):
        made[what] = way.ethernet() / way.ipv4() / way.tcp(at, bits)
        made[f"{what}, IPv6"] = way.ethernet() / way.ipv6() / way.tcp(at, bits)
    return made


def impossible(way: Way) -> Named:
    """Segments that no rule may let through, whoever sends them."""
    frame = way.ethernet()
    return {
        what: frame / way.ipv4() / way.tcp(at, bits)
        for at, (what, bits) in enumerate((("none", ""), ("xmas", "FPU")), 60)
    }


def errors(way: Way) -> Named:
    """ICMP errors about connections that there are not, and an answer to nothing."""
    frame = way.ethernet()
    quoted = IP(src=way.victim.ipv4, dst=way.source.ipv4) / UDP(sport=9, dport=9)
    quoted6 = IPv6(src=way.victim.ipv6, dst=way.source.ipv6) / UDP(sport=9, dport=9)
    return {
        "unreachable": frame / way.ipv4() / ICMP(type=3, code=3) / quoted,
        "time exceeded": frame / way.ipv4() / ICMP(type=11) / quoted,
        "redirect": frame / way.ipv4() / ICMP(type=5, gw=way.source.ipv4) / quoted,
        "packet too big": frame / way.ipv6() / ICMPv6PacketTooBig(mtu=1280) / quoted6,
        "echo": frame / way.ipv4() / ICMP(id=3),
        "echo over IPv6": frame / way.ipv6() / ICMPv6EchoRequest(id=3),
        "echo reply": frame / way.ipv4() / ICMP(type=0, id=4),
        "answer from port 53": frame / way.ipv4() / UDP(sport=53, dport=SHUT),
    }


def casts(way: Way) -> Named:
    """What is for one in frames for all, and what is for all."""
    made: Named = {}
    for target in (BROADCAST, GROUP_MAC, GROUP6_MAC):
        made[f"for one, to {target}"] = way.ethernet(target) / way.ipv4() / way.udp(7)
        made[f"IPv6 for one, to {target}"] = way.ethernet(target) / way.ipv6() / way.udp(7)
    return made | to_all(way)


def to_all(way: Way) -> Named:
    """Broadcast and multicast as they should be."""
    return {
        "broadcast": way.ethernet(BROADCAST) / way.ipv4(dst="255.255.255.255") / way.udp(8),
        "multicast": way.ethernet(GROUP_MAC) / way.ipv4(dst=GROUP) / way.udp(9),
        "IPv6 multicast": way.ethernet(GROUP6_MAC) / way.ipv6(dst=GROUP6) / way.udp(9),
    }


def looking_exempt(way: Way) -> Named:
    """What looks like the traffic that no policy asks: DHCP and neighbour discovery, where it is not."""
    frame, all_ = way.ethernet(), way.ethernet(GROUP6_MAC)
    asked = ICMPv6ND_NS(tgt=way.victim.ipv6)
    made: Named = {}
    for what, source, target in (("DHCP request", 68, 67), ("DHCP answer", 67, 68)):
        datagram = UDP(sport=source, dport=target) / BOOTP(op=2 if source == 67 else 1)
        made[what] = frame / way.ipv4() / datagram
        made[f"{what} to all"] = way.ethernet(BROADCAST) / way.ipv4(dst="255.255.255.255") / datagram
    for what, source, target in (("DHCPv6 request", 546, 547), ("DHCPv6 answer", 547, 546)):
        made[what] = frame / way.ipv6() / UDP(sport=source, dport=target)
    return made | {
        "router advertisement": all_ / way.ipv6(dst=GROUP6, hlim=255) / ICMPv6ND_RA(),
        "redirect of ND": frame / way.ipv6(hlim=255) / ICMPv6ND_Redirect(tgt=way.source.ipv6, dst=way.victim.ipv6),
        "question in a fragment": frame / way.ipv6(hlim=255) / IPv6ExtHdrFragment(m=1, id=77) / asked,
        "question from afar": frame / way.ipv6(hlim=64) / asked,
    }


def tunnels(way: Way) -> Named:
    """A packet inside a packet, source routes, protocols that nobody allowed."""
    frame = way.ethernet()
    protocols = {"IP in IP": 4, "IPv6 in IP": 41, "GRE": 47, "ESP": 50, "UDP-Lite": 136, "a protocol for trials": 253}
    made: Named = {what: frame / way.ipv4(proto=number) for what, number in protocols.items()}
    made["source route"] = frame / way.ipv4(options=[IPOption_LSRR(routers=[way.victim.ipv4])]) / way.udp(10)
    made["routing header"] = frame / way.ipv6() / IPv6ExtHdrRouting(addresses=[way.victim.ipv6]) / way.udp(10)
    made["no next header"] = frame / way.ipv6(nh=59)
    return made


def ethertypes(way: Way) -> Named:
    """What is neither IP nor ARP."""
    return {
        f"ethertype {kind:#06x}": Ether(src=way.source.nic.mac, dst=way.victim.nic.mac, type=kind)
        for kind in (0x0842, 0x8863, 0x88B5, 0x9000)
    }


def forged(way: Way, friend: Vm) -> Named:
    """In the name of somebody who is let in."""
    mac, frame = way.victim.nic.mac, way.ethernet()
    return {
        "friend's address": frame / way.ipv4(src=friend.ipv4) / way.udp(11),
        "friend's IPv6 address": frame / way.ipv6(src=friend.ipv6) / way.udp(11),
        "friend's MAC": Ether(src=friend.nic.mac, dst=mac) / way.ipv4() / way.udp(12),
        "friend's MAC and address": Ether(src=friend.nic.mac, dst=mac) / way.ipv4(src=friend.ipv4) / way.udp(12),
    }


def malformed(way: Way) -> Named:
    """Headers that lie about their own length."""
    whole = bytes(way.ethernet() / way.ipv4() / way.udp(13) / Raw(way.words("IP header too short")))
    short = whole[:14] + b"\x44" + whole[15:]
    longer = bytes(way.ethernet() / way.ipv4(len=1400) / way.udp(14) / Raw(way.words("longer than it is")))
    return {"IP header too short": short, "longer than it is": longer}


def evil(way: Way, friend: Vm) -> Iterator[tuple[str, bytes]]:
    """All that must not arrive, where nothing is allowed; again the plain ones, as who tries twice does."""
    families = (
        *(plain(way), options(way), pieces(way, 30), strange_pieces(way), tags(way), flags(way), errors(way)),
        *(casts(way), looking_exempt(way), tunnels(way), ethertypes(way), forged(way, friend), malformed(way)),
    )
    for family in families:
        yield from signed(way, family).items()
    yield from signed(way, plain(way)).items()


def good(way: Way) -> Iterator[tuple[str, bytes]]:
    """All that must arrive where the port of this way is open to the victim alone."""
    for family in (plain(way), options(way), pieces(way, 30)):
        yield from signed(way, family).items()
