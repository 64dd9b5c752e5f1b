"""Two gateways, one at work: it is killed under traffic, the other takes over, and the first one's return is not felt.

The machines' own host has no wire into the world. Connections that were begun anew work again within a second; those
whose addresses are not translated, or always to the same, go on. Those that share the router's address are begun anew.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mininet_scenarios import clients, rest, routers, servers, world
from mininet_scenarios.command import until
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.probe import SteadyKnocks, SteadyPing, SteadyStream, ping
from mininet_scenarios.story import play
from mininet_scenarios.world import FAR, PUBLIC, SERVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm
    from mininet_scenarios.world import World

TENANT = "acme"
LAN = Lan(TENANT, "net", 51)
EDGE, FLOATING = 50, 60
BOUND = 1000  # milliseconds


@dataclass(frozen=True, slots=True)
class Scene:
    """All there is; ``mac`` is the router's."""

    world: World
    gateways: tuple[Hypervisor, Hypervisor]
    web: Vm
    db: Vm
    mac: str

    def seat(self) -> str:
        """The host behind which the provider's switch saw the router last."""
        return self.world.outside.learned(PUBLIC).get(self.mac, ("nowhere", 0))[0]

    def named(self, name: str) -> Hypervisor:
        """The gateway of a name."""
        return next(host for host in self.gateways if host.name == name)


def tell(story: Story, lab: Lab) -> None:
    """Kill, return, cut."""
    story.step("A host with machines, two gateways, and a router that leaves by one of them")
    scene = build(lab)
    server = world.addresses(FAR, SERVER)
    seen = [clients.seen_as(scene.web, address) for address in server]
    story.check("machines reach the server", all(seen), seen)
    first = scene.seat()
    story.check("one gateway has the router's place", first in ("gw1", "gw2"), first)
    active = scene.named(first)
    standby = next(host for host in scene.gateways if host is not active)

    story.step(f"kill -9 {active.name}'s ovs-vswitchd under traffic")
    fail(story, scene, active.ovs.kill_switch, standby)
    story.step(f"{active.name} returns")
    come_back(story, lab, scene, active, standby)
    story.step(f"{standby.name}'s tunnel wire is cut under traffic")
    fail(story, scene, lambda: standby.cut("underlay"), active)
    standby.mend("underlay")
    story.step("Both gateways lose the daemon only: their switches forward as before")
    stay(story, scene, standby, active)
    story.step("Both gateways die, and one returns")
    for host in scene.gateways:
        host.ovs.kill_switch()
    story.check("nobody leaves", not ping(scene.web, server[0]))
    standby.ovs.start_switch()
    until(lambda: clients.seen_as(scene.web, server[0]), 20, "machines reach the server again")
    story.check("machines reach the server again", held=True)


def build(lab: Lab) -> Scene:
    """Start all of it; machine db has a floating IP."""
    lab.start_daemon()
    outside = world.build(lab)
    hosts = lab.hypervisor("hv1"), lab.hypervisor("gw1"), lab.hypervisor("gw2")
    for gateway in hosts[1:]:
        gateway.provide(outside.outside, PUBLIC)
        gateway.label("gateway=true")
    lab.join(*hosts)
    external = {"network": "public", "address": world.addresses(PUBLIC, EDGE)[0]}
    floating = {"network": "public", "address": world.addresses(PUBLIC, FLOATING)[0], "port": "db"}
    web, db = settle(
        lab,
        (
            rest.project(TENANT),
            world.public(TENANT),
            LAN.resource,
            routers.router(TENANT, "edge", LAN, external=external),
            rest.resource("FloatingIP", TENANT, "db", floating),
        ),
        Place(LAN, "web", hosts[0], 11),
        Place(LAN, "db", hosts[0], 12),
    )
    outside.provider.route(LAN.cidrs[1], routers.outer(lab.client, TENANT, "edge")[1])
    servers.witness(web, db)
    until(lambda: clients.seen_as(web, world.addresses(FAR, SERVER)[0]), 20, "the router has found its way out")
    until(lambda: watched(*hosts), 20, "all three hear the gateways")
    return Scene(outside, hosts[1:], web, db, routers.mac(lab.client, TENANT, "edge"))


def watched(*hosts: Hypervisor) -> bool:
    """Whether all hear each other at the pace that they agreed upon: BFD begins with a packet a second."""
    shown = [host.ovs.appctl("bfd/show") for host in hosts]
    return all("RX Interval: Approx 100ms" in one and "Approx 1000ms" not in one for one in shown)


def fail(story: Story, scene: Scene, strike: Callable[[], object], heir: Hypervisor) -> None:
    """Strike the gateway at work while connections are begun and others go on."""
    ipv4, ipv6 = world.addresses(FAR, SERVER)
    knocks = SteadyKnocks(scene.web, ipv4)
    routed = SteadyStream(scene.web, scene.world.server, ipv6, 5001)
    floating = SteadyStream(scene.world.server, scene.db, world.addresses(PUBLIC, FLOATING)[0], 5002)
    strike()
    until(lambda: scene.seat() == heir.name, 5, f"the provider's switch sees the router behind {heir.name}")
    until(lambda: clients.seen_as(scene.web, ipv4), 10, "connections are answered")
    begun, six, moved = knocks.stop(), routed.stop(), floating.stop()
    story.check(f"new connections work again in {BOUND} ms", begun.gap <= BOUND, begun)
    story.check("the router announced itself there", scene.seat() == heir.name, heir.name)
    story.check("a stream over IPv6, which nobody translates, went on", six.sent > 0, six)
    story.check("a stream to the floating IP went on", moved.sent > 0, moved)


def come_back(story: Story, lab: Lab, scene: Scene, returned: Hypervisor, heir: Hypervisor) -> None:
    """A gateway that is there again waits for its turn."""
    steady = SteadyPing(scene.web, world.addresses(FAR, SERVER)[0])
    returned.ovs.start_switch()
    lab.wait_joined(returned)
    steady.more(1000)
    lost = steady.stop()
    story.check("nothing was lost", lost.lost == 0, lost)
    story.check(f"the router stays on {heir.name}", scene.seat() == heir.name, scene.seat())


def stay(story: Story, scene: Scene, idle: Hypervisor, active: Hypervisor) -> None:
    """Neither gateway needs the daemon to forward."""
    steady = SteadyPing(scene.web, world.addresses(FAR, SERVER)[0])
    for host in (idle, active):
        host.cut("management")
    steady.more(500)
    for host in (idle, active):
        host.mend("management")
    lost = steady.stop()
    story.check("nothing was lost", lost.lost == 0, lost)
    story.check(f"the router stays on {active.name}", scene.seat() == active.name, scene.seat())


if __name__ == "__main__":
    sys.exit(play(tell))
