"""Two routers with two machines between them that route, and as many ways from end to end: connections are spread.

Every connection keeps to its way; when a way is taken from the route, only its own connections change. On the way every
hop says its name when a packet's time is up, for IPv4 and IPv6.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mininet_scenarios import clients, rest, routers, servers
from mininet_scenarios.command import until
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.probe import ping, unreached
from mininet_scenarios.refusal import prove_refused
from mininet_scenarios.story import play

if TYPE_CHECKING:
    from typing import Any

    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm

TENANT = "acme"
NEAR, MIDDLE, FAR = Lan(TENANT, "near", 41), Lan(TENANT, "middle", 42), Lan(TENANT, "far", 43)
LANS = (NEAR, MIDDLE, FAR)
WEST, EAST = 2, 3  # the routers' numbers on the middle network
WAYS = (11, 12)  # those of the machines that route
CONNECTIONS = 64
# They route, say so of every packet that it is too old, and never that there is a shorter way.
ROUTING = (
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
    "net.ipv4.icmp_ratelimit=0",
    "net.ipv6.icmp.ratelimit=0",
    "net.ipv4.conf.all.send_redirects=0",
    "net.ipv4.conf.eth0.send_redirects=0",
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A machine at each end, the two between, and the routers' addresses on the middle network."""

    near: Vm
    far: Vm
    ways: tuple[Vm, Vm]
    east: tuple[str, str]
    west: tuple[str, str]


def tell(story: Story, lab: Lab) -> None:
    """Spread, keep, take away."""
    story.step("Routers west and east, on three hosts; between them machines left and right, which route")
    scene = build(lab)
    for version, at in (("IPv4", 0), ("IPv6", 1)):
        prove_hops(story, scene, version, at)
    story.step(f"{CONNECTIONS} connections, and the way that each takes")
    for version, at in (("IPv4", 0), ("IPv6", 1)):
        prove_spread(story, scene, version, at)
    story.step("Left is taken out of the routes")
    lab.client.apply(*asked(WAYS[1:]))
    answered = [bool(clients.seen_as(scene.near, address)) for address in scene.far.addresses]
    story.check("connections go on by right", all(answered), answered)
    before = forwarded(scene.ways[0])
    connect(scene, 0, 8)
    story.check("left carries nothing any more", forwarded(scene.ways[0]) == before)
    story.step("What routers must not do")
    prove_limits(story, lab, scene)


def build(lab: Lab) -> Scene:
    """Start all of it."""
    lab.start_daemon()
    hosts = [lab.hypervisor(f"hv{number}") for number in (1, 2, 3)]
    lab.join(*hosts)
    free = {"port_security": False}  # they send what others sent them
    near, left, right, far = settle(
        lab,
        (rest.project(TENANT), *(lan.resource for lan in LANS), *asked(())),
        Place(NEAR, "near", hosts[0], 10),
        Place(MIDDLE, "left", hosts[1], WAYS[0], free),
        Place(MIDDLE, "right", hosts[2], WAYS[1], free),
        Place(FAR, "far", hosts[1], 10),
    )
    west, east = (routers.inner(lab.client, TENANT, name, MIDDLE.name) for name in ("west", "east"))
    for way in (left, right):
        way.machine.run("sysctl", "-qw", *ROUTING)
        until(partial(settled, way), 10, f"{way.name} has a link-local address to ask for next hops from")
        for lan, router in ((NEAR, west), (FAR, east)):
            for block, via in zip(lan.cidrs, router, strict=True):
                way.machine.run("ip", "route", "add", block, "via", via)
    lab.client.apply(*asked(WAYS))
    servers.witness(near, far)
    return Scene(near, far, (left, right), east, west)


def settled(vm: Vm) -> bool:
    """Whether a machine has found its addresses to be nobody else's."""
    return not vm.machine.run("ip", "-6", "address", "show", "dev", "eth0", "tentative")


def asked(ways: tuple[int, ...]) -> list[dict[str, Any]]:
    """West joins near and middle, east far and middle; what is behind the other is to be had by each of ``ways``."""
    made = []
    for name, own, other, number in (("west", NEAR, FAR, WEST), ("east", FAR, NEAR, EAST)):
        routes = [
            {"to": block, "via": [MIDDLE.addresses(way)[at] for way in ways]}
            for at, block in enumerate(other.cidrs)
            if ways
        ]
        middle = {"network": MIDDLE.name, "address": MIDDLE.addresses(number)[0]}
        spec = {"interfaces": [{"network": own.name}, middle], "routes": routes}
        made.append(rest.resource("Router", TENANT, name, spec))
    return made


def prove_hops(story: Story, scene: Scene, version: str, at: int) -> None:
    """Who says on the way that time is up."""
    story.step(f"Traceroute from near to far, {version}")
    target = scene.far.addresses[at]
    answering = [NEAR.addresses(1)[at], scene.west[at], *(way.addresses[at] for way in scene.ways), target]
    silent = unreached((scene.near, address) for address in answering)
    story.check("ping: the router at each of its addresses, both ways, and far", not silent, silent or answering)
    hops = clients.traceroute(scene.near, target)
    ways = [way.addresses[at] for way in scene.ways]
    middle = hops[1:2] and hops[1] in ways
    story.check("the first hop is router west", hops[:1] == [NEAR.addresses(1)[at]], hops)
    story.check("the second is left or right", bool(middle), hops)
    story.check("the third is router east, on the middle network", hops[2:3] == [scene.east[at]], hops)
    story.check("the last is far itself", hops[3:] == [target], hops)


def prove_spread(story: Story, scene: Scene, version: str, at: int) -> None:
    """Both ways carry connections, and none is torn between them."""
    before = [forwarded(way) for way in scene.ways]
    answered = connect(scene, at, CONNECTIONS)
    carried = [forwarded(way) - was for way, was in zip(scene.ways, before, strict=True)]
    share = min(carried) / max(1, sum(carried))
    story.check(f"{version}: every connection is answered", answered == CONNECTIONS, f"{answered} of {CONNECTIONS}")
    story.check(f"{version}: each way carries at least a fifth", share >= 0.2, f"packets: {carried}")


def connect(scene: Scene, at: int, count: int) -> int:
    """Make connections from as many ports, one after another; how many were answered."""
    urls = [f"http://{clients.bracketed(scene.far.addresses[at])}/"] * count
    anew = ("--header", "Connection: close")
    return clients.curl(scene.near, urls[0], *anew, *urls[1:], seconds=10).count(" saw ")


def forwarded(vm: Vm) -> int:
    """How many packets a machine has routed."""
    shown = vm.machine.run("nstat", "-asz", "IpForwDatagrams", "Ip6OutForwDatagrams")
    return sum(int(line.split()[1]) for line in shown.splitlines() if "Forw" in line)


def prove_limits(story: Story, lab: Lab, scene: Scene) -> None:
    """Where no route leads nobody answers, but for the router's word; what contradicts itself is refused."""
    nowhere = "10.99.0.1"
    said = scene.near.machine.run("sh", "-c", f"ping -n -c 2 -i 0.2 -W 1 {nowhere} || true")
    story.check(
        "the router says that a network cannot be reached",
        f"From {NEAR.addresses(1)[0]}" in said,
        said.split("\n")[1:2],
    )
    port = {"network": MIDDLE.name, "address": "10.99.0.1"}
    route = {"to": "10.9.0.0/16", "via": ["10.99.0.1"]}
    overlapping = Lan(TENANT, "overlapping", 41)
    lab.client.apply(overlapping.resource)
    prove_refused(
        story,
        lab.client,
        {
            "an address outside its network": ("/spec/interfaces/0", router({"interfaces": [port]})),
            "a next hop that is nowhere": (
                "/spec/routes/0/via",
                router({"interfaces": [{"network": "near"}], "routes": [route]}),
            ),
            "two networks with the same block": (
                "/spec/interfaces/1",
                router({"interfaces": [{"network": "near"}, {"network": "overlapping"}]}),
            ),
        },
    )
    lab.client.delete(f"/projects/{TENANT}/routers/east")
    story.check("without router east far is not reached", not ping(scene.near, scene.far.ipv4))


def router(spec: dict[str, Any]) -> dict[str, Any]:
    """A router that is not to be."""
    return rest.resource("Router", TENANT, "wrong", spec)


if __name__ == "__main__":
    sys.exit(play(tell))
