"""Ways there: how a packet is handed to another chassis, and by what its frame goes on to the next bridge.

Chassis with a tunnel address are reached by a tunnel, all others by the links between bridges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from controller.entities import Chassis
from controller.flow import fields as f
from controller.flow.actions import copy, output, set_field
from controller.flow.groups import Bucket
from controller.flow.headers import decap
from controller.links import FABRIC, Bearing, Link, link_name

if TYPE_CHECKING:
    from controller.compiler.view import View
    from controller.entities import Encap
    from controller.flow.actions import Action
    from controller.flow.fields import Field
    from controller.flow.flow import Match

BETWEEN_BRIDGES: Match = {r.NETWORK: FABRIC, f.ETH_TYPE: f.ETH_NSH}
"""A frame between bridges, by whatever it came; such frames of a machine are of its network."""


def toward(chassis: str, encap: Encap, view: View) -> tuple[Action, Action]:
    """How DELIVER hands a packet to a chassis: what VIA says, and to whom; ``Missing`` where there is none such."""
    there = view.get(Chassis, chassis).encap_ip
    if there is None:
        return set_field(r.VIA, r.VIA_FABRIC), set_field(r.TOWARDS, view.get(Bearing, chassis).number)
    return set_field(r.VIA, r.VIA_TUNNEL[encap]), set_field(tunnel_end(there), there)


def label(bearing: Bearing, version: int) -> int:
    """The service path that leads to a chassis, by its routes of one version."""
    return bearing.number << 1 | version


def across(bridge: str, neighbour: str, view: View) -> list[Bucket]:
    """The ways from a bridge to the next, one for each wire, or the tunnel where no link joins the two.

    None where all wires are down. A tunnel has no port of its own to watch, and may be left by where it was entered.
    """
    link = view.find(Link, link_name(bridge, neighbour))
    if link is not None:
        return [Bucket(port, (output(port),)) for port in link.ports(bridge)]
    tunnel = tunnel_between(bridge, neighbour, view)
    return [Bucket(None, (set_field(f.TUN_ID, FABRIC), *tunnel))] if tunnel else []


def tunnel_between(one: str, other: str, view: View) -> tuple[Action, ...]:
    """How one chassis sends to another in a tunnel whose key stands already; () where they have no sort in common."""
    here, there = view.get(Chassis, one), view.get(Chassis, other)
    shared = [ofport for encap, ofport in here.tunnels if encap in dict(there.tunnels)]
    if here.encap_ip is None or there.encap_ip is None or not shared:
        return ()
    start, end = tunnel_start(here.encap_ip), tunnel_end(there.encap_ip)
    ends = (set_field(start, here.encap_ip), set_field(end, there.encap_ip))
    return (*ends, set_field(f.IN_PORT, 0), output(shared[0]))


def tunnel_end(address: str) -> Field:
    """The field that says where a tunnel to this address ends."""
    return f.TUN_IPV6_DST if ":" in address else f.TUN_DST


def tunnel_start(address: str) -> Field:
    """The field that says where a tunnel from this address begins."""
    return f.TUN_IPV6_SRC if ":" in address else f.TUN_SRC


def unwrapped() -> list[Action]:
    """Take the header off, and what it told of the packet out of it."""
    return [copy(f.NSH_C1, r.NETWORK), copy(f.NSH_C3, r.SENDER), decap(), decap()]
