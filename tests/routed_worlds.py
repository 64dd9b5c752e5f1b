"""A world with all that routes and translates: routers, a way out, a nat network and a host-only one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from apps.host_orders import host_port
from controller.entities import (
    Dhcp,
    Door,
    External,
    FloatingIp,
    Interface,
    Neighbour,
    PortForward,
    Router,
    RouterInterface,
    Seat,
    StaticRoute,
    Subnet,
)
from tests.worlds import chassis, network, plugged, port, world

if TYPE_CHECKING:
    from tests.worlds import World

EDGE_MAC, FLOATING_MAC, DOOR_MAC, HOST_ONLY_MAC = (f"02:aa:00:00:00:0{number}" for number in range(1, 5))
GATEWAY_MAC = "02:bb:00:00:00:01"
"""Of the machine outside that leads further."""
SEGMENT_PORT, LINK_PORT, HOST_ONLY_PORT = 50, 60, 61

WEB = replace(
    network("acme/web", 0x101),
    subnets=(Subnet("v4", "10.0.0.0/24", "10.0.0.254"), Subnet("v6", "fd00::/64", "fd00::fe")),
)
DB = replace(
    network("acme/db", 0x102),
    subnets=(Subnet("v4", "10.0.1.0/24", "10.0.1.254"), Subnet("v6", "fd00:1::/64", "fd00:1::fe")),
)
FAR = replace(network("acme/far", 0x103), subnets=(Subnet("v4", "10.0.2.0/24", "10.0.2.254", Dhcp()),))
PUBLIC = replace(
    network("acme/public", 0x300),
    subnets=(Subnet("v4", "192.0.2.0/24", "192.0.2.1"), Subnet("v6", "2001:db8::/64", "2001:db8::1")),
    mode="bridged",
    physical_network="p1",
    vlan=100,
    mtu=1500,
)
NATTED = replace(
    network("acme/natted", 0x400),
    subnets=(Subnet("v4", "10.5.0.0/24", "10.5.0.1"), Subnet("v6", "fd05::/64", "fd05::1", Dhcp(), "stateful")),
    mode="nat",
    door=Door(9, DOOR_MAC, ("169.254.64.9", "fd6e:6574:6c6f::9")),
)
LAB = replace(
    network("acme/lab", 0x500),
    subnets=(Subnet("v4", "10.6.0.0/24", "10.6.0.1"),),
    mode="host-only",
    gateway_mac=HOST_ONLY_MAC,
)
ROUTES = (
    StaticRoute("10.9.0.0/16", ("10.0.0.1", "10.0.0.2")),
    StaticRoute("10.0.2.0/24", ("10.0.1.253",)),
    StaticRoute("198.51.100.0/24", ("192.0.2.77",)),
)
EDGE = Router(
    key="acme/edge",
    uid="uid-edge",
    project="acme",
    name="edge",
    number=7,
    vni=0x700,
    mac=EDGE_MAC,
    interfaces=(
        RouterInterface("acme/web", ("10.0.0.254", "fd00::fe")),
        RouterInterface("acme/db", ("10.0.1.254", "fd00:1::fe")),
    ),
    external=External("acme/public", ("192.0.2.10", "2001:db8::10"), ports=(5000, 5999)),
    routes=ROUTES,
    helpers=("ftp",),
)
INNER = replace(
    EDGE,
    key="acme/inner",
    uid="uid-inner",
    name="inner",
    number=8,
    vni=0x701,
    mac="02:aa:00:00:00:05",
    interfaces=(RouterInterface("acme/db", ("10.0.1.253",)), RouterInterface("acme/far", ("10.0.2.254",))),
    external=None,
    routes=(StaticRoute("10.0.0.0/24", ("10.0.1.254",)),),
    helpers=(),
)
FLOATING = FloatingIp("acme/float", "uid-float", "acme/public", "192.0.2.20", FLOATING_MAC, "acme/web-1")
FORWARDS = (
    PortForward("acme/http", "uid-http", "acme/edge", "tcp", (8080, 8080), "acme/web-2", 80),
    PortForward("acme/range", "uid-range", "acme/edge", "udp", (6000, 6010), "acme/web-2", 6000),
    PortForward("acme/ftp", "uid-ftp", "acme/edge", "tcp", (21, 21), "acme/web-2", 21, "ftp"),
    PortForward("acme/inside", "uid-inside", "door:acme/natted", "tcp", (8000, 8001), "acme/nat-1", 9000),
)
PORTS = (
    *(port("acme/web-1", "acme/web", 1), port("acme/web-2", "acme/web", 2)),
    port("acme/db-1", "acme/db", 0x21, ("10.0.1.1", "fd00:1::1")),
    port("acme/far-1", "acme/far", 0x22, ("10.0.2.1",)),
    *(
        port("acme/nat-1", "acme/natted", 0x31, ("10.5.0.10", "fd05::10")),
        port("acme/lab-1", "acme/lab", 0x41, ("10.6.0.10",)),
    ),
    port("acme/pub-1", "acme/public", 0x51, ("192.0.2.30",)),
)
PLACES = (
    *(("acme/web-1", "hv1", 1), ("acme/web-2", "hv2", 2), ("acme/db-1", "hv2", 3), ("acme/far-1", "hv1", 4)),
    *(("acme/nat-1", "hv1", 5), ("acme/lab-1", "hv1", 6), ("acme/pub-1", "hv2", 7)),
)


def routed_world() -> World:
    """hv1 and hv2 both reach the physical network; the router's seat is hv2."""
    hosts = [replace(chassis(number), segments=(("p1", SEGMENT_PORT),), gateway=True) for number in (1, 2)]
    own = [Interface("hv1/nl-host", "hv1", "nl-host", LINK_PORT)]
    own.append(Interface(f"hv1/{host_port(LAB)}", "hv1", host_port(LAB), HOST_ONLY_PORT))
    outside = [Neighbour(f"acme/public|{hop}", "acme/public", hop, GATEWAY_MAC) for hop in ("192.0.2.1", "2001:db8::1")]
    plugs = [plugged(*place) for place in PLACES]
    networks = (WEB, DB, FAR, PUBLIC, NATTED, LAB)
    routing = (EDGE, INNER, Seat("acme/edge", "hv2"), FLOATING, *FORWARDS)
    return world([*hosts, *own, *outside, *networks, *routing, *PORTS, *plugs])
