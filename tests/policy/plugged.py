"""Random worlds of policy with their ports plugged in on two hosts, and what packets between any two parties become."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from apps import registers as r
from controller.entities import Port, Router, RouterInterface
from controller.flow import fields as f
from controller.policy.values import ICMP, ICMPV6, TCP, UDP
from tests import packets as p
from tests.policy.policy_worlds import NETWORKS
from tests.worlds import TUNNELS, chassis, plugged, with_more

if TYPE_CHECKING:
    from tests.interpreter import DataPlane
    from tests.packets import Packet
    from tests.policy.oracle import Asked, Party
    from tests.policy.policy_worlds import Meeting
    from tests.worlds import World

FIRST_VNI = 5001
VXLAN = dict(TUNNELS)["vxlan"]
ECHO = {(ICMP, p.PING << 8): 4, (ICMPV6, p.PING6 << 8): 6}
"""The messages that begin something, and the IP version that they are of."""


def plugged_in(world: World, hosts: int = 2) -> World:
    """Ports by turns on each of so many hosts; the router has an address on each network."""
    edge = world[Router, "acme/edge"]
    assert isinstance(edge, Router)
    places = (RouterInterface(key, (f"10.0.{n}.254", f"fd00:{n}::fe")) for n, key in enumerate(NETWORKS, 1))
    ports = [one for one in world.values() if isinstance(one, Port)]
    plugs = [plugged(port.key, f"hv{n % hosts + 1}", n + 1) for n, port in enumerate(ports)]
    return with_more(world, chassis(1), chassis(2), replace(edge, interfaces=tuple(places)), *plugs)


def sound(meeting: Meeting, asked: Asked) -> bool:
    """Whether there is such a packet, from addresses that are a port's own, and it may begin something."""
    six = ":" in meeting.source.address
    own = all(one.port is None or one.address in one.port.addresses for one in (meeting.source, meeting.target))
    if asked.protocol in (ICMP, ICMPV6):
        return own and ECHO.get((asked.protocol, asked.target_port)) == (6 if six else 4)
    return own


def packet(world: World, meeting: Meeting, asked: Asked) -> Packet:
    """The first packet of what one party asks of another."""
    macs = (mac_of(world, meeting.source), next_mac(world, meeting))
    ends = (*macs, meeting.source.address, meeting.target.address)
    ports = (asked.source_port, asked.target_port)
    match asked.protocol:
        case protocol if protocol in (ICMP, ICMPV6):
            return p.ping(*ends)
        case protocol if protocol == TCP:
            return p.tcp(*ends, ports, flags=p.SYN)
        case protocol if protocol == UDP:
            return p.udp(*ends, ports)
        case f.SCTP:
            return p.ip(*ends, f.SCTP) | dict(zip((f.SCTP_SRC, f.SCTP_DST), ports, strict=True))
        case protocol:
            return p.ip(*ends, protocol)


def mac_of(world: World, party: Party) -> str:
    """Its own; the router's for whoever is outside."""
    return party.port.mac if party.port is not None else str(getattr(world[Router, "acme/edge"], "mac", ""))


def next_mac(world: World, meeting: Meeting) -> str:
    """Whom the packet is handed to first: its target in the same network, or from outside, else the router."""
    source, target = meeting.source.port, meeting.target
    straight = source is None or (target.port is not None and target.port.network == source.network)
    return mac_of(world, target if straight else type(target)(None, ""))


def passes(plane: DataPlane, world: World, meeting: Meeting, asked: Asked) -> bool:
    """Whether the first packet gets there; for somebody outside, whether it gets to where no route leads on."""
    source, target, first = meeting.source.port, meeting.target.port, packet(world, meeting, asked)
    if source is None:
        assert target is not None
        told = {f.TUN_ID: FIRST_VNI + NETWORKS.index(target.network), f.TUN_SRC: f.ip_number("192.0.2.9")}
        journeys = [plane.sent_from(host, VXLAN, first | told) for host in ("hv1", "hv2")]
        return any(target.key in plane.reached(journey) for journey in journeys)
    journey = plane.sent_by(source.key, first)
    if target is not None:
        return target.key in plane.reached(journey)
    return any(punt.packet.get(r.PUNT) == r.UNRESOLVED for punt in journey.punts)
