"""Host orders: what a chassis needs of its host, and the ports that the host then has on its networks.

Relations only.
"""

from __future__ import annotations

import ipaddress
from hashlib import blake2b
from typing import TYPE_CHECKING

from controller.derived import Audience, Endpoint, Exit, Forward, HostForward, HostOrder, HostPort, Presence
from controller.entities import Chassis, Interface, Network
from controller.store import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View


def host_port(network: Network) -> str:
    """The name of a host's interface on a host-only network."""
    return f"nlh{blake2b(network.uid.encode(), digest_size=5).hexdigest()}"


def endpoints(presence: Presence, view: View) -> Iterator[Endpoint]:
    """The host's own port on a host-only network, once Open vSwitch has made it."""
    network = view.get(Network, presence.network)
    if network.mode != "host-only" or network.gateway_mac is None:
        return
    interface = view.get(Interface, f"{presence.chassis}/{host_port(network)}")
    gateways = [subnet.gateway for subnet in network.subnets if subnet.gateway]
    yield Endpoint(
        key=presence.key,
        network=network.key,
        realm=presence.realm,
        mode=network.mode,
        vni=network.vni,
        encap=network.encap,
        chassis=presence.chassis,
        interface=interface.name,
        ofport=interface.ofport,
        mac=network.gateway_mac,
        ipv4=tuple(address for address in gateways if ":" not in address),
        ipv6=tuple(address for address in gateways if ":" in address),
        allowed_pairs=(),
        port_security=False,
        of_host=True,
    )


def orders(chassis: Chassis, view: View) -> Iterator[HostOrder]:
    """The host's ports on host-only networks, its link to nat networks with what it forwards, whom it watches."""
    networks = [view.get(Network, p.network) for p in view.where(Presence, "chassis", chassis.key)]
    ports = tuple(_port(network) for network in networks if network.mode == "host-only" and network.gateway_mac)
    realms = [audience.realm for audience in view.where(Audience, "chassis", chassis.key)]
    exits = [leaving for realm in realms for leaving in view.where(Exit, "realm", realm)]
    link = any(not leaving.network for leaving in exits)
    order = HostOrder(chassis.key, ports, link, tuple(_forwards(chassis, view)), _watches(chassis, exits, view))
    if order != HostOrder(chassis.key):
        yield order


def _port(network: Network) -> HostPort:
    open_ = [subnet for subnet in network.subnets if subnet.gateway]
    lengths = (ipaddress.ip_network(subnet.cidr).prefixlen for subnet in open_)
    addresses = tuple(f"{subnet.gateway}/{length}" for subnet, length in zip(open_, lengths, strict=True))
    return HostPort(host_port(network), network.key, network.gateway_mac or "", addresses, network.mtu)


def _forwards(chassis: Chassis, view: View) -> Iterator[HostForward]:
    """The forwards of nat networks whose ports are here."""
    for forward in view.where(Forward, "chassis", chassis.key):
        if not view.get(Exit, forward.router).network:
            yield HostForward(forward.protocol, forward.ports, forward.outer)


def _watches(chassis: Chassis, exits: list[Exit], view: View) -> tuple[tuple[str, str], ...]:
    """The gateways that something here may leave by, if there is more than one; gateways watch each other."""
    physical = {network.physical_network for leaving in exits if (network := view.find(Network, leaving.network))}
    if chassis.gateway:
        physical |= {name for name, _ in chassis.segments}
    found: set[tuple[str, str]] = set()
    for name in physical - {None}:
        gateways = [c for c in view.where(Chassis, "gateway", name) if c.encap_ip]
        if len(gateways) > 1:
            found |= {(c.key, c.encap_ip) for c in gateways if c.key != chassis.key and c.encap_ip}
    return tuple(sorted(found)) if chassis.encap_ip else ()


def _carries(chassis: Chassis) -> tuple[str, ...]:
    return tuple(name for name, _ in chassis.segments) if chassis.gateway else ()


INDEXES = {
    Chassis: (Index("gateway", _carries),),
    Presence: (
        Index("network", lambda presence: (presence.network,)),
        Index("chassis", lambda presence: (presence.chassis,)),
    ),
}
