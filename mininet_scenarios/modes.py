"""A scene with a network of every mode, and the table of what each promises as claims that packets decide.

Each network has machines a and b on one host and c on another. There is a second overlay network that no router joins.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mininet_scenarios import clients, rest, routers, servers, world
from mininet_scenarios.command import side_by_side
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.machine import assign
from mininet_scenarios.probe import AT_ONCE, ping
from mininet_scenarios.world import CAMPUS, FAR, HOSTS, PUBLIC, SERVER

if TYPE_CHECKING:
    from typing import Any

    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.machine import Station
    from mininet_scenarios.vm import Vm
    from mininet_scenarios.world import World

TENANT = "acme"
MODES = ("internal", "host-only", "nat", "bridged", "overlay")
DIRECTIONS = ("VM to VM", "VM to its host", "VM to outside", "outside to VM")
PEER, HOST, OUT, IN = DIRECTIONS
VLAN = 14
LANS = {
    "internal": Lan(TENANT, "internal", 11, "internal"),
    "host-only": Lan(TENANT, "host-only", 12, "host-only"),
    "nat": Lan(TENANT, "nat", 13, "nat"),
    "bridged": Lan(TENANT, "bridged", VLAN, "bridged", {"physical_network": PUBLIC, "vlan": VLAN}),
    "overlay": Lan(TENANT, "overlay", 15),
    "lonely": Lan(TENANT, "lonely", 16),
}
FORWARDED = 8080
Cell = tuple[str, str, int]
"""Mode, direction and version of IP."""
EDGE, FLOATING = 50, 60  # numbers on the provider's segment


@dataclass(frozen=True, slots=True)
class Scene:
    """All of it; ``vms`` by network and name, like ``vms["nat"]["a"]``."""

    world: World
    hosts: tuple[Hypervisor, Hypervisor]
    vms: dict[str, dict[str, Vm]]


@dataclass(frozen=True, slots=True)
class Claim:
    """That ``source`` reaches ``address``, or does not; ``seen`` is the address by which it must be seen there.

    ``port`` is where a witness answers HTTP, None where there is only ping.
    """

    sentence: str
    source: Station
    address: str
    reached: bool = True
    port: int | None = 80
    seen: str = ""


def build(lab: Lab) -> Scene:
    """Start the world, two hosts with their agents, the networks and their machines; all ports are Ready."""
    lab.start_daemon()
    outside = world.build(lab)
    hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    for host in hosts:
        outside.host(host)
        host.serve()
        _tag(host)
    lab.join(*hosts)
    outside.provider.attach(PUBLIC, *LANS["bridged"].nic(1).addresses, vlan=VLAN)
    places = [
        Place(lan, f"{name}-{which}", hosts[at], 10 + number)
        for name, lan in LANS.items()
        for number, (which, at) in enumerate((("a", 0), ("b", 0), ("c", 1)))
    ]
    made = settle(lab, resources(), *places)
    vms: dict[str, dict[str, Vm]] = {name: {} for name in LANS}
    for place, vm in zip(places, made, strict=True):
        vms[place.lan.name][place.name.rpartition("-")[2]] = vm
    servers.witness(*made, *hosts)
    _lead_astray(lab, outside, hosts[0])
    return Scene(outside, hosts, vms)


def resources() -> tuple[dict[str, Any], ...]:
    """Everything but the ports, as the tenant asks for it."""
    external = {"network": "public", "address": world.addresses(PUBLIC, EDGE)[0]}
    floating = [
        rest.resource("FloatingIP", TENANT, f"f{at}", {"network": "public", "address": address, "port": "overlay-b"})
        for at, address in enumerate(world.addresses(PUBLIC, FLOATING))
    ]
    forwards = [
        rest.resource("PortForward", TENANT, f"{where}-web", {**via, **_forward(f"{where}-a")})
        for where, via in (("nat", {"network": "nat"}), ("overlay", {"router": "edge"}))
    ]
    networks = [lan.resource for lan in LANS.values()]
    edge = routers.router(TENANT, "edge", LANS["overlay"], external=external)
    return rest.project(TENANT), world.public(TENANT), *networks, edge, *floating, *forwards


def claims(scene: Scene, mode: str, direction: str, version: int) -> list[Claim]:
    """What one cell of the table promises, for IPv4 (4) or IPv6 (6)."""
    found = {PEER: _to_peers, HOST: _to_host, OUT: _to_outside, IN: _from_outside}[direction]
    return list(found(scene, mode, 0 if version == 4 else 1))


def broken(claims: list[Claim]) -> list[str]:
    """The claims that do not hold, with what was seen instead; all are tried side by side."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(_tried, claims))
    return [f"{claim.sentence}: {answer}" for claim, answer in zip(claims, answers, strict=True) if answer]


def table(scene: Scene) -> dict[Cell, list[str]]:
    """Every cell of the table with its claims that do not hold; all are tried side by side."""
    cells: list[Cell] = [(mode, direction, version) for mode in MODES for direction in DIRECTIONS for version in (4, 6)]
    asked = [(cell, claim) for cell in cells for claim in claims(scene, *cell)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(_tried, (claim for _, claim in asked)))
    found: dict[Cell, list[str]] = {cell: [] for cell, _ in asked}
    for (cell, claim), answer in zip(asked, answers, strict=True):
        found[cell] += [f"{claim.sentence}: {answer}"] if answer else []
    return found


def _tried(claim: Claim) -> str:
    """What is wrong with a claim, or nothing; where somebody should be reached, the first packets may be lost."""
    return _wrong(claim) if not claim.reached or _wrong(claim) else ""


def _wrong(claim: Claim) -> str:
    seen, pinged = side_by_side(partial(_seen, claim), partial(_pinged, claim))
    where = f"{claim.source.name} to {claim.address}, port {claim.port}"
    if not claim.reached:
        return f"{where} is reached (ping {pinged}, seen as {seen or 'nobody'})" if pinged or seen else ""
    if pinged is False or (claim.port and not seen):
        return f"{where} is not reached (ping {pinged}, seen as {seen or 'nobody'})"
    return f"{where} is seen as {seen}, not {claim.seen}" if claim.seen and seen != claim.seen else ""


def _seen(claim: Claim) -> str:
    return clients.seen_as(claim.source, claim.address, claim.port) if claim.port else ""


def _pinged(claim: Claim) -> bool | None:
    return ping(claim.source, claim.address) if claim.port in {None, 80} else None


def _to_peers(scene: Scene, mode: str, at: int) -> Iterator[Claim]:
    a, b, c = scene.vms[mode].values()
    yield Claim("a reaches b on its host", a, b.addresses[at], seen=a.addresses[at])
    if mode == "host-only":
        yield Claim("a does not reach c on another host", a, c.addresses[at], reached=False)
    else:
        yield Claim("a reaches c on another host", a, c.addresses[at], seen=a.addresses[at])


def _to_host(scene: Scene, mode: str, at: int) -> Iterator[Claim]:
    a, host = scene.vms[mode]["a"], scene.hosts[0]
    gateway = LANS[mode].addresses(1)[at]
    own = world.addresses(CAMPUS, HOSTS + host.number)[at]
    inner = () if at else (host.underlay, host.management)
    match mode:
        case "host-only":
            yield Claim("the host has the gateway's address", a, gateway, seen=a.addresses[at])
        case "nat":
            yield Claim("the gateway answers", a, gateway, port=None)
            yield Claim("and leads to the host's own address", a, own)
        case "bridged":
            yield Claim("the host is a machine of the segment", a, _on_vlan(host)[at], seen=a.addresses[at])
        case _:
            lonely = scene.vms["lonely" if mode == "overlay" else mode]["a"]
            nowhere = (LANS[lonely.name.split("-")[1]].addresses(1)[at], own, *inner)
            yield from (Claim("no address of the host answers", lonely, one, reached=False) for one in nowhere)
            yield from (Claim("not the tunnels' either", a, one, reached=False) for one in inner)


def _to_outside(scene: Scene, mode: str, at: int) -> Iterator[Claim]:
    a, b, c = scene.vms[mode].values()
    server, neighbour = world.addresses(FAR, SERVER)[at], world.addresses(PUBLIC, world.NEIGHBOUR)[at]
    own = a.addresses[at]
    match mode:
        case "nat":
            for vm, host in ((a, scene.hosts[0]), (c, scene.hosts[1])):
                translated = world.addresses(CAMPUS, HOSTS + host.number)[at]
                yield Claim("the server sees the host's address", vm, server, seen=translated)
        case "bridged":
            yield Claim("the server sees its own address", a, server, seen=own)
        case "overlay":
            edge, floating = world.addresses(PUBLIC, EDGE)[at], world.addresses(PUBLIC, FLOATING)[at]
            yield Claim("the server sees the router's address, or its own IPv6", a, server, seen=own if at else edge)
            yield Claim("the neighbour does too", c, neighbour, seen=c.addresses[at] if at else edge)
            yield Claim("of whoever has a floating IP, that", b, server, seen=floating)
            yield Claim("without a router nobody leaves", scene.vms["lonely"]["a"], server, reached=False)
        case _:
            yield Claim("the server is not reached", a, server, reached=False)
            yield Claim("nor is a neighbour of the host", a, neighbour, reached=False)


def _from_outside(scene: Scene, mode: str, at: int) -> Iterator[Claim]:
    a = scene.vms[mode]["a"]
    server, own = scene.world.server, world.addresses(FAR, SERVER)[at]
    match mode:
        case "bridged":
            yield Claim("the server reaches it", server, a.addresses[at], seen=own)
        case "nat":
            host = world.addresses(CAMPUS, HOSTS + scene.hosts[0].number)[at]
            yield Claim("the forwarded port leads to it", server, host, port=FORWARDED, seen=own)
            yield Claim("no other port does", server, host, port=FORWARDED + 1, reached=False)
            yield Claim("its own address is not reached", server, a.addresses[at], reached=False)
        case "overlay":
            edge, floating = world.addresses(PUBLIC, EDGE)[at], world.addresses(PUBLIC, FLOATING)[at]
            yield Claim("the floating IP leads to b", server, floating, seen=own)
            if not at:
                yield Claim("the forwarded port leads to a", server, edge, port=FORWARDED, seen=own)
                yield Claim("no other port does", server, edge, port=FORWARDED + 1, reached=False)
                yield Claim("its own address is not reached", server, a.addresses[at], reached=False)
            yield Claim(
                "a network without a router is not", server, scene.vms["lonely"]["a"].addresses[at], reached=False
            )
        case _:
            yield Claim("nobody outside reaches it", server, a.addresses[at], reached=False)


def _forward(port: str) -> dict[str, Any]:
    return {"protocol": "tcp", "external_port": FORWARDED, "port": port, "internal_port": 80}


def _on_vlan(host: Hypervisor) -> tuple[str, str]:
    return LANS["bridged"].addresses(100 + host.number)


def _tag(host: Hypervisor) -> None:
    """Give the host an address on the bridged network's VLAN, by a port of its own on the provider's bridge."""
    add = ("add-port", f"br-{PUBLIC}", "tagged", f"tag={VLAN}", "--", "set", "Interface", "tagged", "type=internal")
    host.ovs.vsctl(*add)
    assign(host.machine, "tagged", *LANS["bridged"].nic(100 + host.number).addresses)
    host.machine.run("ip", "link", "set", "tagged", "up")


def _lead_astray(lab: Lab, outside: World, host: Hypervisor) -> None:
    """Have the provider send what is for networks that are not outside's to the host, as an attacker there could."""
    for name in ("internal", "host-only", "nat", "lonely"):
        for block, via in zip(LANS[name].cidrs, world.addresses(CAMPUS, HOSTS + host.number), strict=True):
            outside.provider.route(block, via)
    for block, via in zip(LANS["overlay"].cidrs, routers.outer(lab.client, TENANT, "edge"), strict=True):
        outside.provider.route(block, via)
