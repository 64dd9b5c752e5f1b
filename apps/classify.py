"""Classify: a packet belongs to the network of the port it came from, or of the tunnel key it came with.

Only untagged frames of a port are its network's. A tunnel packet counts only from a chassis that we know. What bridges
say to find each other is for the daemon, whoever says it, so that it also hears of those who only pretend; so is a
little of what comes from ports of which nobody knows yet what is behind them, which tells that. What comes
from physical segments, from the host and by links is classified by ``apps.segments``, ``apps.host_link`` and
``apps.fabric``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.binding import unclaimed
from apps.fabric_tables import ARRIVAL
from apps.pipeline import CLASSIFY, NEIGHBOUR, PEER, PUNT, SOURCE
from apps.questions import LINK_ONLY
from apps.standing import sending
from controller.flow.actions import Action, copy, set_field
from controller.flow.fields import (
    ETH_DST,
    ETH_LLDP,
    ETH_TYPE,
    IN_PORT,
    TUN_ID,
    TUN_IPV6_SRC,
    TUN_METADATA0,
    TUN_SRC,
    VLAN,
)
from controller.flow.flow import EVERYWHERE, Flow, Here, Match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.derived import Endpoint
    from controller.entities import Chassis, Interface

UNTAGGED = 0


def ports(endpoint: Endpoint, view: View) -> Iterator[Flow]:
    """What comes in from a port is of its network, and is checked unless the port is trusted."""
    checked = SOURCE if endpoint.port_security else NEIGHBOUR
    match: Match = {IN_PORT: endpoint.ofport, VLAN: UNTAGGED}
    known = [set_field(r.NETWORK, endpoint.vni), *sending(endpoint, view), checked.goto]
    yield CLASSIFY.flow(Here(endpoint.chassis), "port", match, known)


def tunnels(chassis: Chassis, _view: View) -> Iterator[Flow]:
    """What comes in by a tunnel is of the network that its key names, if its sender is ours and says who sent it."""
    for encap, ofport in chassis.tunnels:
        told: list[Action] = [copy(TUN_METADATA0, r.SENDER)] if encap == r.TELLING else []
        known: list[Action] = [copy(TUN_ID, r.NETWORK), set_field(r.ORIGIN, r.FROM_TUNNEL), *told, PEER.goto]
        yield CLASSIFY.flow(Here(chassis.key), "tunnel", {IN_PORT: ofport}, known)
    if chassis.encap_ip is not None:
        source = TUN_IPV6_SRC if ":" in chassis.encap_ip else TUN_SRC
        yield PEER.flow(EVERYWHERE, "chassis", {source: chassis.encap_ip}, [ARRIVAL.goto])


def probes(_chassis: Chassis, _view: View) -> Iterator[Flow]:
    """LLDP to the addresses that a link keeps to itself, where no machine would get it."""
    probe: Match = {VLAN: UNTAGGED, ETH_TYPE: ETH_LLDP, ETH_DST: LINK_ONLY}
    yield CLASSIFY.flow(EVERYWHERE, "probe", probe, [set_field(r.PUNT, r.PROBED), PUNT.goto])


def strays(interface: Interface, view: View) -> Iterator[Flow]:
    """What else comes from a port that may be another bridge's, or may not."""
    if unclaimed(interface, view):
        stray: Match = {IN_PORT: interface.ofport, VLAN: UNTAGGED}
        asked: list[Action] = [set_field(r.PUNT, r.PROBED), PUNT.goto]
        yield CLASSIFY.flow(Here(interface.chassis), "stray", stray, asked)
