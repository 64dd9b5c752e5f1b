"""One TCP stream between two hosts through a router and SNAT, against a bare bridge with a VXLAN tunnel.

All run through the same two switches, in turns: a machine of a tenant to one on the provider's segment behind the other
host, which is the gateway; the same machine to one of another network of its router; and two machines on bridges that
only switch (``NORMAL``), joined by a VXLAN tunnel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from statistics import mean
from typing import TYPE_CHECKING

from mininet_scenarios import clients, rest, routers, servers, world
from mininet_scenarios.command import until
from mininet_scenarios.lab import Lab
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.vm import Nic
from mininet_scenarios.world import PUBLIC
from tests.bench.figure import Figure, median
from tests.bench.spent import cpu

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.vm import Vm

TENANT = "acme"
NEAR, FAR = Lan(TENANT, "near", 95), Lan(TENANT, "far", 96)
BARE, BARE_KEY = "br-bare", 4242
EDGE, SINK = 50, 9
ROUNDS, SECONDS, PINGS = 14, 1, 250
ROUND_TRIP = re.compile(r"time=([0-9.]+) ms")
LEAST = 0.8
TRANSLATED, ROUTED, PLAIN = "router and SNAT", "router alone", "NORMAL and VXLAN"


@dataclass(frozen=True, slots=True)
class Way:
    """From a machine to an address."""

    source: Vm
    target: str


@dataclass(slots=True)
class Found:
    """What was found of a way: each stream's rate in Mbit/s, each ping's time in ms, the gateway's CPU seconds."""

    rates: list[float] = field(default_factory=list)
    trips: list[float] = field(default_factory=list)
    used: float = 0.0

    @property
    def rate(self) -> float:
        """All that was carried, by the time that it took."""
        return mean(self.rates)

    @property
    def cost(self) -> float:
        """CPU seconds of the gateway's switch for a gigabyte."""
        return self.used / (sum(self.rates) * SECONDS / 8000)


def measure() -> Iterator[Figure]:
    """Streams and pings in turns; every other round the other way round, so that nobody is always first."""
    with Lab() as lab:
        ways = build(lab)
        switch = lab.hypervisors["hv2"].ovs.switch
        assert switch is not None
        found = {name: Found() for name in ways}
        for turn in range(ROUNDS):
            for name in sorted(ways, reverse=bool(turn % 2)):
                before = cpu(switch.pid)
                found[name].rates.append(clients.iperf(ways[name].source, ways[name].target, seconds=SECONDS) / 1e6)
                found[name].used += cpu(switch.pid) - before
                found[name].trips += round_trips(ways[name])
    plain = found[PLAIN]
    for name, bound in ((TRANSLATED, LEAST), (ROUTED, None)):
        what = f"a TCP stream between hosts by {name}; baseline {PLAIN}"
        yield Figure(what, found[name].rate, "Mbit/s", bound, plain.rate, least=True)
        trip, normal = median(found[name].trips), median(plain.trips)
        yield Figure(f"a ping there and back by {name}, median; baseline {PLAIN}", trip, "ms", None, normal)
        what = f"CPU of the gateway's switch by {name}; baseline {PLAIN}"
        yield Figure(what, found[name].cost, "s/GB", None, plain.cost)


def round_trips(way: Way) -> list[float]:
    """Milliseconds of each ping, one every two milliseconds."""
    argv = ("ping", "-n", "-i", "0.002", "-c", str(PINGS), way.target)
    return [float(found) for found in ROUND_TRIP.findall(way.source.machine.run(*argv))]


def build(lab: Lab) -> dict[str, Way]:
    """All ways, each of which carries packets when this returns."""
    lab.start_daemon()
    outside = lab.outside(PUBLIC)
    hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    hosts[1].provide(outside, PUBLIC)
    lab.join(*hosts)
    external = {"network": "public", "address": world.addresses(PUBLIC, EDGE)[0]}
    edge = routers.router(TENANT, "edge", NEAR, FAR, external=external)
    asked = (rest.project(TENANT), world.public(TENANT), NEAR.resource, FAR.resource, edge)
    web, db = settle(lab, asked, Place(NEAR, "web", hosts[0], 11), Place(FAR, "db", hosts[1], 12))
    sink = end(lab, "sink", hosts[1], f"br-{PUBLIC}", Nic("02:00:00:00:ff:09", world.blocks(PUBLIC, SINK)))
    bare = [bare_end(lab, host, hosts[1 - at], at + 1) for at, host in enumerate(hosts)]
    for server in (sink, db, bare[1]):
        servers.iperf(server)
        servers.witness(server)
    ways = {TRANSLATED: Way(web, sink.ipv4), ROUTED: Way(web, db.ipv4), PLAIN: Way(bare[0], bare[1].ipv4)}
    for name, way in ways.items():
        until(partial(clients.seen_as, way.source, way.target), 30, f"packets go by {name}")
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
