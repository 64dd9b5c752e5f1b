"""The scene of most stories about paths: bare bridges wired to one another, a tenant with a host at some of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from mininet_scenarios import hosts, links, tenants
from mininet_scenarios.cable import wire
from mininet_scenarios.rack import Rack
from mininet_scenarios.wire import Wire, collect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mininet_scenarios.cable import Cable
    from mininet_scenarios.daemon import Settings
    from mininet_scenarios.hosts import Host
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rest import Rest

TENANT = "acme"
Pair = tuple[str, str]
SHOUT = b"who hears this"
BROADCAST = "ff:ff:ff:ff:ff:ff"


@dataclass(frozen=True, slots=True)
class Scene:
    """All there is; ``cables`` by their bridges, as they were asked for."""

    lab: Lab
    rack: Rack
    cables: dict[Pair, Cable]
    hosts: list[Host]

    @property
    def client(self) -> Rest:
        """A client of the daemon."""
        return self.lab.client

    def pairs(self) -> list[tuple[Host, str]]:
        """Every host with the address of every other."""
        return [(one, other.address) for one in self.hosts for other in self.hosts if one is not other]


def build(lab: Lab, pairs: Sequence[Pair], at: Sequence[str], settings: Settings | None = None) -> Scene:
    """Wire the bridges, start the daemon, ask for a host at each bridge of ``at``; links are up when this returns."""
    rack = Rack(lab)
    rack.add(*bridges(pairs))
    cables = wire(rack, pairs)
    members = hosts.hosts(lab, rack, at)
    client = lab.start_daemon(settings or {}).rest
    client.apply(*hosts.resources(TENANT, members), wait=0)
    rack.connect()
    links.wait_up(client, pairs)
    tenants.wait_ready(client, TENANT, *(host.name for host in members))
    return Scene(lab, rack, cables, members)


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
