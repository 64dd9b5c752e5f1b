"""Outer addresses: who answers for them on a segment, and how a packet gets to the chassis that stands for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.next_hops import destination, next_hop, next_mac
from apps.pipeline import ARP_ANSWER, DELIVER, DESTINATION, ND_ANSWER, RESOLVE, ROUTE, ROUTER_IN, UN_SNAT
from controller.entities import Chassis
from controller.flow import fields as f
from controller.flow.actions import Action, set_field
from controller.flow.blocks import network
from controller.flow.fields import Masked
from controller.flow.flow import Flow, Here, Hosts, Match

if TYPE_CHECKING:
    from controller.compiler.view import View
    from controller.entities import Encap

ARP_REQUEST, SOLICITATION = 1, 135
HAIRPIN, FLOATING_HAIRPIN = 1, 2
"""Marks of connections from inside to a forwarded port, and to a floating IP, which lead back inside."""


def source_zone(number: int) -> int:
    """The conntrack zone in which a router remembers sources."""
    return 2 * number


def destination_zone(number: int) -> int:
    """The conntrack zone in which a router remembers destinations."""
    return 2 * number + 1


def origins(mark: int) -> tuple[tuple[Masked, int | None], ...]:
    """Where a new connection to an outer address may come from: outside, and inside, which gets the mark."""
    bit = r.OUTSIDE_BIT
    return (Masked(bit, bit), None), (Masked(0, bit), mark)


def carry(inner: int, encap: Encap, chassis: str, view: View) -> list[Action]:
    """Send a packet, as it is, to the chassis that translates it; nothing if that has no tunnels."""
    there = view.get(Chassis, chassis)
    if there.encap_ip is None:
        return []
    return [
        set_field(r.NETWORK, inner),
        set_field(r.VIA, r.VIA_TUNNEL[encap]),
        set_field(f.TUN_IPV6_DST if ":" in there.encap_ip else f.TUN_DST, there.encap_ip),
        DELIVER.goto,
    ]


def outer(seat: Here, vni: int, mac: str, number: int) -> Flow:
    """Packets to an outer MAC are a stranger's until a connection says otherwise."""
    stranger: list[Action] = [set_field(r.ROUTER, number), set_field(r.ORIGIN, r.FROM_SEGMENT), UN_SNAT.goto]
    return ROUTER_IN.flow(seat, "outer", {r.NETWORK: vni, f.ETH_DST: mac}, stranger)


def entrance(here: Here, vni: int, mac: str) -> Flow:
    """What another router sends to an outer MAC of the same chassis comes in as if from the segment."""
    sent: Match = {r.NETWORK: vni, f.ETH_DST: mac, r.LOOKUP: r.DELIVERY, r.ORIGIN: r.FROM_ROUTER}
    return DESTINATION.flow(here, "router", sent, [ROUTER_IN.resubmit])


def beside(here: Here, vni: int, address: str, mac: str) -> Flow:
    """Routers that leave by the same chassis know who is there: asked on the segment, nobody would answer them."""
    return RESOLVE.flow(here, "here", next_hop(vni, address), next_mac(mac))


def end(realm: Hosts, number: int, address: str) -> Flow:
    """What is for an outer address and was translated to nobody is not handed to its own router once more."""
    itself: Match = {r.ROUTER: number, destination(address): address}
    return ROUTE.flow(realm, f"/{network(address).prefixlen}", itself, [])


def answer(scope: Here | Hosts, vni: int, address: str, mac: str) -> Flow:
    """Who asks outside for an outer address is told its MAC."""
    tell = set_field(r.ANSWER_MAC, f.mac_number(mac))
    if ":" in address:
        solicited: Match = {r.NETWORK: vni, f.ICMPV6_TYPE: SOLICITATION, f.ND_TARGET: address}
        return ROUTER_IN.flow(scope, "answer", solicited, [tell, ND_ANSWER.goto])
    asked: Match = {r.NETWORK: vni, f.ARP_OP: ARP_REQUEST, f.ARP_TPA: address}
    return ROUTER_IN.flow(scope, "answer", asked, [tell, ARP_ANSWER.goto])
