"""Outer addresses: who answers for them on a segment, and how a packet gets to the chassis that stands for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.fabric_tables import STEER
from apps.nat_tables import UN_SNAT
from apps.next_hops import bound_for, next_hop, next_mac, prefix
from apps.pipeline import DELIVER, DESTINATION, RESOLVE, ROUTE, ROUTER_IN
from apps.questions import asked, told
from apps.ways_there import toward
from controller.courses import Departure
from controller.flow import fields as f
from controller.flow.actions import Action, set_field
from controller.flow.fields import Masked
from controller.flow.flow import Flow, Here, Hosts, Match
from controller.links import Bearing

if TYPE_CHECKING:
    from controller.compiler.view import View
    from controller.entities import Encap

HAIRPIN, FLOATING_HAIRPIN = 1, 2
"""Marks of connections from inside to a forwarded port, and to a floating IP, which lead back inside."""


def origins(mark: int) -> tuple[tuple[Masked, int | None], ...]:
    """Where a new connection to an outer address may come from: outside, and inside, which gets the mark."""
    bit = r.OUTSIDE_BIT
    return (Masked(bit, bit), None), (Masked(0, bit), mark)


def carry(inner: int, encap: Encap, chassis: str, view: View) -> list[Action]:
    """Send a packet, as it is, to the chassis that translates it."""
    return [set_field(r.NETWORK, inner), *toward(chassis, encap, view), DELIVER.goto]


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
    """What is for an address of the router itself, and was translated to nobody, is not handed to it once more."""
    return ROUTE.flow(realm, prefix(address), bound_for(number, address), [])


def answer(scope: Here | Hosts, vni: int, address: str, mac: str) -> Flow:
    """Who asks outside for an outer address is told its MAC."""
    return ROUTER_IN.flow(scope, "answer", asked(vni, address), told(address, mac))


def out_here(router: str, view: View) -> list[Action]:
    """How a packet leaves by a router (key) whose exit is here; by way of STEER where a course may lead it."""
    if not view.count(Departure, "router", router):
        return [UN_SNAT.goto]
    return [set_field(r.VIA, r.VIA_EXIT), STEER.goto]


def out_there(router: str, under: tuple[int, Encap], chassis: str, view: View) -> list[Action]:
    """How it goes to the chassis where it leaves, ``under`` a VNI and by tunnels of which sort."""
    if not view.count(Departure, "router", router):
        return carry(*under, chassis, view)
    vni, encap = under
    towards = set_field(r.TOWARDS, view.get(Bearing, chassis).number)
    return [set_field(r.NETWORK, vni), *toward(chassis, encap, view), towards, STEER.goto]
