"""Destination: a known unicast address is one port's, here or behind a tunnel; nothing is learnt, nothing guessed.

Only in a bridged network may an address be nobody's that we know: then it is on the segment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import aims
from apps import registers as r
from apps.binding import reach
from apps.pipeline import CROWD, DELIVER, DESTINATION, FLOOD
from apps.policy_tables import INGRESS
from apps.questions import LINK_ONLY
from apps.standing import receiving
from apps.ways_there import toward
from controller.derived import Endpoint, Realm
from controller.entities import UNTUNNELLED
from controller.flow.actions import Action, meter, set_field
from controller.flow.fields import ETH_DST, IN_PORT, Masked
from controller.flow.flow import EVERYWHERE, Flow, Here, Hosts, Match
from controller.flow.meters import crowd_meter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.entities import Chassis, Network

GROUP_BIT = 1 << 40
BROADCAST = (1 << 48) - 1
NEIGHBOUR_QUESTIONS = Masked(0x3333_FF00_0000, 0xFFFF_FF00_0000)
FROM_HERE = Masked(0, r.ELSEWHERE_BITS)


def local(endpoint: Endpoint, view: View) -> Iterator[Flow]:
    """On the port's own chassis."""
    yield _local(endpoint, {ETH_DST: endpoint.mac}, view)


def _local(endpoint: Endpoint, address: Match, view: View) -> Flow:
    known: list[Action] = [set_field(r.OUT_PORT, endpoint.ofport), *receiving(endpoint, view)]
    actions = [*known, *aims.here(endpoint, INGRESS.goto, view)]
    return DESTINATION.flow(Here(endpoint.chassis), "local", {r.NETWORK: endpoint.vni, **address}, actions)


def remote(endpoint: Endpoint, view: View) -> Iterator[Flow]:
    """On every other chassis of the network: one flow, the same for all of them."""
    yield from _remote(endpoint, {ETH_DST: endpoint.mac}, view)


def _remote(endpoint: Endpoint, address: Match, view: View) -> Iterator[Flow]:
    if endpoint.mode in UNTUNNELLED:
        return
    match: Match = {r.NETWORK: endpoint.vni, r.ORIGIN: FROM_HERE, **address}
    way = toward(endpoint.chassis, endpoint.encap, view)
    actions: list[Action] = [*way, *aims.there(endpoint, DELIVER.goto, view)]
    yield DESTINATION.flow(reach(endpoint), "remote", match, actions)


def allowed(endpoint: Endpoint, view: View) -> Iterator[Flow]:
    """A MAC that a port was allowed beside its own; where several hold it (VRRP), all of the network get a copy."""
    for mac in sorted({pair.mac for pair in endpoint.allowed_pairs} - {endpoint.mac}):
        address: Match = {ETH_DST: mac, r.LOOKUP: r.DELIVERY}
        if view.count(Endpoint, "mac", (endpoint.network, mac)) == 1:
            yield _local(endpoint, address, view)
            yield from _remote(endpoint, address, view)
        else:
            match: Match = {r.NETWORK: endpoint.vni, **address}
            yield DESTINATION.flow(reach(endpoint), "shared", match, [FLOOD.goto])


def groups(_chassis: Chassis, _view: View) -> Iterator[Flow]:
    """Broadcast and multicast; a neighbour question never becomes one.

    What is asked of everybody is limited; what a link keeps to itself (LLDP, LACP, STP) goes to
    nobody.
    """
    delivery: Match = {r.LOOKUP: r.DELIVERY}
    yield DESTINATION.flow(EVERYWHERE, "reserved", {**delivery, ETH_DST: LINK_ONLY}, [])
    for everybody in (BROADCAST, NEIGHBOUR_QUESTIONS):
        yield DESTINATION.flow(EVERYWHERE, "everybody", {**delivery, ETH_DST: everybody}, [CROWD.goto])
    yield DESTINATION.flow(EVERYWHERE, "group", {**delivery, ETH_DST: Masked(GROUP_BIT, GROUP_BIT)}, [FLOOD.goto])
    yield CROWD.flow(EVERYWHERE, "other", {}, [FLOOD.goto])


def crowds(endpoint: Endpoint, _view: View) -> Iterator[Flow]:
    """A port that speaks to everybody all the time costs every port of its network: within its own limit."""
    limited: list[Action] = [meter(crowd_meter(endpoint.ofport)), FLOOD.goto]
    yield CROWD.flow(Here(endpoint.chassis), "port", {IN_PORT: endpoint.ofport}, limited)


def unknown(network: Network, view: View) -> Iterator[Flow]:
    """In a bridged network, what is nobody's here is on the segment."""
    if network.mode != "bridged":
        return
    match: Match = {r.NETWORK: network.vni, r.LOOKUP: r.DELIVERY, r.ORIGIN: FROM_HERE}
    realm = Hosts(view.get(Realm, network.key).realm)
    yield DESTINATION.flow(realm, "unknown", match, [set_field(r.VIA, r.VIA_SEGMENT), DELIVER.goto])
