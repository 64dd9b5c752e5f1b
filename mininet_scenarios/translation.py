"""A scene of translation: two tenants with the same addresses, each with a nat network and a network behind a router.

Red's router leaves by the provider's flat segment, with a range of ports, NAT66 and a helper for FTP; blue's leaves by
a VLAN of it, with none of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mininet_scenarios import clients, rest, routers, servers, world
from mininet_scenarios.command import until
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.world import CAMPUS, FAR, HOSTS, PUBLIC, SERVER

if TYPE_CHECKING:
    from typing import Any

    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.vm import Vm
    from mininet_scenarios.world import World

TENANTS = ("red", "blue")
NATTED, ROUTED, VLAN = 91, 92, 93  # numbers of networks; the last is that of blue's VLAN too
EDGE = 51
LOWEST, HIGHEST = 40000, 40999
NAT_PORT = {"red": 8080, "blue": 8090}  # forwarded on the hosts' own addresses, which all tenants share
ROUTER_PORT, DATAGRAMS, RANGE = 8080, 5300, (8100, 8109)
INNER_RANGE = 9000


@dataclass(frozen=True, slots=True)
class Scene:
    """Machines by tenant and name: n1 and n2 on nat networks, r1 and r2 behind routers, on the hosts in their order."""

    world: World
    hosts: tuple[Hypervisor, Hypervisor]
    vms: dict[str, dict[str, Vm]]
    edges: dict[str, tuple[str, str]]

    def host_addresses(self, at: int) -> tuple[str, str]:
        """A host's own addresses, IPv4 and IPv6."""
        return world.addresses(CAMPUS, HOSTS + self.hosts[at].number)


def build(lab: Lab) -> Scene:
    """Start all of it."""
    lab.start_daemon()
    outside = world.build(lab)
    servers.ftp(outside.server)
    hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    for host in hosts:
        outside.host(host)
        host.serve()
    lab.join(*hosts)
    outside.provider.attach(PUBLIC, *segment().nic(1).addresses, vlan=VLAN)
    vms = {tenant: machines(lab, tenant, hosts) for tenant in TENANTS}
    edges = {tenant: routers.outer(lab.client, tenant, "edge") for tenant in TENANTS}
    outside.provider.route(Lan("blue", "routed", ROUTED).cidrs[1], edges["blue"][1])
    servers.witness(
        *(vm for own in vms.values() for vm in own.values()), ports=(80, *range(INNER_RANGE, INNER_RANGE + 10))
    )
    for vm in (vm for own in vms.values() for vm in own.values()):
        for server in world.addresses(FAR, SERVER):
            until(partial(clients.seen_as, vm, server), 20, f"{vm.name} reaches the world")
    return Scene(outside, hosts, vms, edges)


def machines(lab: Lab, tenant: str, hosts: tuple[Hypervisor, ...]) -> dict[str, Vm]:
    """A tenant's networks, router, forwards and machines."""
    natted, routed = Lan(tenant, "natted", NATTED, "nat"), Lan(tenant, "routed", ROUTED)
    places = [
        Place(lan, f"{letter}{number}", host, 10 + number)
        for letter, lan in (("n", natted), ("r", routed))
        for number, host in enumerate(hosts, 1)
    ]
    outer = world.public("red") if tenant == "red" else segment().resource
    asked = (rest.project(tenant), natted.resource, routed.resource, outer, edge(tenant, routed), *forwards(tenant))
    return {place.name: vm for place, vm in zip(places, settle(lab, asked, *places), strict=True)}


def segment() -> Lan:
    """Blue's way out: a VLAN, whose gateway is the provider's router."""
    return Lan("blue", "public", VLAN, "bridged", {"physical_network": PUBLIC, "vlan": VLAN})


def edge(tenant: str, lan: Lan) -> dict[str, Any]:
    """A tenant's router."""
    if tenant == "blue":
        return routers.router(tenant, "edge", lan, external={"network": "public"})
    address = world.addresses(PUBLIC, EDGE)[0]
    external = {"network": "public", "address": address, "port_range": f"{LOWEST}-{HIGHEST}", "snat6": True}
    asked = routers.router(tenant, "edge", lan, external=external)
    return {**asked, "spec": {**asked["spec"], "helpers": ["ftp"]}}


def forwards(tenant: str) -> list[dict[str, Any]]:
    """What leads in: on the hosts' addresses to n1, on the router's to r1; red has a range and datagrams too."""
    asked = {
        "web-n": forward({"network": "natted"}, "n1", NAT_PORT[tenant], 80),
        "web-r": forward({"router": "edge"}, "r1", ROUTER_PORT, 80),
    }
    if tenant == "red":
        outer, inner = f"{RANGE[0]}-{RANGE[1]}", f"{INNER_RANGE}-{INNER_RANGE + RANGE[1] - RANGE[0]}"
        asked |= {
            "range-n": forward({"network": "natted"}, "n1", outer, inner),
            "range-r": forward({"router": "edge"}, "r1", outer, inner),
            "udp-n": forward({"network": "natted"}, "n1", DATAGRAMS, INNER_RANGE, "udp"),
            "udp-r": forward({"router": "edge"}, "r1", DATAGRAMS, INNER_RANGE, "udp"),
        }
    return [rest.resource("PortForward", tenant, name, spec) for name, spec in asked.items()]


def forward(
    via: dict[str, str], port: str, outer: int | str, inner: int | str, protocol: str = "tcp"
) -> dict[str, Any]:
    """What a port forward asks for; ``outer`` may be a range, ``inner`` is then one of as many."""
    return {**via, "protocol": protocol, "external_port": outer, "port": port, "internal_port": inner}
