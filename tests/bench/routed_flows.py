"""How many flows routers, their subnets and the ports there cost a chassis: compiled, and shown to be straight lines.

Each router joins networks of its own with one IPv4 subnet each, and leaves by a provider's segment. All ports are on
one chassis; the other is the gateway, which has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from controller.entities import (
    Chassis,
    External,
    Interface,
    Neighbour,
    Network,
    Port,
    Project,
    Router,
    RouterInterface,
    Seat,
    Subnet,
)
from tests.bench.figure import Figure
from tests.compiled import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.entities import Entity

HERE, GATEWAY = "hv1", "hv2"
PUBLIC, OUTER_VNI, ROUTER_VNIS = "bench/public", 1, 0x10000
STEPS = (1, 2, 3, 5, 10, 20)
MIDDLE = 5


@dataclass(frozen=True, slots=True)
class Size:
    """Routers, subnets of each, ports on each subnet."""

    routers: int
    subnets: int
    ports: int


@dataclass(frozen=True, slots=True)
class Line:
    """Flows on a chassis: some in any case, and some for each router, for each subnet and for each port of all."""

    always: int
    router: int
    subnet: int
    port: int

    def flows(self, size: Size) -> int:
        """How many there are by this line."""
        subnets = size.routers * size.subnets
        return self.always + self.router * size.routers + self.subnet * subnets + self.port * subnets * size.ports


def measure() -> Iterator[Figure]:
    """The lines by four small worlds, then how far larger ones are from them."""
    lines = found_lines()
    for chassis, what in ((HERE, "the chassis of all ports"), (GATEWAY, "the gateway, without ports")):
        line = lines[chassis]
        yield Figure(f"flows on {what}, in any case", line.always, "flows")
        for kind, flows in (("router", line.router), ("subnet", line.subnet), ("port", line.port)):
            yield Figure(f"flows on {what}, for each {kind}", flows, "flows")
    worst = max(
        abs(lines[chassis].flows(size) - flows) for size in sizes() for chassis, flows in compiled(size).items()
    )
    yield Figure(f"flows off these lines, of {MIDDLE} x {MIDDLE} x {MIDDLE} with each from 1 to 20", worst, "flows", 0)


def found_lines() -> dict[str, Line]:
    """What one router, one subnet and one port more add to the smallest worlds, on each chassis."""
    least, port, subnet, router = map(compiled, (Size(1, 1, 1), Size(1, 1, 2), Size(1, 2, 1), Size(2, 1, 1)))
    lines = {}
    for chassis in (HERE, GATEWAY):
        of_port = port[chassis] - least[chassis]
        of_subnet = subnet[chassis] - least[chassis] - of_port
        of_router = router[chassis] - least[chassis] - of_port - of_subnet
        always = least[chassis] - of_router - of_subnet - of_port
        lines[chassis] = Line(always, of_router, of_subnet, of_port)
    return lines


def sizes() -> Iterator[Size]:
    """Each number from few to many, the others being in the middle."""
    for step in STEPS:
        yield Size(step, MIDDLE, MIDDLE)
        yield Size(MIDDLE, step, MIDDLE)
        yield Size(MIDDLE, MIDDLE, step)


def compiled(size: Size) -> dict[str, int]:
    """How many flows should stand on each chassis."""
    compiler = Watched()
    compiler.turn(world(size))
    if compiler.bugs:
        raise RuntimeError(f"the compiler complains: {compiler.bugs}")
    return {chassis: len(compiler.flows(chassis)) for chassis in (HERE, GATEWAY)}


def world(size: Size) -> Iterator[Entity]:
    """Both chassis, the provider's segment, and so many routers with all that is theirs."""
    for number, name in enumerate((HERE, GATEWAY), 1):
        segments = (("physnet1", 50),) if name == GATEWAY else ()
        yield Chassis(name, number, f"192.0.2.{number}", (("vxlan", 65_001),), segments, gateway=bool(segments))
    yield Project("bench", "uid-bench")
    outer = (Subnet("v4", "198.18.0.0/15", "198.18.0.1"),)
    yield Network(PUBLIC, "uid-public", "bench", "public", "bridged", OUTER_VNI, "vxlan", 1500, outer, "physnet1")
    yield Neighbour(f"{PUBLIC}|198.18.0.1", PUBLIC, "198.18.0.1", "02:bb:00:00:00:01")
    numbers = count(1)
    for router in range(1, size.routers + 1):
        yield from _routed(router, size, numbers)


def _routed(router: int, size: Size, numbers: Iterator[int]) -> Iterator[Entity]:
    """A router, its networks and their ports; a port's number makes its MAC and its interface."""
    key = f"bench/r{router}"
    networks = {f"{key}-{at}": f"10.{router}.{at}" for at in range(1, size.subnets + 1)}
    interfaces = tuple(RouterInterface(name, (f"{block}.1",)) for name, block in networks.items())
    external = External(PUBLIC, (f"198.18.1.{router}",))
    name, mac = key.partition("/")[2], f"02:aa:00:00:00:{router:02x}"
    yield Router(key, f"uid-{key}", "bench", name, router, ROUTER_VNIS + router, mac, interfaces, external)
    yield Seat(key, GATEWAY)
    for at, (network, block) in enumerate(networks.items(), 1):
        subnets = (Subnet("v4", f"{block}.0/24", f"{block}.1"),)
        yield Network(network, f"uid-{network}", "bench", network, "overlay", router << 8 | at, "vxlan", 1450, subnets)
        for place in range(10, 10 + size.ports):
            yield from _port(network, f"{block}.{place}", next(numbers))


def _port(network: str, address: str, number: int) -> Iterator[Entity]:
    key, mac = f"{network}-{address}", f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
    yield Port(key, f"uid-{key}", "bench", key, network, mac, (address,))
    yield Interface(f"{HERE}/i{number}", HERE, f"i{number}", number + 100, key)
