"""Hosts at bare bridges: machines with one interface, whose ports are bound to where they are plugged in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mininet_scenarios import rest
from mininet_scenarios.cable import pair
from mininet_scenarios.machine import Machine, assign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rack import Rack, Socket

NETWORK = "net"
BLOCK = "10.0.0.0/24"


class Host:
    """Machine ``name``, number ``1..250`` of its network, at a bridge."""

    def __init__(self, name: str, number: int, machine: Machine, socket: Socket) -> None:
        self.name = name
        self.mac = f"02:00:00:00:00:{number:02x}"
        self.address = f"10.0.0.{number}"
        self.machine = machine
        self.socket = socket
        pair((machine, "eth0"), (socket.machine, socket.interface))
        machine.run("ethtool", "-K", "eth0", "tx", "off")  # checksums that no NIC would ever fill in
        machine.run("ip", "link", "set", "eth0", "address", self.mac, "up")
        assign(machine, "eth0", f"{self.address}/24")
        socket.plug()

    def port(self, tenant: str, labels: Mapping[str, str]) -> dict[str, Any]:
        """Its port, bound to its interface."""
        asked = rest.port(tenant, self.name, NETWORK, self.mac, self.address)
        return {**asked, "labels": dict(labels), "spec": {**asked["spec"], "binding": self.socket.binding}}


def host(lab: Lab, name: str, number: int, socket: Socket) -> Host:
    """A new host, which goes with the lab."""
    return Host(name, number, lab.station(name), socket)


def hosts(lab: Lab, rack: Rack, bridges: Iterable[str]) -> list[Host]:
    """A host at each bridge, named ``h1``, ``h2`` and so on; a bridge that is named twice has two."""
    return [host(lab, f"h{number}", number, rack.socket(bridge)) for number, bridge in enumerate(bridges, 1)]


def resources(tenant: str, members: Iterable[Host]) -> list[dict[str, Any]]:
    """The tenant, its network, and a port for each host."""
    ports = [member.port(tenant, {}) for member in members]
    return [rest.project(tenant), rest.network(tenant, NETWORK, BLOCK), *ports]
