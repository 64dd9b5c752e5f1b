"""Binding: a port is where its interface is plugged in, and it moves when the interface does.

Relations only: they join what users asked for with what the hosts report, for the features to read.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from controller.addresses import link_local
from controller.courses import Middlebox
from controller.derived import HOST_LINK, Division, Endpoint, Leaf, Presence, Realm
from controller.entities import UNTUNNELLED, Chassis, Interface, Network, Port
from controller.flow.flow import Here, Hosts
from controller.links import ServiceChain
from controller.store import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.flow.flow import Scope

PORTS_PER_LEAF = 64
"""The most ports that one flow floods to, but for an uneven hash."""
DEEPEST = 5
NO_PORT = 0xFF00
"""What OVSDB numbers from here on, like a bridge's own interface, no flow may name (ovs-fields(7), ``in_port``)."""


def endpoints(port: Port, view: View) -> Iterator[Endpoint]:
    """The port joined with its interface; nothing while it is down, unplugged, a middlebox's, or of no network."""
    network = view.get(Network, port.network)
    found = place(port, view)
    if found is None or not port.admin_up or view.count(ServiceChain, "port", port.key):
        return
    yield Endpoint(
        key=port.key,
        network=network.key,
        realm=view.get(Realm, network.key).realm,
        mode=network.mode,
        vni=network.vni,
        encap=network.encap,
        chassis=found.chassis,
        interface=found.name,
        ofport=found.ofport,
        mac=port.mac,
        ipv4=tuple(a for a in port.addresses if ":" not in a),
        ipv6=tuple(a for a in port.addresses if ":" in a),
        allowed_pairs=port.allowed_pairs,
        port_security=port.port_security,
    )


def place(port: Port, view: View) -> Interface | None:
    """Where a port is plugged in: as its binding says, else by what names it; of several, the one seen last."""
    if port.binding is not None:
        found = view.find(Interface, f"{port.binding.chassis}/{port.binding.interface}")
        return found if found and found.iface_id in {None, port.uid, port.key} else None
    claims = [*view.where(Interface, "iface_id", port.uid), *view.where(Interface, "iface_id", port.key)]
    return max(claims, key=_newest, default=None)


def _newest(interface: Interface) -> tuple[int, str]:
    return (interface.seen, interface.key)


def presences(network: Network, view: View) -> Iterator[Presence]:
    """The chassis that have ports of the network."""
    realm = view.get(Realm, network.key).realm
    for chassis in view.groups(Endpoint, "network", network.key):
        yield Presence(f"{network.key}@{chassis}", network.key, realm, chassis)


def divisions(presence: Presence, view: View) -> Iterator[Division]:
    """How many parts the network's ports here fall into: one while they are few, four times as many when full."""
    count = view.count(Endpoint, "site", (presence.network, presence.chassis))
    depth = 0
    while count > PORTS_PER_LEAF * 4**depth // 2 and depth < DEEPEST:
        depth += 1
    yield Division(presence.key, presence.network, presence.chassis, depth)


def leaves(division: Division, _view: View) -> Iterator[Leaf]:
    """The parts themselves; one port more or less seldom changes them."""
    for part in range(4**division.depth):
        key = f"{division.key}/{division.depth}/{part}"
        yield Leaf(key, division.network, division.chassis, division.depth, part)


def _leaf_places(endpoint: Endpoint) -> list[tuple[str, str, int, int]]:
    """Every leaf the endpoint would be in, at any depth."""
    digits = int.from_bytes(blake2b(endpoint.key.encode(), digest_size=4).digest(), "big")
    return [(endpoint.network, endpoint.chassis, depth, digits >> (32 - 2 * depth)) for depth in range(DEEPEST + 1)]


def reach(endpoint: Endpoint) -> Scope:
    """The chassis that reach the port by ways of ours: its own alone where the network never crosses a tunnel."""
    return Here(endpoint.chassis) if endpoint.mode in UNTUNNELLED else Hosts(endpoint.realm)


def _conveyed(endpoint: Endpoint) -> tuple[str, ...]:
    return () if endpoint.of_host else (endpoint.realm,)


def _way(endpoint: Endpoint) -> str:
    """By what its packets leave its chassis."""
    return endpoint.mode if endpoint.mode in UNTUNNELLED else endpoint.encap


INDEXES = {
    Interface: (Index("iface_id", lambda i: (i.iface_id,) if i.iface_id else ()),),
    Port: (Index("network", lambda p: (p.network,)),),
    Endpoint: (
        Index("network", lambda e: () if e.of_host else (e.network,), group=lambda e: e.chassis),
        Index("site", lambda e: ((e.network, e.chassis),)),
        Index("leaf", _leaf_places),
        Index("mac", lambda e: {(e.network, mac) for mac in (e.mac, *(pair.mac for pair in e.allowed_pairs))}),
        Index("chassis", lambda e: (e.chassis,)),
        Index("place", lambda e: ((e.chassis, e.ofport),)),
        Index("address", lambda e: {(e.network, address) for address in singles(e)}),
        Index("realm_address", lambda e: {(e.realm, address) for address in (*singles(e), link_local(e.mac))}),
        Index("conveyed", _conveyed, group=_way),
        Index("realm", lambda e: () if e.of_host else (e.realm,), group=lambda e: e.chassis),
    ),
}


def unclaimed(interface: Interface, view: View) -> bool:
    """Whether no machine, middlebox, segment or host is known to be behind it: perhaps another bridge is."""
    known = (ofport for _, ofport in view.get(Chassis, interface.chassis).segments)
    if interface.name == HOST_LINK or interface.ofport >= NO_PORT or interface.ofport in known:
        return False
    place = (interface.chassis, interface.ofport)
    return not view.count(Endpoint, "place", place) and not view.count(Middlebox, "place", place)


def own_addresses(endpoint: Endpoint) -> tuple[str, ...]:
    """The endpoint's addresses, and with IPv6 the one that its MAC makes of the link."""
    return (*endpoint.ipv4, *endpoint.ipv6, *((link_local(endpoint.mac),) if endpoint.ipv6 else ()))


def singles(endpoint: Endpoint) -> tuple[str, ...]:
    """Every single address that the endpoint was given or allowed."""
    return (*endpoint.ipv4, *endpoint.ipv6, *(p.address for p in endpoint.allowed_pairs if "/" not in p.address))
