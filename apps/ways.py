"""Ways: what routers join, how they leave, and what outside stands for which port inside.

Relations only: they resolve what users asked for by name into what flows need, for the features to read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.addresses import within
from controller.derived import (
    DOOR,
    HOST_ADDRESSES,
    HOST_BLOCKS,
    LINK,
    Endpoint,
    Exit,
    Federation,
    Floating,
    Forward,
    Leg,
)
from controller.entities import Chassis, FloatingIp, Network, PortForward, Router, Seat
from controller.errors import Bug
from controller.store import Index
from controller.zones import MOST_ROUTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.entities import Encap

LINK_MTU = 1500
LIGHTEST_FIRST: tuple[Encap, ...] = ("gre", "vxlan", "geneve")


def legs(router: Router, view: View) -> Iterator[Leg]:
    """A router on each of its networks that exist."""
    realm = view.get(Federation, router.key).realm
    for interface in router.interfaces:
        network = view.find(Network, interface.network)
        if network is None:
            continue
        blocks = [s.cidr for s in network.subnets if any(within(a, s.cidr) for a in interface.addresses)]
        key = f"{router.key}|{network.key}"
        place = (realm, network.key, network.vni, router.mac, interface.addresses, tuple(blocks), network.mtu)
        yield Leg(key, router.key, router.number, *place)


def doors(network: Network, _view: View) -> Iterator[Leg]:
    """A nat network's own router, at the gateways of its subnets."""
    if network.door is None:
        return
    open_ = [subnet for subnet in network.subnets if subnet.gateway]
    gateways = tuple(subnet.gateway for subnet in open_ if subnet.gateway)
    router, door = f"{DOOR}{network.key}", network.door
    place = (network.key, network.key, network.vni, door.mac, gateways, tuple(s.cidr for s in open_), network.mtu)
    yield Leg(f"{router}|{network.key}", router, door.number, *place)


def door_exits(network: Network, _view: View) -> Iterator[Exit]:
    """A nat network leaves by every chassis, through its host."""
    if network.door is not None:
        door = network.door
        _check(door.number)
        yield _by_host(f"{DOOR}{network.key}", door.number, network.key, door.mac, door.addresses)


def exits(router: Router, view: View) -> Iterator[Exit]:
    """How a router leaves: onto the segment of its external network, or by each host if that is a nat network."""
    external = router.external
    if external is None:
        return
    _check(router.number)
    realm, network = view.get(Federation, router.key).realm, view.get(Network, external.network)
    if network.mode == "nat":
        yield _by_host(router.key, router.number, realm, router.mac, external.addresses)
        return
    seat = view.find(Seat, router.key)
    yield Exit(
        key=router.key,
        number=router.number,
        realm=realm,
        inner=router.vni,
        encap=_lightest(router, view),
        network=network.key,
        vni=network.vni,
        mac=router.mac,
        addresses=external.addresses,
        blocks=tuple(subnet.cidr for subnet in network.subnets),
        next_hops=tuple(subnet.gateway for subnet in network.subnets if subnet.gateway),
        seat=seat.chassis if seat else None,
        snat=external.snat,
        snat6=external.snat6,
        ports=external.ports,
        mtu=network.mtu,
        helpers=router.helpers,
    )


def _check(number: int) -> None:
    """Refuse a number that was given before ports had zones of their own: its zones are ports' now."""
    if number > MOST_ROUTERS:
        raise Bug(f"router number {number} is above {MOST_ROUTERS}: apply what has it anew, and it gets another")


def _lightest(router: Router, view: View) -> Encap:
    """The encapsulation that takes least, of those of the router's networks: what fits them fits it."""
    networks = (view.find(Network, interface.network) for interface in router.interfaces)
    return min((network.encap for network in networks if network), key=LIGHTEST_FIRST.index, default="vxlan")


def _by_host(key: str, number: int, realm: str, mac: str, addresses: tuple[str, ...]) -> Exit:
    return Exit(
        key=key,
        number=number,
        realm=realm,
        inner=0,
        encap="vxlan",
        network="",
        vni=LINK,
        mac=mac,
        addresses=addresses,
        blocks=HOST_BLOCKS,
        next_hops=HOST_ADDRESSES,
        seat=None,
        snat=True,
        snat6=True,
        ports=(1024, 65535),
        mtu=LINK_MTU,
        helpers=(),
    )


def floatings(floating: FloatingIp, view: View) -> Iterator[Floating]:
    """A floating IP with its port's place; translated there if the segment is there too, else at the router's seat."""
    endpoint = view.get(Endpoint, floating.port)
    outer, network = None, view.get(Network, floating.network)
    for leg in view.where(Leg, "network", endpoint.network):
        leaving = view.find(Exit, leg.router)
        if leaving is not None and leaving.network == floating.network:
            outer = leaving
            break
    private = floating.private_address or _alike(floating.address, endpoint)
    if outer is None or private is None:
        return
    segments = dict(view.get(Chassis, endpoint.chassis).segments)
    chassis = endpoint.chassis if network.physical_network in segments else outer.seat
    if chassis is not None:
        place = (outer.realm, outer.inner, outer.encap, network.key, network.vni)
        whose = (floating.address, floating.mac, private, chassis)
        yield Floating(floating.key, outer.key, outer.number, *place, *whose)


def _alike(address: str, endpoint: Endpoint) -> str | None:
    """The port's first address of the same IP version."""
    return next(iter(endpoint.ipv6 if ":" in address else endpoint.ipv4), None)


def forwards(forward: PortForward, view: View) -> Iterator[Forward]:
    """A port forward for each IP version that both its router outside and its port inside have."""
    endpoint = view.get(Endpoint, forward.port)
    leaving = view.get(Exit, forward.via)
    view.get(Leg, f"{forward.via}|{endpoint.network}")
    for address in leaving.addresses:
        inner = _alike(address, endpoint)
        if inner is None:
            continue
        yield Forward(
            key=f"{forward.key}|{address}",
            router=leaving.key,
            number=leaving.number,
            realm=leaving.realm,
            outer=address,
            protocol=forward.protocol,
            ports=forward.ports,
            inner=inner,
            target=forward.target,
            helper=forward.helper,
            chassis=endpoint.chassis,
        )


INDEXES = {
    Leg: (
        Index("network", lambda leg: (leg.network,)),
        Index("router", lambda leg: (leg.router,)),
        Index("number", lambda leg: (leg.number,)),
    ),
    Forward: (Index("chassis", lambda forward: (forward.chassis,)),),
}
