"""Addressing: what a port asks of its network itself (DHCP, router solicitations, names) goes to the daemon.

So does whatever else the pipeline punts, but never more of one port's packets than its meter lets through. No port may
answer in the network's place. A network whose gateway no router has answers for that address itself, so that its
services are found there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.binding import NO_PORT, unclaimed
from apps.next_hops import destination
from apps.pipeline import NEIGHBOUR, PUNT, ROUTER_IN, SERVICE
from apps.policy_tables import EGRESS
from apps.questions import (
    DHCP6_ANSWER,
    DHCP6_CLIENT,
    DHCP6_SERVER,
    DHCP_ANSWER,
    DHCP_QUESTION,
    DHCP_SERVER,
    asked,
    told,
)
from controller import served
from controller.derived import Leg, Realm
from controller.entities import Neighbour, Network
from controller.flow import fields as f
from controller.flow.actions import CONTROLLER_RESERVED, Action, meter, output, set_field
from controller.flow.flow import EVERYWHERE, Flow, Here, Hosts, Match
from controller.flow.meters import probe_meter, punt_meter
from controller.store import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.entities import Chassis, Interface

NAMES = 53
DHCP6_SERVERS = "ff02::1:2"
ROUTER_SOLICITATION = 133
LEASING = {r.DHCP, r.DHCP6}
"""What no policy forbids to ask."""


def everywhere(_chassis: Chassis, _view: View) -> Iterator[Flow]:
    """What is no question to the network goes on."""
    yield SERVICE.flow(EVERYWHERE, "other", {}, [ROUTER_IN.goto])


def questions(network: Network, view: View) -> Iterator[Flow]:
    """What the network answers by itself, wherever it is asked."""
    realm = Hosts(view.get(Realm, network.key).realm)
    for match, reason in _questions(network):
        to_daemon: list[Action] = [set_field(r.PUNT, reason), PUNT.goto]
        yield SERVICE.flow(realm, "question", {r.NETWORK: network.vni, **match}, to_daemon)
        if reason in LEASING:
            yield EGRESS.flow(realm, "exempt", {r.NETWORK: network.vni, **match}, [SERVICE.goto])
    for match in _answers(network):
        yield SERVICE.flow(realm, "false_answer", {r.NETWORK: network.vni, **match}, [])
    routed = {address for leg in view.where(Leg, "network", network.key) for address in leg.addresses}
    if network.mode != "host-only":
        for address in served.resolvers(network):
            if address not in routed:
                yield _found(realm, network, address)


def _questions(network: Network) -> Iterator[tuple[Match, int]]:
    """Each question with the reason that the daemon is told."""
    if served.leased(network):
        yield DHCP_QUESTION, r.DHCP
    for server in sorted({served.server(network, subnet) for subnet in served.leased(network)}):
        yield {f.IPV4_DST: server, f.UDP_SRC: DHCP_SERVER, f.UDP_DST: DHCP_SERVER}, r.DHCP
    if served.informed(network):
        yield {f.IPV6_DST: DHCP6_SERVERS, f.UDP_SRC: DHCP6_CLIENT, f.UDP_DST: DHCP6_SERVER}, r.DHCP6
    if served.advertised(network):
        yield {f.ICMPV6_TYPE: ROUTER_SOLICITATION}, r.SOLICITATION
    for address in served.resolvers(network):
        yield {destination(address): address, f.UDP_DST: NAMES}, r.DNS


def _answers(network: Network) -> Iterator[Match]:
    """What only the network itself may say to its ports."""
    if served.leased(network):
        yield DHCP_ANSWER
    if served.informed(network):
        yield DHCP6_ANSWER


def _found(realm: Hosts, network: Network, address: str) -> Flow:
    """The MAC of an address that no router has."""
    return NEIGHBOUR.flow(realm, "address", asked(network.vni, address), told(address, served.SERVICE_MAC))


def interfaces(interface: Interface, view: View) -> Iterator[Flow]:
    """What comes in by a port, a machine's or another bridge's, and is for the daemon, within the port's own limit."""
    if interface.ofport >= NO_PORT:
        return
    limit = probe_meter if unclaimed(interface, view) else punt_meter
    yield _limited(interface.chassis, interface.ofport, limit(interface.ofport))


def ways_in(chassis: Chassis, _view: View) -> Iterator[Flow]:
    """What other chassis and machines outside give us to answer has its limits too."""
    for _, ofport in sorted({*chassis.tunnels, *chassis.segments}):
        yield _limited(chassis.key, ofport, punt_meter(ofport))


def _limited(chassis: str, ofport: int, limit: int) -> Flow:
    to_daemon: list[Action] = [meter(limit), output(CONTROLLER_RESERVED)]
    return PUNT.flow(Here(chassis), "port", {f.IN_PORT: ofport}, to_daemon)


INDEXES = {
    Network: (Index("vni", lambda network: (network.vni,)),),
    Neighbour: (Index("network", lambda neighbour: (neighbour.network,)),),
}
