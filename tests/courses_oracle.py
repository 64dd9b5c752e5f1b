"""Which path policy or service chain speaks of a packet first: a few lines, written from what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from controller.courses import PATH_POLICY, SERVICE_CHAIN
from controller.flow import fields as f
from controller.links import PathPolicy, ServiceChain, Traffic
from controller.policy.values import ICMP, UDP, Block, Machines, Service

if TYPE_CHECKING:
    from controller.policy.values import Peer
    from tests.packets import Packet

Asked = PathPolicy | ServiceChain


@dataclass(frozen=True, slots=True)
class End:
    """Who sends a packet or gets it: a machine's key and what it does, "" outside; its IPv4 and IPv6 address."""

    key: str
    app: str
    addresses: tuple[str, str]


def spoken_of(everything: list[Asked], sender: End, target: End, packet: Packet) -> tuple[str, bool] | None:
    """The first that speaks of a packet, with whether it takes it for an answer."""
    for one in sorted(everything, key=lambda one: (isinstance(one, PathPolicy), one.priority, one.key)):
        kind = PATH_POLICY if isinstance(one, PathPolicy) else SERVICE_CHAIN
        traffic = one.traffic
        if between(traffic, sender, target, packet) and serves(traffic, packet):
            return f"{kind}:{one.key}", False
        symmetric = isinstance(one, ServiceChain) and one.symmetric
        if symmetric and between(traffic, target, sender, packet) and answers(traffic, packet):
            return f"{kind}:{one.key}", True
    return None


def between(traffic: Traffic, sender: End, target: End, packet: Packet) -> bool:
    """Whether it is spoken of who sends to whom."""
    return is_one_of(traffic.sources, sender, packet) and is_one_of(traffic.targets, target, packet)


def is_one_of(peers: tuple[Peer, ...] | None, end: End, packet: Packet) -> bool:
    """Whether an end is among these, by what it is or by the address that the packet has of it."""
    return any(_is(peer, end, 6 if f.IPV6_SRC in packet else 4) for peer in peers or ())


def _is(peer: Peer, end: End, version: int) -> bool:
    match peer:
        case Machines():
            labels = [(end.app in one.values) == (one.operator == "In") for one in peer.labels]
            return bool(end.key) and all(labels) and (not peer.ports or end.key in peer.ports)
        case Block():
            holes = [ip_network(hole) for hole in peer.excepts]
            own = ip_address(end.addresses[version == 6])
            return own in ip_network(peer.cidr) and not any(own in hole for hole in holes)
    raise AssertionError


def serves(traffic: Traffic, packet: Packet) -> bool:
    """Whether a packet asks for one of the services."""
    return not traffic.services or any(_asks(service, packet) for service in traffic.services)


def answers(traffic: Traffic, packet: Packet) -> bool:
    """Whether it is one that is sent back."""
    if packet[f.IP_PROTO] == ICMP and packet.get(f.ICMP_TYPE) == 8:
        return any(service.protocol == ICMP and not service.ports for service in traffic.services) or (
            not traffic.services
        )
    turned = dict(packet)
    for one, other in ((f.UDP_SRC, f.UDP_DST), (f.TCP_SRC, f.TCP_DST)):
        if one in packet:
            turned[one], turned[other] = packet[other], packet[one]
    return serves(traffic, turned)


def _asks(service: Service, packet: Packet) -> bool:
    if packet[f.IP_PROTO] != service.protocol:
        return False
    if service.protocol == ICMP:
        return _within(service.ports, packet[f.ICMP_TYPE] << 8)
    target, source = (f.UDP_DST, f.UDP_SRC) if service.protocol == UDP else (f.TCP_DST, f.TCP_SRC)
    return _within(service.ports, packet[target]) and _within(service.sources, packet[source])


def _within(ranges: tuple[tuple[int, int], ...], value: int) -> bool:
    return not ranges or any(low <= value <= high for low, high in ranges)
