"""The scene of most stories about paths: bare bridges wired to one another, a tenant with a host at some of them."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from mininet_scenarios import exchange, hosts, links, tenants
from mininet_scenarios.cable import SlowCable, wire
from mininet_scenarios.rack import Rack
from mininet_scenarios.steady import SteadyDatagrams
from mininet_scenarios.wire import Wire, collect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mininet_scenarios.cable import Cable
    from mininet_scenarios.daemon import Daemon, Settings
    from mininet_scenarios.hosts import Host
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rest import Rest

TENANT = "acme"
Pair = tuple[str, str]
SHOUT = b"who hears this"
REST = 0.6  # seconds, longer than what goes rests
BROADCAST = "ff:ff:ff:ff:ff:ff"


@dataclass(frozen=True, slots=True)
class Scene:
    """All there is; ``cables`` by their bridges, as they were asked for, ``slow`` those that obey."""

    lab: Lab
    daemon: Daemon
    rack: Rack
    cables: dict[Pair, Cable]
    slow: dict[Pair, SlowCable]
    hosts: list[Host]

    @property
    def client(self) -> Rest:
        """A client of the daemon."""
        return self.daemon.rest

    def flows(self) -> dict[str, list[str]]:
        """The flows of every bridge without what only counts."""
        return {bridge: self.rack.flows(bridge) for bridge in self.rack.bridges}

    def flows_at_rest(self) -> dict[str, list[str]]:
        """The same once they have not changed for a while: what goes goes last, after a moment's rest."""
        before: dict[str, list[str]] = {}
        while before != (now := self.flows()):
            before = now
            time.sleep(REST)  # that nothing happens in it is what is asked
        return now

    def onward(self, bridge: str) -> int:
        """How many flows of a bridge pass frames of other bridges on."""
        return sum("dec_nsh_ttl" in flow for flow in self.rack.flows(bridge))

    def stream(self, port: int = 5004) -> SteadyDatagrams:
        """From the first host to the second."""
        return SteadyDatagrams(self.hosts[0], self.hosts[1], self.hosts[1].address, port)

    def answered(self, port: int) -> bool:
        """Whether a question of the first host is answered by the second."""
        return exchange.udp(self.hosts[0], self.hosts[1], self.hosts[1].address, port=port)

    def pairs(self) -> list[tuple[Host, str]]:
        """Every host with the address of every other."""
        return [(one, other.address) for one in self.hosts for other in self.hosts if one is not other]


def build(
    lab: Lab,
    pairs: Sequence[Pair],
    at: Sequence[str],
    delays: Mapping[Pair, float] = MappingProxyType({}),
    settings: Settings = MappingProxyType({}),
) -> Scene:
    """Wire the bridges, start the daemon, ask for a host at each bridge of ``at``; all is ready when this returns.

    Cables with a delay in milliseconds, which are not of ``pairs``, can be told to be slower, or silent.
    """
    rack = Rack(lab)
    rack.add(*bridges([*pairs, *delays]))
    cables = wire(rack, pairs)
    between = lab.station("wires")
    slow = {
        ends: SlowCable(rack.socket(ends[0]), rack.socket(ends[1]), between, delay) for ends, delay in delays.items()
    }
    members = hosts.hosts(lab, rack, at)
    daemon = lab.start_daemon(settings)
    client = daemon.rest
    client.apply(*hosts.resources(TENANT, members), wait=0)
    rack.connect()
    links.wait_up(client, [*pairs, *delays])
    tenants.wait_ready(client, TENANT, *(host.name for host in members))
    return Scene(lab, daemon, rack, cables, slow, members)


def bridges(pairs: Iterable[Pair]) -> list[str]:
    """The bridges that pairs name, each once."""
    return list(dict.fromkeys(bridge for pair in pairs for bridge in pair))


def copies(source: Host, members: Iterable[Host]) -> Counter[int]:
    """One broadcast of a host: how many of the others (value) got how many copies of it (key)."""
    others = [host for host in members if host is not source]
    letter = IP(src=source.address, dst="255.255.255.255") / UDP(sport=9, dport=9) / SHOUT
    wires = [Wire(host) for host in others]
    with Wire(source) as mouth:
        mouth.send(bytes(Ether(src=source.mac, dst=BROADCAST) / letter))
        heard = collect(wires)
    for ear in wires:
        ear.close()
    return Counter(sum(SHOUT in frame for frame in frames) for frames in heard.values())
