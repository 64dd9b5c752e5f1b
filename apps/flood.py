"""Flood: broadcast and multicast reach every port of the network, and only chassis that have one.

A chassis' ports are flooded to in parts, so that one more port changes one small flow, however many there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.pipeline import DELIVER, FLOOD, FLOOD_HERE, FLOOD_THERE
from apps.policy_tables import INGRESS
from apps.standing import known
from apps.ways_there import toward
from controller.derived import Division, Endpoint, Leaf, Presence, Realm
from controller.entities import Network
from controller.flow import fields as f
from controller.flow.actions import Action, output, set_field
from controller.flow.fields import Masked
from controller.flow.flow import Flow, Here, Hosts, Match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.policy.derived import Standing


def parts(presence: Presence, view: View) -> Iterator[Flow]:
    """Go through the parts here, then to the other chassis."""
    network = view.get(Network, presence.network)
    actions: list[Action] = []
    for part in range(4 ** view.get(Division, presence.key).depth):
        actions += [set_field(r.PART, part), FLOOD_HERE.resubmit]
    yield FLOOD.flow(Here(presence.chassis), "network", {r.NETWORK: network.vni}, [*actions, FLOOD_THERE.goto])


def members(leaf: Leaf, view: View) -> Iterator[Flow]:
    """The ports of one part: guarded ones get ARP, and of IP what their guard lets through.

    The copies of one packet are no connection, and none is remembered.
    """
    here, part = Here(leaf.chassis), {r.NETWORK: view.get(Network, leaf.network).vni, r.PART: leaf.part}
    ports = view.where(Endpoint, "leaf", (leaf.network, leaf.chassis, leaf.depth, leaf.part))
    found = [(endpoint, at) for endpoint in ports if (at := known(endpoint, view)) is not None]
    loose = [output(endpoint.ofport) for endpoint, at in found if not at.ingress]
    yield FLOOD_HERE.flow(here, "part", part, loose)
    if len(loose) == len(found):
        return
    everyone = [output(endpoint.ofport) for endpoint, _ in found]
    yield FLOOD_HERE.flow(here, "arp", {**part, f.ETH_TYPE: f.ETH_ARP}, everyone)
    asked = [action for endpoint, at in found if at.ingress for action in _ask(endpoint, at)]
    for kind in (f.ETH_IP, f.ETH_IPV6):
        yield FLOOD_HERE.flow(here, "guarded", {**part, f.ETH_TYPE: kind}, [*loose, *asked])


def _ask(endpoint: Endpoint, at: Standing) -> Iterator[Action]:
    for register, value in ((r.OUT_PORT, endpoint.ofport), (r.GUARD, at.ingress), (r.ZONE, 0), (r.REALM, at.realm)):
        yield set_field(register, value)
    yield INGRESS.resubmit


def elsewhere(network: Network, view: View) -> Iterator[Flow]:
    """One copy to each chassis of the network, or one onto its segment.

    DELIVER keeps a chassis from sending one to itself.
    """
    if network.mode == "host-only":
        return
    realm = Hosts(view.get(Realm, network.key).realm)
    match: Match = {r.NETWORK: network.vni, r.ORIGIN: Masked(0, r.ELSEWHERE_BITS)}
    if network.mode == "bridged":
        yield FLOOD_THERE.flow(realm, "network", match, [set_field(r.VIA, r.VIA_SEGMENT), DELIVER.goto])
        return
    yield FLOOD_THERE.flow(realm, "network", match, list(_copies(network, view)))


def _copies(network: Network, view: View) -> Iterator[Action]:
    before: Action | None = None
    for presence in view.where(Presence, "network", network.key):
        via, target = toward(presence.chassis, network.encap, view)
        yield from (target, DELIVER.resubmit) if via == before else (via, target, DELIVER.resubmit)
        before = via
