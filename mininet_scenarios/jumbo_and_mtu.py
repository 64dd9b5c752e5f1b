"""Large frames where the underlay carries them, small ones where it does not, and a word to who sends too much.

A network's MTU follows from the underlay and its encapsulation; machines are told of it, and routers between networks
of different MTUs say "packet too big" rather than lose what does not fit.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mininet_scenarios import clients, dhcp, rest, routers, servers, world
from mininet_scenarios.command import until
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.probe import ping
from mininet_scenarios.refusal import prove_refused
from mininet_scenarios.story import play
from mininet_scenarios.vm import Nic
from mininet_scenarios.world import FAR, PUBLIC, SERVER

if TYPE_CHECKING:
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm

TENANT = "acme"
UNDERLAY, ETHERNET, SMALL = 9000, 1500, 1400
# Geneve's has eight bytes of options, in which more will travel.
OVERHEAD = {"vxlan": 50, "geneve": 58, "gre": 42}
LARGEST = UNDERLAY - OVERHEAD["vxlan"]
BIG_LAN = Lan(TENANT, "big", 61, ipv4={"dhcp": {"enabled": True}}, ipv6={"ra": "slaac"}, mtu=LARGEST)
SMALL_LAN = Lan(TENANT, "small", 62, spec={"mtu": SMALL}, mtu=SMALL)


@dataclass(frozen=True, slots=True)
class Scene:
    """Machines one and two on the network of large frames, little on that of small ones; ``told`` knows nothing yet."""

    one: Vm
    two: Vm
    little: Vm
    told: Vm


def tell(story: Story, lab: Lab) -> None:
    """Large, small, and between."""
    story.step(f"An underlay of {UNDERLAY} bytes, a provider of {ETHERNET}; a network that fills it, one of {SMALL}")
    scene = build(lab)
    story.step("What follows from the underlay")
    prove_computed(story, lab)
    story.step(f"Machines on different hosts, on the network of {LARGEST} bytes")
    for address in scene.two.addresses:
        fitting = clients.fits(scene.one, address, LARGEST), clients.fits(scene.one, address, LARGEST + 1)
        story.check(f"{LARGEST} bytes to {address} fit, one more does not", fitting == (True, False), fitting)
    rate = clients.iperf(scene.one, scene.two.ipv4, seconds=1)
    story.check("a TCP stream of large frames flows", rate > 0, f"{rate / 1e6:.0f} Mbit/s")
    story.step("A machine that knows nothing is told")
    prove_told(story, scene.told)
    for name, addresses, limit in (
        ("the small network", scene.little.addresses, SMALL),
        ("the provider", world.addresses(FAR, SERVER), ETHERNET),
    ):
        story.step(f"Through the router, to {name}")
        for address in addresses:
            prove_limit(story, scene.one, address, limit)
    story.step("What cannot be is refused by name")
    too_large = rest.resource("Network", TENANT, "wrong", {"mtu": LARGEST + 1})
    prove_refused(story, lab.client, {"an MTU that the underlay does not carry": ("/spec/mtu", too_large)})


def build(lab: Lab) -> Scene:
    """Start all of it."""
    lab.fabric.mtu = UNDERLAY
    lab.start_daemon({"network": {"underlay_mtu": UNDERLAY}})
    outside = world.build(lab)
    hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    hosts[1].provide(outside.outside, PUBLIC)
    lab.join(*hosts)
    edge = routers.router(TENANT, "edge", BIG_LAN, SMALL_LAN, external={"network": "public"})
    one, two, little, told = settle(
        lab,
        (rest.project(TENANT), world.public(TENANT), BIG_LAN.resource, SMALL_LAN.resource, edge),
        Place(BIG_LAN, "one", hosts[0], 11),
        Place(BIG_LAN, "two", hosts[1], 12),
        Place(SMALL_LAN, "little", hosts[1], 11),
        Place(BIG_LAN, "told", hosts[0], 13, {"addresses": None}, Nic(BIG_LAN.mac(13), mtu=UNDERLAY, listens=True)),
    )
    outside.provider.route(BIG_LAN.cidrs[1], routers.outer(lab.client, TENANT, "edge")[1])
    servers.witness(one, two, little)
    for station in (two, little, outside.server):
        servers.iperf(station)
    until(lambda: clients.seen_as(one, world.addresses(FAR, SERVER)[0]), 20, "the router has found its way out")
    return Scene(one, two, little, told)


def prove_computed(story: Story, lab: Lab) -> None:
    """The MTU of a network that asks for none, by encapsulation."""
    for encap, overhead in OVERHEAD.items():
        lab.client.apply(rest.resource("Network", TENANT, f"by-{encap}", {"encap": encap}))
        found = lab.client.get(f"/projects/{TENANT}/networks/by-{encap}")["status"]["mtu"]
        story.check(f"{encap} leaves {UNDERLAY - overhead}", found == UNDERLAY - overhead, found)


def prove_told(story: Story, told: Vm) -> None:
    """DHCP's option 26, and the router advertisement's."""
    lease = dhcp.dhclient(told).wait("BOUND")
    story.check("DHCP says so", lease.get("new_interface_mtu") == str(LARGEST), lease.get("new_interface_mtu"))
    advertised = clients.solicit(told)
    found = next((value for name, value in advertised.items() if name.startswith("MTU")), "")
    story.check("the router advertisement says so", str(LARGEST) in found, found or advertised)
    kernel = told.machine.run("sysctl", "-n", "net.ipv6.conf.eth0.mtu").strip()
    story.check("the kernel took it", kernel == str(LARGEST), kernel)


def prove_limit(story: Story, source: Vm, address: str, limit: int) -> None:
    """What fits passes; what does not is answered by the router, and the source's kernel learns the limit."""
    story.check(f"{limit} bytes to {address} fit", clients.fits(source, address, limit))
    story.check("one more does not", not clients.fits(source, address, limit + 1))
    learned = clients.path_mtu(source, address)
    story.check("the router said how much does", learned == limit, f"path MTU {learned}")
    source.machine.run("ip", "route", "flush", "cache")
    if ":" not in address:
        story.check("a larger one that may be cut comes in pieces", clients.fits(source, address, 3 * limit, "dont"))
    rate = clients.iperf(source, address, seconds=1)
    story.check("a TCP stream finds its size", rate > 0 and ping(source, address), f"{rate / 1e6:.0f} Mbit/s")


if __name__ == "__main__":
    sys.exit(play(tell))
