"""Floating IPs: an external address stands for one machine, where that machine is, and for nothing else.

Traffic takes no detour: the host of the machine translates if it has a wire to the provider, a gateway does if not. The
machine's neighbours reach it by that address too, and so does it itself.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mininet_scenarios import clients, exchange, links, rest, routers, servers, world
from mininet_scenarios.command import side_by_side, until
from mininet_scenarios.inline import Inline
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.probe import SteadyPing, SteadyStream, ping, unreached
from mininet_scenarios.refusal import prove_refused
from mininet_scenarios.story import play
from mininet_scenarios.world import FAR, PUBLIC, SERVER

if TYPE_CHECKING:
    from typing import Any

    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm
    from mininet_scenarios.world import World

TENANT = "acme"
LAN = Lan(TENANT, "net", 52)
EDGE = 50
FLOATING = {"web": 61, "db": 62, "far": 63}  # numbers on the provider's segment
LONGEST_GAP = 1000  # milliseconds
MANY, FEW = 200, 60  # rounds of a ping, and frames of others meanwhile at most


@dataclass(frozen=True, slots=True)
class Scene:
    """Machines web, db and far have floating IPs, plain has none."""

    world: World
    hosts: tuple[Hypervisor, ...]
    vms: dict[str, Vm]


def tell(story: Story, lab: Lab) -> None:
    """In, out, round, away."""
    story.step("Hosts hv1 and hv2 with a wire to the provider, hv3 without; gateway gw1; machines with floating IPs")
    scene = build(lab)
    for name in FLOATING:
        prove_stands(story, scene, name)
    behind = [(scene.world.server, scene.vms[name].ipv4) for name in FLOATING]
    silent = unreached(behind)
    story.check("nobody outside reaches a machine's own address", len(silent) == len(behind), silent)
    story.step("Nobody takes a detour")
    prove_place(story, lab, scene)
    story.step("Neighbours, and the machine itself, reach it by its floating IP")
    prove_hairpin(story, scene)
    story.step("What leaves for the server, and what comes from it, is led through a middlebox on hv3")
    prove_led(story, scene, lab)
    story.step("What leaves by the router, and what answers, is led by way of hv3, which has no wire to the provider")
    prove_steered(story, scene, lab)
    story.step("web moves to hv2 while the neighbour pings its floating IP and streams to it")
    move(story, scene, lab)
    story.step("What cannot be is refused by name")
    prove_refused(story, lab.client, wrong())
    story.step("The floating IP of web is taken away")
    take_away(story, lab, scene)


def build(lab: Lab) -> Scene:
    """Start all of it."""
    lab.start_daemon()
    outside = world.build(lab)
    hosts = tuple(lab.hypervisor(name) for name in ("hv1", "hv2", "hv3", "gw1"))
    for host in (hosts[0], hosts[1], hosts[3]):
        host.provide(outside.outside, PUBLIC)
    hosts[3].label("gateway=true")
    lab.join(*hosts)
    external = {"network": "public", "address": world.addresses(PUBLIC, EDGE)[0]}
    places = [
        Place(LAN, name, hosts[at], 11 + number)
        for number, (name, at) in enumerate((("web", 0), ("db", 1), ("far", 2), ("plain", 0)))
    ]
    floating = [
        rest.resource("FloatingIP", TENANT, f"{name}-{at}", {"network": "public", "address": address, "port": name})
        for name, number in FLOATING.items()
        for at, address in enumerate(world.addresses(PUBLIC, number))
    ]
    edge = routers.router(TENANT, "edge", LAN, external=external)
    vms = settle(lab, (rest.project(TENANT), world.public(TENANT), LAN.resource, edge, *floating), *places)
    servers.witness(*vms)
    until(lambda: clients.seen_as(vms[3], world.addresses(FAR, SERVER)[0]), 20, "the router has found its way out")
    return Scene(outside, hosts, {place.name: vm for place, vm in zip(places, vms, strict=True)})


def prove_stands(story: Story, scene: Scene, name: str) -> None:
    """The address stands for the machine, both ways."""
    vm, floating = scene.vms[name], world.addresses(PUBLIC, FLOATING[name])
    story.step(f"{floating[0]} and {floating[1]} stand for {vm.name}")
    server = world.addresses(FAR, SERVER)
    near = [ping(scene.world.neighbour, address) for address in floating]
    story.check("a neighbour on the provider's segment reaches it", all(near), near)
    inward = [clients.seen_as(scene.world.server, address) for address in floating]
    story.check("the server reaches it by them, and is seen as itself", inward == list(server), inward)
    outward = [clients.seen_as(vm, address) for address in server]
    story.check("the server sees it by them", outward == list(floating), outward)


def prove_place(story: Story, lab: Lab, scene: Scene) -> None:
    """The provider's switch sees each address behind the host that should translate it."""
    learned = scene.world.outside.learned(PUBLIC)
    router = learned.get(routers.mac(lab.client, TENANT, "edge"), ("nowhere", 0))[0]
    story.check("the router is on the gateway", router == "gw1", router)
    for name, place in (("web", "hv1"), ("db", "hv2"), ("far", "gw1")):
        mac = scene.world.neighbour.neighbour(world.addresses(PUBLIC, FLOATING[name])[0])
        behind = learned.get(mac, ("nowhere", 0))[0]
        story.check(f"the floating IP of {name} is on {place}", behind == place, f"{mac} behind {behind}")
    seen = clients.seen_as(scene.vms["plain"], world.addresses(FAR, SERVER)[0])
    story.check("a machine without one is seen as the router", seen == world.addresses(PUBLIC, EDGE)[0], seen)


def prove_hairpin(story: Story, scene: Scene) -> None:
    """From inside, the address leads to the same machine."""
    for at, version in enumerate(("IPv4", "IPv6")):
        target = world.addresses(PUBLIC, FLOATING["web"])[at]
        answers = {name: clients.curl(vm, f"http://{clients.bracketed(target)}/") for name, vm in scene.vms.items()}
        wrong = {name: answer for name, answer in answers.items() if not answer.startswith(f"{TENANT}-web saw ")}
        story.check(f"all machines reach web by it, web too, {version}", not wrong, wrong or answers)


def prove_led(story: Story, scene: Scene, lab: Lab) -> None:
    """The middlebox sees who it is, the server still sees the outer address; nobody else passes it."""
    server, floating = (world.addresses(FAR, SERVER)[0], world.addresses(PUBLIC, FLOATING["web"])[0])
    outer = {"web": floating, "plain": world.addresses(PUBLIC, EDGE)[0]}
    outer |= {name: world.addresses(PUBLIC, FLOATING[name])[0] for name in ("db", "far")}
    box = Inline(lab, scene.hosts[2], TENANT, "fw")
    box.ask(lab.client, "net", 1)
    whole = {"cidr": world.blocks(FAR, 0)[0]}
    box.lead(lab.client, {"from": [{"port": "web"}, {"port": "plain"}], "to": whole, "protocol": "tcp"})
    for name, vm in scene.vms.items():
        seen, led = clients.seen_as(vm, server), box.passed(vm.ipv4, server)
        story.check(f"the server sees {name} by the same address as before", seen == outer[name], seen)
        wanted = (name in {"web", "plain"},) * 2
        story.check(f"{name} is {'led' if wanted[0] else 'not led'} through it, answers too", led == wanted, led)
    box.lead(lab.client, {"from": whole, "to": {"port": "web"}, "protocol": "tcp"})
    seen, led = clients.seen_as(scene.world.server, floating), box.passed(server, scene.vms["web"].ipv4)
    story.check("the server reaches web by its floating IP through it", (seen, led) == (server, (True, True)), seen)
    box.release(lab.client)
    until(lambda: not _led(scene, box, server), 5, "nothing passes it any more")
    story.check("once the chain is gone, the server is reached without it", held=True)


def _led(scene: Scene, box: Inline, server: str) -> bool:
    """Whether the server is out of web's reach, or is reached through the middlebox."""
    return not clients.seen_as(scene.vms["web"], server) or any(box.passed(scene.vms["web"].ipv4, server))


def prove_steered(story: Story, scene: Scene, lab: Lab) -> None:
    """Packets take the path that the daemon tells, none is lost meanwhile, and the server sees whom it saw before."""
    server, far, plain = world.addresses(FAR, SERVER)[0], {"cidr": world.blocks(FAR, 0)[0]}, {"port": "plain"}
    steady = SteadyPing(scene.vms["plain"], server)
    seen, rounds = by_hv3(scene, steady)
    told = f"{seen} frames of {rounds} rounds by hv3"
    story.check("by itself it goes to the gateway, and comes from there", seen < FEW, told)
    ways = {"out": (plain, far, ["hv1", "hv3", "gw1"]), "back": (far, plain, ["gw1", "hv3", "hv1"])}
    for number, (name, (source, target, path)) in enumerate(ways.items(), 1):
        wanted = {"match": {"from": [source], "to": target}, "via": ["hv3"]}
        lab.client.apply(rest.resource("PathPolicy", TENANT, name, wanted))
        links.wait_path(lab.client, TENANT, name, path)
        seen, rounds = by_hv3(scene, steady)
        told = f"{seen} frames of {rounds} rounds by hv3"
        story.check(f"it is led {name} by {', '.join(path)}", abs(seen - number * rounds) < FEW, told)
    outer = clients.seen_as(scene.vms["plain"], server)
    story.check("the server sees the router's address as before", outer == world.addresses(PUBLIC, EDGE)[0], outer)
    for name in ways:
        lab.client.delete(f"/projects/{TENANT}/pathpolicies/{name}")
    until(lambda: by_hv3(scene, steady)[0] < FEW, 5, "nothing goes by hv3 any more")
    pings = steady.stop()
    story.check("over all this no ping was lost", pings.lost == 0, pings)


def by_hv3(scene: Scene, steady: SteadyPing) -> tuple[int, int]:
    """How many frames come to hv3 while a ping goes round how many times, ``MANY`` at least."""
    count = partial(scene.hosts[2].machine.run, "cat", "/sys/class/net/underlay/statistics/rx_packets")
    frames, rounds = int(count()), steady.replies()
    steady.more(MANY)
    return int(count()) - frames, steady.replies() - rounds


def move(story: Story, scene: Scene, lab: Lab) -> None:
    """The address goes with the machine."""
    neighbour, address = scene.world.neighbour, world.addresses(PUBLIC, FLOATING["web"])[0]
    mac = neighbour.neighbour(address)
    steady, stream = SteadyPing(neighbour, address), SteadyStream(neighbour, scene.vms["web"], address)
    scene.vms["web"].move(scene.hosts[1], f"{TENANT}/web")
    until(lambda: scene.world.outside.learned(PUBLIC).get(mac) == ("hv2", 0), 10, "the provider's switch learned it")
    steady.more(200)
    lost, streamed = steady.stop(), stream.stop()
    story.check(f"ping goes on, after {LONGEST_GAP} ms at most", lost.gap <= LONGEST_GAP, lost)
    story.check("the stream goes on", streamed.sent > 0, streamed)
    port = lab.client.get(f"/projects/{TENANT}/ports/web")["status"]["chassis"]
    story.check("the daemon says where it is", port == "hv2", port)


def take_away(story: Story, lab: Lab, scene: Scene) -> None:
    """Afterwards it stands for nothing, and what was open is cut."""
    web, address = scene.vms["web"], world.addresses(PUBLIC, FLOATING["web"])[0]
    by_web = [exchange.held(scene.world.server, floating) for floating in world.addresses(PUBLIC, FLOATING["web"])]
    by_db = exchange.held(scene.world.server, world.addresses(PUBLIC, FLOATING["db"])[0])
    for at in (0, 1):
        lab.client.delete(f"/projects/{TENANT}/floatingips/web-{at}")
    until(lambda: not exchange.arp(scene.world.neighbour, address), 5, "nobody answers for the address")
    story.check("nobody answers for the address", not ping(scene.world.server, address), address)
    still = side_by_side(*(partial(exchange.answered, one) for one in (*by_web, by_db)))
    story.check("connections that came by it are cut, others are not", still == [False, False, True], still)
    seen = clients.seen_as(web, world.addresses(FAR, SERVER)[0])
    story.check("the server sees it as the router now", seen == world.addresses(PUBLIC, EDGE)[0], seen)
    others = [ping(scene.world.server, world.addresses(PUBLIC, FLOATING[name])[0]) for name in ("db", "far")]
    story.check("the others stand as before", all(others), others)


def wrong() -> dict[str, tuple[str, dict[str, Any]]]:
    """What no tenant can have, each with the field that says so."""
    web, edge, gateway = (world.addresses(PUBLIC, number)[0] for number in (FLOATING["web"], EDGE, 1))
    changes: dict[str, tuple[str, dict[str, Any]]] = {
        "an address that stands for another machine": ("/spec/address", {"address": web}),
        "the router's own address": ("/spec/address", {"address": edge}),
        "the provider's": ("/spec/address", {"address": gateway}),
        "an address outside the network": ("/spec/address", {"address": "198.51.100.7"}),
        "a private address that the machine has not": ("/spec/private_address", {"private_address": "10.52.0.99"}),
        "a floating IP on a network that is not external": ("/spec/network", {"network": "net"}),
    }
    usual = {"network": "public", "port": "plain"}
    return {
        what: (pointer, rest.resource("FloatingIP", TENANT, "wrong", {**usual, **change}))
        for what, (pointer, change) in changes.items()
    }


if __name__ == "__main__":
    sys.exit(play(tell))
