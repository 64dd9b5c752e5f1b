"""Questions for a MAC: how ARP and neighbour discovery ask who has an address, and where the answer is made."""

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


def asked(vni: int, address: str) -> Match:
    """What matches the question for an address of a network."""
    if ":" in address:
        return {r.NETWORK: vni, f.ICMPV6_TYPE: SOLICITATION, f.ND_TARGET: address}
    return {r.NETWORK: vni, f.ARP_OP: ARP_REQUEST, f.ARP_TPA: address}


def told(address: str, mac: str) -> list[Action]:
    """Who asks is told this MAC."""
    return [set_field(r.ANSWER_MAC, f.mac_number(mac)), (ND_ANSWER if ":" in address else ARP_ANSWER).goto]
