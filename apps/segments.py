"""Segments: a bridged network is a physical one, or a VLAN of it; its ports are machines of that segment.

Each chassis reaches the segment by its own patch to the provider's bridge, never through another chassis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.pipeline import CLASSIFY, DELIVER, DESTINATION, PUNT, REPLY, ROUTER_IN
from controller.entities import Chassis, Network
from controller.flow.actions import IN_PORT_RESERVED, Action, output, set_field
from controller.flow.fields import ARP_SPA, ARP_TPA, ICMPV6_TYPE, IN_PORT, IPV6_SRC, ND_TARGET, VLAN
from controller.flow.flow import Flow, Here, Match
from controller.flow.headers import pop_vlan, push_vlan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.derived import Audience, Endpoint

SOLICITATION, ADVERTISEMENT = 135, 136
NO_ADDRESS = "0.0.0.0"  # noqa: S104 - "no address", not a bind
TAGGED = 0x1000
"""Of the VLAN field: there is a tag (OpenFlow 1.5, 7.2.3.9)."""


def translate(audience: Audience, view: View) -> Iterator[Flow]:
    """In from the segment and out onto it, on one chassis; no flows where the chassis has no way there."""
    network = view.get(Network, audience.realm)
    chassis = view.get(Chassis, audience.chassis)
    ofport = dict(chassis.segments).get(network.physical_network or "")
    if network.mode != "bridged" or ofport is None:
        return
    here = Here(chassis.key)
    tag = 0 if network.vlan is None else TAGGED | network.vlan
    untag: list[Action] = [pop_vlan()] if tag else []
    tagged: list[Action] = [push_vlan(), set_field(VLAN, tag)] if tag else []
    known: list[Action] = [set_field(r.NETWORK, network.vni), set_field(r.ORIGIN, r.FROM_SEGMENT), ROUTER_IN.goto]
    yield CLASSIFY.flow(here, "port", {IN_PORT: ofport, VLAN: tag}, [*untag, *known])
    out: Match = {r.NETWORK: network.vni, r.LOOKUP: r.DELIVERY, r.VIA: r.VIA_SEGMENT}
    yield DELIVER.flow(here, "segment", out, [set_field(IN_PORT, 0), *tagged, output(ofport)])
    if tagged:
        back: Match = {r.NETWORK: network.vni, r.ORIGIN: r.FROM_SEGMENT}
        yield REPLY.flow(here, "tagged", back, [*tagged, output(IN_PORT_RESERVED)])


def claims(endpoint: Endpoint, _view: View) -> Iterator[Flow]:
    """A machine of the segment that speaks in the name of a port's address, or looks whether it is free, is heard of.

    Its words go on: they are for the port too.
    """
    if endpoint.mode != "bridged":
        return
    told: list[Action] = [set_field(r.PUNT, r.HEARD), PUNT.resubmit, DESTINATION.goto]
    heard: Match = {r.NETWORK: endpoint.vni, r.ORIGIN: r.FROM_SEGMENT}
    for address in (*endpoint.ipv4, *endpoint.ipv6):
        for claim in _claims(address):
            yield ROUTER_IN.flow(Here(endpoint.chassis), "claim", {**heard, **claim}, told)


def _claims(address: str) -> tuple[Match, Match]:
    """What it says who has an address, and who would have it (RFC 4862, 5.4; RFC 5227, 2.1)."""
    if ":" in address:
        sought: Match = {ICMPV6_TYPE: SOLICITATION, IPV6_SRC: "::", ND_TARGET: address}
        return {ICMPV6_TYPE: ADVERTISEMENT, ND_TARGET: address}, sought
    return {ARP_SPA: address}, {ARP_SPA: NO_ADDRESS, ARP_TPA: address}
