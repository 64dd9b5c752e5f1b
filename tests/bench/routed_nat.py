"""One TCP stream between two hosts through a router and SNAT, against a bare bridge with a VXLAN tunnel.

Both run through the same two switches, in turns: a machine of a tenant to one on the provider's segment behind the
other host, which is the gateway; and two machines on bridges that only switch (``NORMAL``), joined by a VXLAN tunnel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mininet_scenarios import clients, rest, routers, servers, world
from mininet_scenarios.command import until
from mininet_scenarios.lab import Lab
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.vm import Nic
from mininet_scenarios.world import PUBLIC
from tests.bench.figure import Figure, median

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.vm import Vm

TENANT = "acme"
LAN = Lan(TENANT, "net", 95)
BARE, BARE_KEY = "br-bare", 4242
EDGE, SINK = 50, 9
ROUNDS, SECONDS, PINGS = 5, 4, 2000
ROUND_TRIP = re.compile(r"time=([0-9.]+) ms")
LEAST = 0.8


@dataclass(frozen=True, slots=True)
class Way:
    """From a machine to an address."""

    source: Vm
    target: str


def measure() -> Iterator[Figure]:
    """Streams and pings in turns; medians are compared."""
    with Lab() as lab:
        routed, bare = build(lab)
        ways = {"routed": routed, "bare": bare}
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                rates[name].append(clients.iperf(way.source, way.target, seconds=SECONDS) / 1e6)
        trips = {name: median(round_trips(way)) for name, way in ways.items()}
    yield Figure(
        "a TCP stream between hosts, by router and SNAT; baseline NORMAL and VXLAN",
        median(rates["routed"]),
        "Mbit/s",
        bound=LEAST,
        baseline=median(rates["bare"]),
        least=True,
    )
    yield Figure("a ping there and back, by the same two ways", trips["routed"], "ms", baseline=trips["bare"])


def round_trips(way: Way) -> list[float]:
    """Milliseconds of each ping, one every two milliseconds."""
    argv = ("ping", "-n", "-i", "0.002", "-c", str(PINGS), way.target)
    return [float(found) for found in ROUND_TRIP.findall(way.source.machine.run(*argv))]


def build(lab: Lab) -> tuple[Way, Way]:
    """Both ways, each of which carries packets when this returns."""
    lab.start_daemon()
    outside = lab.outside(PUBLIC)
    hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    hosts[1].provide(outside, PUBLIC)
    lab.join(*hosts)
    external = {"network": "public", "address": world.addresses(PUBLIC, EDGE)[0]}
    edge = routers.router(TENANT, "edge", LAN, external=external)
    (web,) = settle(
        lab, (rest.project(TENANT), world.public(TENANT), LAN.resource, edge), Place(LAN, "web", hosts[0], 11)
    )
    sink = end(lab, "sink", hosts[1], f"br-{PUBLIC}", Nic("02:00:00:00:ff:09", world.blocks(PUBLIC, SINK)))
    bare = [bare_end(lab, host, hosts[1 - at], at + 1) for at, host in enumerate(hosts)]
    for server in (sink, bare[1]):
        servers.iperf(server)
        servers.witness(server)
    ways = Way(web, world.addresses(PUBLIC, SINK)[0]), Way(bare[0], "10.77.0.2")
    until(lambda: all(clients.seen_as(way.source, way.target) for way in ways), 30, "both ways carry packets")
    return ways


def bare_end(lab: Lab, host: Hypervisor, other: Hypervisor, number: int) -> Vm:
    """A bridge that only switches, its tunnel to the other host, and a machine on it."""
    settings = (f"datapath_type={host.datapath}", "fail_mode=standalone")
    options = (f"options:remote_ip={other.underlay}", f"options:local_ip={host.underlay}", f"options:key={BARE_KEY}")
    host.ovs.vsctl(
        *("add-br", BARE, "--", "set", "Bridge", BARE, *settings, "--", "add-port", BARE, "bare-vxlan"),
        *("--", "set", "Interface", "bare-vxlan", "type=vxlan", *options),
    )
    return end(lab, f"bare-{host.name}", host, BARE, Nic(f"02:00:00:00:ff:{number:02x}", (f"10.77.0.{number}/24",)))


def end(lab: Lab, name: str, host: Hypervisor, bridge: str, nic: Nic) -> Vm:
    """A machine on a bridge of a host that is not netloom's."""
    vm = lab.vm(name, host, nic)
    host.ovs.vsctl("add-port", bridge, vm.tap)
    return vm
