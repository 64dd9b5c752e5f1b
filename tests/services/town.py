"""A town for the services: networks of every sort, compiled as the daemon would, and what their machines say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.entities import (
    AllowedPair,
    Dhcp,
    Door,
    External,
    Network,
    Port,
    Router,
    RouterInterface,
    Seat,
    Subnet,
)
from controller.services import frames
from controller.services.outcome import Emission, Lease, Punt
from tests.compiled import compiled
from tests.worlds import chassis, plugged, world

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.services.outcome import Outcome
    from controller.store import Store
    from tests.worlds import World

NOW = 1_000_000.0
ROUTER_MAC, DOOR_MAC = "02:00:00:00:aa:01", "02:00:00:00:aa:02"
TOLD = Dhcp(
    lease=3600,
    dns=("10.1.0.1", "192.0.2.53"),
    domain="web.example",
    search=("web.example", "example"),
    ntp=("192.0.2.123",),
    routes=(("10.9.0.0/16", "10.1.0.9"),),
)
WEB = Network(
    *("acme/web", "uid-web", "acme", "web", "overlay", 0x101, "vxlan", 1450),
    (
        Subnet("v4", "10.1.0.0/24", "10.1.0.1", TOLD),
        Subnet("slaac", "fd00:1::/64", "fd00:1::1", Dhcp(dns=("fd00:1::1",)), "slaac"),
        Subnet("stateful", "fd00:2::/64", "fd00:2::1", Dhcp(), "stateful"),
    ),
)
LONE = Network(
    *("acme/lone", "uid-lone", "acme", "lone", "internal", 0x102, "vxlan", 1450),
    (Subnet("v4", "10.2.0.0/24", None, Dhcp()), Subnet("v6", "fd00:3::/64", None, Dhcp(), "stateless")),
)
TWIN = Network(
    *("beta/web", "uid-twin", "beta", "web", "overlay", 0x201, "vxlan", 1450),
    (Subnet("v4", "10.1.0.0/24", "10.1.0.1", Dhcp()),),
)
HOME = Network(
    *("acme/home", "uid-home", "acme", "home", "nat", 0x103, "vxlan", 1500),
    (Subnet("v4", "10.3.0.0/24", "10.3.0.1", Dhcp()), Subnet("v6", "fd00:4::/64", "fd00:4::1", None, "slaac")),
    door=Door(9, DOOR_MAC, ("169.254.64.2",)),
)
SEGMENT = Network(
    *("acme/wire", "uid-wire", "acme", "wire", "bridged", 0x104, "vxlan", 1500),
    (Subnet("v4", "192.0.2.0/24", "192.0.2.1", Dhcp()),),
    physical_network="lan",
)
ROUTER = Router(
    *("acme/edge", "uid-edge", "acme", "edge", 7, 0x300, ROUTER_MAC),
    (RouterInterface("acme/web", ("10.1.0.1", "fd00:1::1", "fd00:2::1")),),
    External("acme/wire", ("192.0.2.10",)),
)


def mac(number: int) -> str:
    return f"02:00:00:00:00:{number:02x}"


def port(key: str, network: str, number: int, *addresses: str, pairs: tuple[AllowedPair, ...] = ()) -> Port:
    project, name = key.split("/")
    return Port(key, f"uid-{key}", project, name, network, mac(number), addresses, allowed_pairs=pairs)


def town(*more: object) -> World:
    """hv1 and hv2; web-1..3 on a routed network, and one machine or two on each of the others."""
    pair = (AllowedPair(mac(0x77), "10.1.0.77"), AllowedPair(mac(0x78), "10.1.7.0/24"))
    ports = (
        port("acme/web-1", "acme/web", 1, "10.1.0.10", "fd00:1::ff:fe00:1", "fd00:2::10"),
        port("acme/web-2", "acme/web", 2, "10.1.0.11", "10.1.0.12", "fd00:2::11"),
        port("acme/relay", "acme/web", 3, "10.1.0.13", pairs=pair),
        port("acme/bare", "acme/web", 4),
        port("acme/lone-1", "acme/lone", 5, "10.2.0.10", "fd00:3::10"),
        port("beta/web-1", "beta/web", 1, "10.1.0.10"),
        port("acme/home-1", "acme/home", 6, "10.3.0.10", "fd00:4::10"),
        port("acme/wire-1", "acme/wire", 7, "192.0.2.20"),
    )
    places = {"acme/web-2": "hv2"}
    plugs = (plugged(each.key, places.get(each.key, "hv1"), at) for at, each in enumerate(ports, 1))
    networks = (WEB, LONE, TWIN, HOME, SEGMENT)
    seat = Seat("acme/edge", "hv1")
    return world((chassis(1), chassis(2), *networks, *ports, *plugs, ROUTER, seat, *more))  # type: ignore[arg-type]


def facts(*more: object) -> Store:
    """What the compiler's store knows of the town."""
    built = compiled(town(*more))
    assert built.bugs == []
    return built.store


OFPORTS = {
    "acme/web-1": ("hv1", 1),
    "acme/web-2": ("hv2", 2),
    "acme/relay": ("hv1", 3),
    "acme/bare": ("hv1", 4),
    "acme/lone-1": ("hv1", 5),
    "beta/web-1": ("hv1", 6),
    "acme/home-1": ("hv1", 7),
    "acme/wire-1": ("hv1", 8),
    "beta/guest": ("hv1", 9),
}


def punt(of: str, reason: int, frame: bytes, **registers: int) -> Punt:
    """What the switch hands up of a frame that a port's machine sent."""
    return Punt(*OFPORTS[of], reason, frame, **registers)


def emissions(outcomes: Iterable[Outcome]) -> list[Emission]:
    return [outcome for outcome in outcomes if isinstance(outcome, Emission)]


def leases(outcomes: Iterable[Outcome]) -> list[Lease]:
    return [outcome for outcome in outcomes if isinstance(outcome, Lease)]


def udp(emission: Emission) -> tuple[frames.Ethernet, frames.Ip, frames.Datagram]:
    """The datagram of an emission, read back."""
    ether = frames.ethernet(emission.frame)
    assert ether is not None
    packet = frames.ip(ether)
    assert packet is not None
    datagram = frames.datagram(packet)
    assert datagram is not None
    return ether, packet, datagram
