"""A tenant's machines on one network, told apart by their labels, on hosts in turn; all of them are witnesses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mininet_scenarios import rest, servers
from mininet_scenarios.command import until
from mininet_scenarios.lan import Lan, Place, settle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.vm import Vm

TENANT = "acme"
LAN = Lan(TENANT, "net", 64)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Two hosts, and machines by name."""

    hosts: tuple[Hypervisor, Hypervisor]
    vms: dict[str, Vm]


def gather(lab: Lab, wanted: Mapping[str, Mapping[str, str]], ports: tuple[int, ...] = (80,)) -> Crowd:
    """Start the daemon, hosts hv1 and hv2, and a machine for each name with its labels, the first on hv1.

    The hosts run ``netloom agent``, which tells the daemon what their switches track.
    """
    lab.start_daemon()
    hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    for host in hosts:
        host.serve()
    lab.join(*hosts)
    places = [
        Place(LAN, name, hosts[at % len(hosts)], 11 + at, labels=labels)
        for at, (name, labels) in enumerate(wanted.items())
    ]
    vms = settle(lab, (rest.project(TENANT), LAN.resource), *places)
    servers.witness(*vms, ports=ports)
    until(lambda: not lab.client.get("/connections")["unavailable"], 10, "hosts tell what they track")
    return Crowd(hosts, dict(zip(wanted, vms, strict=True)))
