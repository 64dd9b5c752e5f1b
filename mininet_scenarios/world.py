"""The world that most stories reach for: a provider's router, a server behind it, a neighbour beside it.

The provider's segment is the physical network ``physnet1``; hosts themselves live on ``campus``, another of its own.
All addresses are those of RFC 5737 and RFC 3849; number ``n`` of a segment is ``.n`` and ``::n`` (in decimal digits).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mininet_scenarios import rest, servers

if TYPE_CHECKING:
    from typing import Any

    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.outside import Outside, Outsider

PUBLIC, CAMPUS, FAR = "physnet1", "campus", "far"
BLOCKS = {
    PUBLIC: ("192.0.2.{}/24", "2001:db8:ff02::{}/64"),
    CAMPUS: ("198.51.100.{}/24", "2001:db8:ff03::{}/64"),
    FAR: ("203.0.113.{}/24", "2001:db8:ff04::{}/64"),
}
PROVIDER, SERVER, NEIGHBOUR, HOSTS = 1, 10, 9, 100


@dataclass(frozen=True, slots=True)
class World:
    """The machines outside."""

    outside: Outside
    provider: Outsider
    server: Outsider
    neighbour: Outsider

    def host(self, host: Hypervisor) -> None:
        """Wire a host to both segments; it has an address on each, number 100 and more."""
        number = HOSTS + host.number
        host.connect(self.outside, CAMPUS, addresses(CAMPUS, PROVIDER), *blocks(CAMPUS, number))
        host.provide(self.outside, PUBLIC, *blocks(PUBLIC, number))


def build(lab: Lab) -> World:
    """Start all of it; the server and the neighbour are witnesses on port 80."""
    outside = lab.outside(PUBLIC, CAMPUS, FAR)
    names = ("provider", "server", "neighbour")
    world = World(outside, *(outside.outsider(name) for name in names))
    for segment in (PUBLIC, CAMPUS, FAR):
        world.provider.attach(segment, *blocks(segment, PROVIDER))
    world.provider.forward()
    world.server.attach(FAR, *blocks(FAR, SERVER))
    world.neighbour.attach(PUBLIC, *blocks(PUBLIC, NEIGHBOUR))
    for machine, segment in ((world.server, FAR), (world.neighbour, PUBLIC)):
        for gateway in addresses(segment, PROVIDER):
            machine.route("default", gateway)
    servers.witness(world.server, world.neighbour)
    return world


def blocks(segment: str, number: int) -> tuple[str, str]:
    """Number ``n`` of a segment, IPv4 and IPv6, with prefix lengths."""
    ipv4, ipv6 = BLOCKS[segment]
    return ipv4.format(number), ipv6.format(number)


def addresses(segment: str, number: int) -> tuple[str, str]:
    """Number ``n`` of a segment, IPv4 and IPv6."""
    ipv4, ipv6 = blocks(segment, number)
    return ipv4.partition("/")[0], ipv6.partition("/")[0]


def public(tenant: str, name: str = "public") -> dict[str, Any]:
    """The provider's segment as a bridged network of a tenant, its gateway the provider's router."""
    cidrs = ("192.0.2.0/24", "2001:db8:ff02::/64")
    gateways = addresses(PUBLIC, PROVIDER)
    subnets = [
        {"name": f"s{at}", "cidr": cidr, "gateway": gateway}
        for at, (cidr, gateway) in enumerate(zip(cidrs, gateways, strict=True))
    ]
    spec = {"mode": "bridged", "physical_network": PUBLIC, "subnets": subnets}
    return rest.resource("Network", tenant, name, spec)
