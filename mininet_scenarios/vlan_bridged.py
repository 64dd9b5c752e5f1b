"""Bridged networks: machines of tenants are machines of a physical segment, flat or in a VLAN, with their own MACs.

Two VLANs and the untagged segment run over one wire of each host; what belongs to one of them is never seen on another.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from typing import TYPE_CHECKING

from mininet_scenarios import clients, forgery, rest, servers, tenants
from mininet_scenarios.command import until
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.probe import SteadyPing, unreached
from mininet_scenarios.refusal import prove_refused
from mininet_scenarios.story import play
from mininet_scenarios.wire import Wire, collect

if TYPE_CHECKING:
    from typing import Any

    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.outside import Outside, Outsider
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm

TENANT, SEGMENT = "acme", "physnet1"
VLANS = (None, 100, 4094)
PHYSICAL_MTU = 1500
OUTSIDE = 9  # the outside machine's number on each


@dataclass(frozen=True, slots=True)
class Side:
    """One segment: its network, the outside machine on it, and the tenant's machines, one on each host."""

    lan: Lan
    vlan: int | None
    outsider: Outsider
    vms: tuple[Vm, Vm]


def tell(story: Story, lab: Lab) -> None:
    """Three segments on one wire."""
    story.step("Two hosts on a trunk; the switch in the rack has a machine untagged, one in VLAN 100, one in 4094")
    lab.start_daemon()
    outside = lab.outside(SEGMENT)
    hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    for host in hosts:
        host.provide(outside, SEGMENT)
    lab.join(*hosts)

    story.step("The tenant asks for a bridged network of each, with a machine on each host")
    sides = build(lab, outside, hosts)
    for side in sides:
        prove_member(story, outside, side)
    story.step("What is of one segment stays there")
    prove_apart(story, sides)
    story.step("A machine moves to the other host: the switch in the rack learns it")
    move(story, lab, outside, sides[1], hosts[1])
    story.step("A machine outside takes an address that is a tenant's")
    prove_noticed(story, lab, sides[2])
    story.step("What cannot be is refused by name")
    prove_refused(story, lab.client, wrong())


def build(lab: Lab, outside: Outside, hosts: tuple[Hypervisor, Hypervisor]) -> list[Side]:
    """Ask for all networks, start all machines."""
    lans, outsiders = [], []
    for number, vlan in enumerate(VLANS, 31):
        spec = {"physical_network": SEGMENT, "vlan": vlan}
        lan = Lan(TENANT, f"v{vlan or 0}", number, "bridged", spec, mtu=PHYSICAL_MTU)
        outsider = outside.outsider(f"out{number}")
        outsider.attach(SEGMENT, *lan.nic(OUTSIDE).addresses, vlan=vlan or 0)
        lans.append(lan)
        outsiders.append(outsider)
    places = [
        Place(lan, f"{lan.name}-{which}", host, 11 + at)
        for lan in lans
        for at, (which, host) in enumerate(zip("ab", hosts, strict=True))
    ]
    vms = settle(lab, (rest.project(TENANT), *(lan.resource for lan in lans)), *places)
    servers.witness(*outsiders, *vms)
    return [
        Side(lan, vlan, outsider, (vms[2 * at], vms[2 * at + 1]))
        for at, (lan, vlan, outsider) in enumerate(zip(lans, VLANS, outsiders, strict=True))
    ]


def prove_member(story: Story, outside: Outside, side: Side) -> None:
    """Its machines are machines of the segment, both ways."""
    one, other = side.vms
    where = f"VLAN {side.vlan}" if side.vlan else "untagged"
    outer = side.lan.addresses(OUTSIDE)
    seen = [
        address == clients.seen_as(station, target)
        for station, own, targets in ((one, one.addresses, outer), (side.outsider, outer, one.addresses))
        for address, target in zip(own, targets, strict=True)
    ]
    story.check(f"{where}: a tenant's machine and one outside talk, each seen by its own address", all(seen), seen)
    macs = [side.outsider.neighbour(address) for address in one.addresses]
    story.check(f"{where}: outside it has its own MAC", macs == [one.nic.mac] * 2, macs)
    place = outside.learned(SEGMENT).get(one.nic.mac)
    story.check(f"{where}: the rack's switch sees it behind its host", place == ("hv1", side.vlan or 0), place)
    silent = unreached((one, address) for address in other.addresses)
    story.check(f"{where}: machines on different hosts talk over the segment", not silent, silent)
    whole = [clients.fits(one, address, PHYSICAL_MTU) for address in outer]
    story.check(f"{where}: packets of {PHYSICAL_MTU} bytes fit", all(whole), whole)


def prove_apart(story: Story, sides: list[Side]) -> None:
    """Words sent to everybody on one segment are heard by everybody there, and on no other."""
    stations = {station.name: side for side in sides for station in (side.outsider, *side.vms)}
    wires = {station.name: Wire(station) for side in sides for station in (side.outsider, *side.vms)}
    for side in sides:
        sender = side.vms[0]
        wires[sender.name].send(forgery.honest(sender, side.vms[1])[f"{sender.name} to {side.vms[1].name}: broadcast"])
    heard = {name: forgery.tokens(frames) for name, frames in collect(list(wires.values())).items()}
    crossed = [
        f"{token} at {name}"
        for name, tokens in heard.items()
        for token in tokens
        if stations[forgery.sender(token)] is not stations[name]
    ]
    story.check("a broadcast of one is heard on no other", not crossed, crossed)
    arrived = [name for side in sides for name in (side.outsider.name, side.vms[1].name) if not heard[name]]
    story.check("and by everybody on its own", not arrived, arrived or f"{len(heard)} machines listened")
    pairs = [
        (a.vms[0], address)
        for a, b in permutations(sides, 2)
        for address in (*b.vms[1].addresses, *b.lan.addresses(OUTSIDE))
    ]
    silent = unreached(pairs)
    story.check("nobody reaches an address of another", len(silent) == len(pairs), f"{len(silent)} of {len(pairs)}")


def move(story: Story, lab: Lab, outside: Outside, side: Side, host: Hypervisor) -> None:
    """The outside machine pings it meanwhile; once it is there it announces itself, as guests do that QEMU moved."""
    vm = side.vms[0]
    name = vm.name.removeprefix(f"{TENANT}-")
    steady = SteadyPing(side.outsider, vm.ipv4)
    vm.move(host, f"{TENANT}/{name}")
    until(lambda: tenants.chassis(lab.client, TENANT, name) == host.name, 10, "the daemon says that it moved")
    tenants.wait_ready(lab.client, TENANT, name)
    vm.machine.run("arping", "-U", "-c", "1", "-I", "eth0", vm.ipv4)
    until(lambda: outside.learned(SEGMENT).get(vm.nic.mac) == (host.name, side.vlan or 0), 10, "the switch learned it")
    steady.more(200)
    story.check("ping goes on from where it is now", held=True, evidence=steady.stop())


def prove_noticed(story: Story, lab: Lab, side: Side) -> None:
    """By an announcement, and by looking whether it is free: the port that has it says so."""
    liar = side.outsider.machine
    for vm, address in ((side.vms[0], side.vms[0].ipv4), (side.vms[1], side.vms[1].ipv6)):
        prefix = "64" if ":" in address else "24"
        liar.run("ip", "address", "add", f"{address}/{prefix}", "dev", "eth0")  # IPv6 looks by itself
        if ":" not in address:
            liar.run("arping", "-U", "-c", "1", "-I", "eth0", address)
        told = until(partial(claim, lab, vm), 5, f"the claim to {address} is noticed")
        story.check(f"the claim to {address} is noticed", address in told, told)
        liar.run("ip", "address", "del", f"{address}/{prefix}", "dev", "eth0")


def claim(lab: Lab, vm: Vm) -> str:
    """What a machine's port says of somebody else who claims an address of it, or nothing."""
    tenant, _, name = vm.name.partition("-")
    conditions = lab.client.get(f"/projects/{tenant}/ports/{name}")["status"]["conditions"]
    return next((one["message"] for one in conditions if one["type"] == "Duplicate" and one["status"]), "")


def wrong() -> dict[str, tuple[str, dict[str, Any]]]:
    """What no tenant can have, each with the field that says so."""
    changes: dict[str, tuple[str, dict[str, Any]]] = {
        "VLAN 4095": ("/spec/vlan", {"vlan": 4095}),
        "VLAN 0": ("/spec/vlan", {"vlan": 0}),
        "a segment that another network has": ("/spec", {"vlan": 100}),
        "a bridged network without a physical one": ("/spec/physical_network", {"physical_network": None}),
        "a VLAN on an overlay network": ("/spec/vlan", {"mode": "overlay", "physical_network": None}),
    }
    usual = {"mode": "bridged", "physical_network": SEGMENT, "vlan": 7, "subnets": []}
    return {
        what: (pointer, rest.resource("Network", TENANT, "wrong", {**usual, **change}))
        for what, (pointer, change) in changes.items()
    }


if __name__ == "__main__":
    sys.exit(play(tell))
