"""Deliver: out of a local port, into a tunnel that carries the network's VNI, or behind a header; never to oneself.

What a router has turned round may leave by where it came from, which Open vSwitch lets nothing else do. A chassis
without tunnels reaches those that have some by the links, if there is a way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.enclosing import enclosed
from apps.pipeline import DELIVER
from apps.ways_there import label, tunnel_end, tunnel_start
from controller.entities import Chassis
from controller.flow.actions import Action, copy, output, output_field, set_field
from controller.flow.fields import IN_PORT, NSH_SPI, TUN_ID, TUN_METADATA0, Masked
from controller.flow.flow import EVERYWHERE, Flow, Here, Match
from controller.links import Bearing, Heading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View

_BY_TUNNEL = Masked(0, r.VIA_SEGMENT)
"""Of VIA: any tunnel, of whatever sort. LOCALLY looks like one, but is claimed before."""


def translate(chassis: Chassis, view: View) -> Iterator[Flow]:
    """Local delivery, and one flow for each encapsulation."""
    delivery: Match = {r.LOOKUP: r.DELIVERY}
    here: Match = {**delivery, r.VIA: r.LOCALLY}
    yield DELIVER.flow(EVERYWHERE, "local", here, [output_field(r.OUT_PORT)])
    turned: list[Action] = [set_field(IN_PORT, 0), output_field(r.OUT_PORT)]
    yield DELIVER.flow(EVERYWHERE, "routed", {**here, r.ORIGIN: r.FROM_ROUTER}, turned)
    scope = Here(chassis.key)
    if chassis.encap_ip is None:
        own: Match = {r.VIA: r.VIA_FABRIC, r.TOWARDS: view.get(Bearing, chassis.key).number}
        yield DELIVER.flow(scope, "home", delivery | own, [])
        return
    source = tunnel_start(chassis.encap_ip)
    yield DELIVER.flow(scope, "self", {**delivery, tunnel_end(chassis.encap_ip): chassis.encap_ip}, [])
    for encap, ofport in chassis.tunnels:
        key, ours = copy(r.NETWORK, TUN_ID), set_field(source, chassis.encap_ip)
        told: list[Action] = [copy(r.SENDER, TUN_METADATA0)] if encap == r.TELLING else []
        into: list[Action] = [key, ours, *told, set_field(IN_PORT, 0), output(ofport)]
        yield DELIVER.flow(scope, "tunnel", {**delivery, r.VIA: r.VIA_TUNNEL[encap]}, into)


def headings(heading: Heading, view: View) -> Iterator[Flow]:
    """Behind a header that names the chassis, by the routes of the version that is its heading.

    To one with tunnels so go those that have none of that sort themselves.
    """
    there, bearing = view.get(Chassis, heading.key), view.get(Bearing, heading.key)
    sent = [enclosed(set_field(NSH_SPI, label(bearing, heading.version)))]
    delivery: Match = {r.LOOKUP: r.DELIVERY}
    if there.encap_ip is None:
        by_link: Match = {**delivery, r.VIA: r.VIA_FABRIC, r.TOWARDS: bearing.number}
        yield DELIVER.flow(EVERYWHERE, "link", by_link, sent)
        return
    by_tunnel: Match = {**delivery, r.VIA: _BY_TUNNEL, tunnel_end(there.encap_ip): there.encap_ip}
    yield DELIVER.flow(EVERYWHERE, "no_tunnel", by_tunnel, sent)
