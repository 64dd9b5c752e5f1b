"""Namespaces x, y and z, each with pods a, b and c, as projects and machines on one network; who reaches whom there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import permutations, product
from typing import TYPE_CHECKING, Literal, NamedTuple

from mininet_scenarios import clients, exchange, rest, servers
from mininet_scenarios.lan import Lan, Place, settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm

NAMESPACES, PODS = ("x", "y", "z"), ("a", "b", "c")
PORTS = (80, 81)
LAN = Lan("x", "pods", 80, spec={"shared": True})
HOSTS = 3
PATIENCE, SOON = 4.0, 0.6  # seconds, for what has to be answered and for what must not be
AT_ONCE = 40
NAMED = {
    f"serve-{port}-{protocol}": {"protocol": protocol, "port": port}
    for port, protocol in product(PORTS, ("tcp", "udp"))
}


class Probe(NamedTuple):
    """What is asked for of everybody, over which version of IP."""

    protocol: Literal["tcp", "udp"]
    port: int
    version: int

    def __str__(self) -> str:
        return f"{self.protocol} {self.port} over IPv{self.version}"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The pods by ``namespace/pod``."""

    pods: dict[str, Vm]

    def prove(self, story: Story, tables: Mapping[Probe, Sequence[str]]) -> None:
        """Everybody reaches exactly those whom the tables let them reach."""
        for probe, lines in tables.items():
            pairs = list(permutations(self.pods, 2))
            open_ = [pair for pair in pairs if expected(lines, *pair)]
            closed = [pair for pair in pairs if pair not in open_]
            missing = set(open_) - self._reached(open_, probe, PATIENCE)
            leaked = self._reached(closed, probe, SOON)
            wrong = [f"{a} -> {b} is closed" for a, b in missing] + [f"{a} -> {b} is open" for a, b in leaked]
            shown = sorted(wrong)[:6] or f"{len(open_)} open, {len(closed)} closed"
            story.check(f"{probe}: all {len(pairs)} pairs are as the table says", not wrong, shown)

    def _reached(self, pairs: Sequence[tuple[str, str]], probe: Probe, seconds: float) -> set[tuple[str, str]]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = pool.map(lambda pair: self._answers(pair, probe, seconds), pairs)
            return {pair for pair, answered in zip(pairs, answers, strict=True) if answered}

    def _answers(self, pair: tuple[str, str], probe: Probe, seconds: float) -> bool:
        sender, receiver = (self.pods[name] for name in pair)
        address = receiver.ipv4 if probe.version == 4 else receiver.ipv6
        if probe.protocol == "udp":
            said = exchange.witnessed(sender, address, probe.port, seconds)
        else:
            said = clients.curl(sender, f"http://{clients.bracketed(address)}:{probe.port}/", seconds=seconds)
        return said.startswith(f"{receiver.name} saw ")


def expected(lines: Sequence[str], source: str, target: str) -> bool:
    """What a table says of a pair: lines like ``no * -> x/a`` and ``yes y/* -> x/a``, the later ones overriding."""
    reached = True
    for line in lines:
        word, senders, _, receivers = line.split()
        if fnmatchcase(source, senders) and fnmatchcase(target, receivers):
            reached = word == "yes"
    return reached


def gather(lab: Lab) -> Cluster:
    """Start the daemon, three hosts, and all pods, the three of a namespace on different hosts."""
    lab.start_daemon()
    hosts = [lab.hypervisor(f"hv{number}") for number in range(1, HOSTS + 1)]
    for host in hosts:
        host.serve()
    lab.join(*hosts)
    places = [
        Place(
            replace(LAN, tenant=namespace), pod, hosts[at % HOSTS], 11 + at, {"named_ports": NAMED}, labels={"pod": pod}
        )
        for at, (namespace, pod) in enumerate(product(NAMESPACES, PODS))
    ]
    lan = [replace(place, spec={**place.spec, "network": f"{LAN.tenant}/{LAN.name}"}) for place in places]
    projects = [{**rest.project(namespace), "labels": {"ns": namespace}} for namespace in NAMESPACES]
    vms = settle(lab, (*projects, LAN.resource), *lan)
    servers.witness(*vms, ports=PORTS)
    return Cluster({f"{place.lan.tenant}/{place.name}": vm for place, vm in zip(lan, vms, strict=True)})
