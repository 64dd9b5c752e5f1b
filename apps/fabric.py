"""Fabric: frames between bridges that are wired to one another, or that tunnels carry for such bridges.

A frame gets its header where it leaves its chassis, and loses it at the chassis that the header names. Bridges between
them know chassis and tracks, never machines. What came by a link never leaves by one as another packet: broadcasts are
as many frames as there are chassis to hear them, each with one destination, and cannot go round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.fabric_tables import ARRIVAL, FABRIC
from apps.pipeline import CLASSIFY, ROUTER_IN
from apps.ways_there import BETWEEN_BRIDGES, across, label, unwrapped
from controller import links
from controller.entities import Chassis
from controller.flow import fields as f
from controller.flow.actions import Action, set_field
from controller.flow.flow import EVERYWHERE, Flow, Here, Match
from controller.flow.groups import group, select
from controller.flow.headers import dec_nsh_ttl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View

VERSIONS = (0, 1)


def everywhere(_chassis: Chassis, _view: View) -> Iterator[Flow]:
    """What came by a tunnel without a header is for this chassis; what has one and is for no other goes on."""
    yield ARRIVAL.flow(EVERYWHERE, "onward", BETWEEN_BRIDGES, [FABRIC.goto])
    yield ARRIVAL.flow(EVERYWHERE, "other", {}, [ROUTER_IN.goto])


def wires(wire: links.Wire, _view: View) -> Iterator[Flow]:
    """Both ends of a wire take in frames with a header and nothing else, also while it is thought to be down."""
    known: list[Action] = [set_field(r.NETWORK, links.FABRIC), set_field(r.ORIGIN, r.FROM_TUNNEL), ARRIVAL.goto]
    for bridge, port in zip(wire.ends, wire.ports, strict=True):
        frame: Match = {f.IN_PORT: port, f.VLAN: 0, f.ETH_TYPE: f.ETH_NSH}
        yield CLASSIFY.flow(Here(bridge), "wire", frame, known)


def here(heading: links.Heading, view: View) -> Iterator[Flow]:
    """What names this chassis loses its header here, by whichever version of the routes it came."""
    bearing = view.get(links.Bearing, heading.key)
    for version in VERSIONS:
        named: Match = {**BETWEEN_BRIDGES, f.NSH_SPI: label(bearing, version)}
        yield ARRIVAL.flow(Here(heading.key), "here", named, [*unwrapped(), ROUTER_IN.goto])


def routes(route: links.Route, view: View) -> Iterator[Flow]:
    """One flow for each bridge that frames may be for, however many machines are there.

    Where there are several ways, a hash of the connection picks one of those whose ports are alive; each bridge picks
    by a hash of its own, since what comes to it has been picked by another's.
    """
    target = view.get(links.Bearing, route.destination)
    ways = [way for hop in route.next_hops for way in across(route.bridge, hop, view)]
    if not ways:
        return
    onward: list[Action] = [*ways[0].actions]
    if len(ways) > 1:
        onward = [group(select(tuple(ways), view.get(links.Bearing, route.bridge).number))]
    named: Match = {f.ETH_TYPE: f.ETH_NSH, f.NSH_SPI: label(target, route.version)}
    yield FABRIC.flow(Here(route.bridge), "route", named, [dec_nsh_ttl(), *onward])
