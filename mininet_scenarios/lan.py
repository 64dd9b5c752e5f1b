"""Networks of tenants with subnets of both versions of IP, and machines that are numbered on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_network
from typing import TYPE_CHECKING, Any

from mininet_scenarios import rest, tenants
from mininet_scenarios.vm import MTU, Nic

if TYPE_CHECKING:
    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.vm import Vm


@dataclass(frozen=True, slots=True)
class Lan:
    """Network ``number`` (1..99) has 10.``number``.0.0/24 and 2001:db8:``number``::/64; its gateway is number 1.

    ``spec`` is added to the network's own, ``ipv4`` and ``ipv6`` to its subnets'.
    """

    tenant: str
    name: str
    number: int
    mode: str = "overlay"
    spec: Mapping[str, Any] = field(default_factory=dict)
    ipv4: Mapping[str, Any] = field(default_factory=dict)
    ipv6: Mapping[str, Any] = field(default_factory=dict)
    mtu: int = MTU

    @property
    def cidrs(self) -> tuple[str, str]:
        """Its blocks."""
        return f"10.{self.number}.0.0/24", f"2001:db8:{self.number}::/64"

    @property
    def resource(self) -> dict[str, Any]:
        """The network as a tenant asks for it."""
        subnets = [
            {"name": name, "cidr": cidr, **more}
            for name, cidr, more in zip(("v4", "v6"), self.cidrs, (self.ipv4, self.ipv6), strict=True)
        ]
        return rest.resource("Network", self.tenant, self.name, {"mode": self.mode, "subnets": subnets, **self.spec})

    def addresses(self, number: int) -> tuple[str, str]:
        """The addresses of number ``1..250``."""
        return f"10.{self.number}.0.{number}", f"2001:db8:{self.number}::{number:x}"

    def mac(self, number: int) -> str:
        """The MAC of number ``1..250``."""
        return f"02:00:00:00:{self.number:02x}:{number:02x}"

    def formed(self, number: int) -> str:
        """The IPv6 address that a machine makes of the network's prefix and its MAC (RFC 4291, appendix A)."""
        octets = bytes.fromhex(self.mac(number).replace(":", ""))
        last = bytes((octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]))
        return str(IPv6Address(ip_network(self.cidrs[1]).network_address.packed[:8] + last))

    def nic(self, number: int) -> Nic:
        """What the machine of a number is told, where nothing tells it by itself."""
        ipv4, ipv6 = self.addresses(number)
        return Nic(self.mac(number), (f"{ipv4}/24", f"{ipv6}/64"), self.mtu, self.addresses(1))


@dataclass(frozen=True, slots=True)
class Place:
    """A machine that a tenant wants: number ``2..250`` of a network, on a host; ``spec`` is added to its port's.

    ``nic`` is what the machine is told instead of its addresses and gateways. ``labels`` are its port's.
    """

    lan: Lan
    name: str
    host: Hypervisor
    number: int
    spec: Mapping[str, Any] = field(default_factory=dict)
    nic: Nic | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def resource(self) -> dict[str, Any]:
        """Its port."""
        lan = self.lan
        asked = rest.port(lan.tenant, self.name, lan.name, lan.mac(self.number), *lan.addresses(self.number))
        return {**asked, "labels": dict(self.labels), "spec": {**asked["spec"], **self.spec}}


def settle(lab: Lab, resources: tuple[dict[str, Any], ...], *places: Place) -> list[Vm]:
    """Ask for resources and the places' ports in one transaction, start the machines, and wait until all are Ready."""
    client = lab.client
    client.apply(*resources, *(place.resource for place in places))
    machines = []
    for place in places:
        vm = lab.vm(f"{place.lan.tenant}-{place.name}", place.host, place.nic or place.lan.nic(place.number))
        vm.plug(f"{place.lan.tenant}/{place.name}")
        machines.append(vm)
    for place in places:
        tenants.wait_ready(client, place.lan.tenant, place.name)
    return machines
