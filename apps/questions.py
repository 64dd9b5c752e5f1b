"""Questions that networks answer: for an address of one's own (DHCP), and for the MAC of one (ARP, ND)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.pipeline import ARP_ANSWER, ND_ANSWER
from controller.flow import fields as f
from controller.flow.actions import Action, set_field

if TYPE_CHECKING:
    from controller.flow.flow import Match

ARP_REQUEST, ARP_REPLY = 1, 2
SOLICITATION, ADVERTISEMENT = 135, 136
DHCP_CLIENT, DHCP_SERVER, DHCP6_CLIENT, DHCP6_SERVER = 68, 67, 546, 547
DHCP_QUESTION: Match = {f.ETH_TYPE: f.ETH_IP, f.UDP_SRC: DHCP_CLIENT, f.UDP_DST: DHCP_SERVER}
"""What a client of DHCP asks all servers (RFC 2131, 4.1)."""
DHCP_ANSWER: Match = {f.ETH_TYPE: f.ETH_IP, f.UDP_SRC: DHCP_SERVER, f.UDP_DST: DHCP_CLIENT}
DHCP6_ANSWER: Match = {f.ETH_TYPE: f.ETH_IPV6, f.UDP_SRC: DHCP6_SERVER, f.UDP_DST: DHCP6_CLIENT}
"""What servers answer clients (RFC 8415, 7.2)."""
LINK_ONLY = f.Masked(0x0180_C200_0000, 0xFFFF_FFFF_FFF0)
"""Addresses that a link keeps to itself (IEEE 802.1D, 7.12.6): LLDP, LACP, STP."""


def asked(vni: int, address: str) -> Match:
    """What matches the question for an address of a network."""
    if ":" in address:
        return {r.NETWORK: vni, f.ICMPV6_TYPE: SOLICITATION, f.ND_TARGET: address}
    return {r.NETWORK: vni, f.ARP_OP: ARP_REQUEST, f.ARP_TPA: address}


def told(address: str, mac: str) -> list[Action]:
    """Who asks is told this MAC."""
    return [set_field(r.ANSWER_MAC, f.mac_number(mac)), (ND_ANSWER if ":" in address else ARP_ANSWER).goto]
