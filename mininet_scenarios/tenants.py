"""Tenants as they ask for their networks over REST, and the machines that they then start."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from ipaddress import ip_interface
from typing import TYPE_CHECKING

from mininet_scenarios import rest
from mininet_scenarios.command import until
from mininet_scenarios.vm import Nic, Vm

if TYPE_CHECKING:
    from mininet_scenarios.daemon import Daemon
    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rest import Rest
    from mininet_scenarios.vm import Kind

NETWORK = "net"
BLOCKS = ("10.0.0.0/24", "fd00:10::/64")


@dataclass(frozen=True, slots=True)
class Guest:
    """A machine that a tenant wants: number ``1..250`` gives its MAC and its addresses on the tenant's network."""

    name: str
    host: Hypervisor
    number: int
    kind: Kind = "veth"

    @property
    def nic(self) -> Nic:
        """The same number has the same MAC and addresses in every tenant: tenants overlap on purpose."""
        addresses = (f"10.0.0.{self.number}/24", f"fd00:10::{self.number:x}/64")
        return Nic(f"02:00:00:00:00:{self.number:02x}", addresses)


@dataclass(frozen=True, slots=True)
class Pair:
    """The daemon, two hosts, and a tenant with machine ``web`` on the one and ``db`` on the other."""

    tenant: str
    daemon: Daemon
    hosts: tuple[Hypervisor, Hypervisor]
    guests: tuple[Guest, Guest]
    vms: list[Vm]


def take_back(client: Rest, tenant: str, *kinds: str) -> None:
    """Delete all that a tenant has of these kinds, which are as in paths, one kind after the other."""
    for kind in kinds:
        for resource in client.get(f"/projects/{tenant}/{kind}")["items"]:
            client.delete(f"/projects/{tenant}/{kind}/{resource['name']}")


def pair(lab: Lab) -> Pair:
    """Start and join all of it, for tenant ``acme``; both ports are Ready when this returns."""
    daemon = lab.start_daemon()
    hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    lab.join(*hosts)
    guests = Guest("web", hosts[0], 1), Guest("db", hosts[1], 2)
    ask(daemon.rest, "acme", *guests)
    vms = boot(lab, "acme", *guests)
    wait_ready(daemon.rest, "acme", "web", "db")
    return Pair("acme", daemon, hosts, guests, vms)


def ask(client: Rest, tenant: str, *guests: Guest) -> None:
    """One transaction: the tenant, its network and a port for each guest."""
    ports = [
        rest.port(tenant, guest.name, NETWORK, guest.nic.mac, *(str(ip_interface(a).ip) for a in guest.nic.addresses))
        for guest in guests
    ]
    client.apply(rest.project(tenant), rest.network(tenant, NETWORK, *BLOCKS), *ports)


def boot(lab: Lab, tenant: str, *guests: Guest) -> list[Vm]:
    """Start the guests' machines with their interfaces plugged; their ports need not be ready yet."""
    machines = []
    for guest in guests:
        vm = lab.vm(f"{tenant}-{guest.name}", guest.host, guest.nic, guest.kind)
        vm.plug(f"{tenant}/{guest.name}")
        machines.append(vm)
    return machines


def wait_ready(client: Rest, tenant: str, *names: str, seconds: float = 15) -> None:
    """Wait until the daemon says of each port that the switches have acknowledged its flows."""
    for name in names:
        until(partial(ready, client, tenant, name), seconds, f"port {tenant}/{name} is Ready")


def ready(client: Rest, tenant: str, port: str) -> bool:
    """Whether the port's ``Ready`` condition is true."""
    conditions = client.get(f"/projects/{tenant}/ports/{port}")["status"]["conditions"]
    return any(condition["type"] == "Ready" and condition["status"] is True for condition in conditions)


def chassis(client: Rest, tenant: str, port: str) -> str | None:
    """Where the daemon says that the port is."""
    where: str | None = client.get(f"/projects/{tenant}/ports/{port}")["status"].get("chassis")
    return where
