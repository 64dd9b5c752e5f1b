"""Topologies that Mininet makes itself, and what a tenant asks for to have its hosts on one network."""

from __future__ import annotations

import json
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mininet_scenarios import rest
from mininet_scenarios.command import until
from mininet_scenarios.machine import end
from mininet_scenarios.mn_topology import topology

if TYPE_CHECKING:
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.ovs import Ovs

PROGRAM = str(Path(__file__).with_name("mn_topology.py"))
NETWORK, BLOCK = "net", "10.0.0.0/8"


@dataclass(frozen=True, slots=True)
class Place:
    """A host of Mininet's, and where it is plugged in."""

    host: str
    mac: str
    address: str
    switch: str
    interface: str

    def port(self, tenant: str) -> dict[str, Any]:
        """Its port, bound to its interface."""
        asked = rest.port(tenant, self.host, NETWORK, self.mac, self.address)
        binding = {"chassis": self.switch, "interface": self.interface}
        return {**asked, "spec": {**asked["spec"], "binding": binding}}


def switches(name: str) -> list[str]:
    """The switches of a topology, like ``tree,3,3``."""
    return list(topology(name).switches())


def places(name: str) -> list[Place]:
    """Its hosts; Mininet numbers them in this order, where it is asked for MACs that can be read."""
    topo = topology(name)
    found = []
    for number, host in enumerate(topo.hosts(), 1):
        switch = next(iter(topo.g[host]))
        interface = f"{switch}-eth{topo.port(switch, host)[0]}"
        found.append(Place(host, f"00:00:00:00:00:{number:02x}", f"10.0.0.{number}", switch, interface))
    return found


def resources(tenant: str, name: str) -> list[dict[str, Any]]:
    """The tenant, its network, and a port for each host of a topology."""
    network = rest.network(tenant, NETWORK, BLOCK)
    return [rest.project(tenant), network, *(place.port(tenant) for place in places(name))]


class RunningTopology:
    """Mininet with a topology, from when it has started until ``stop``."""

    def __init__(self, lab: Lab, ovs: Ovs, name: str) -> None:
        self._output = lab.directory.path / f"{name}.mininet"
        arguments = (lab.fabric.daemon, lab.datapath, name)
        spawn = ovs.machine.spawn
        self._child = spawn(sys.executable, PROGRAM, *arguments, output=self._output, environment=ovs.environment)
        self._said("started", 1)
        self.started = time.monotonic()
        self._asked = 0

    def ping_all(self) -> dict[str, Any]:
        """Have every host ping every other once: ``lost`` in per cent, the ``seconds`` it took, Mininet's words."""
        self._asked += 1
        self._child.send_signal(signal.SIGUSR1)
        self._said('{"lost"', self._asked)
        told = next(line for line in reversed(self._output.read_text().splitlines()) if line.startswith("{"))
        return {**json.loads(told), "words": self._output.read_text()[-3000:]}

    def stop(self) -> None:
        """Have Mininet take everything away."""
        end(self._child, 30)

    def _said(self, words: str, times: int) -> None:
        until(lambda: self._child.poll() is not None or self._output.read_text().count(words) >= times, 120, words)
        if self._child.poll() is not None:
            raise RuntimeError(f"Mininet ended: {self._output.read_text()}")
