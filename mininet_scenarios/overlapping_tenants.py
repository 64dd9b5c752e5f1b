"""Two tenants with the same addresses and the same MACs on three hosts: within a tenant all pass, between them nothing.

Every ordered pair of machines is tried with ARP, ICMP, TCP, UDP and IPv6; then with forged frames, with VLAN tags and
with VXLAN that a guest makes itself. Each frame carries words, and every machine's interface is watched for words of
the other tenant.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mininet_scenarios import exchange, forgery, tenants
from mininet_scenarios.forgery import target
from mininet_scenarios.isolation import prove_apart, volley
from mininet_scenarios.probe import all_pairs, unreached
from mininet_scenarios.story import play
from mininet_scenarios.tenants import Guest
from mininet_scenarios.wire import Wire

if TYPE_CHECKING:
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm

TENANTS = ("red", "blue")


@dataclass(frozen=True, slots=True)
class Scene:
    """Both tenants' machines, the network numbers they have, and the hosts' addresses on the underlay."""

    machines: dict[str, list[Vm]]
    wires: list[Wire]
    vnis: tuple[int, ...]
    underlay: tuple[str, ...]

    @property
    def everyone(self) -> list[Vm]:
        """The machines of both tenants."""
        return [vm for vms in self.machines.values() for vm in vms]


def tell(story: Story, lab: Lab) -> None:
    """All pairs, all protocols, all lies."""
    story.step("Three hosts, two tenants, four machines each; only the last of each has an address of its own")
    scene = build(lab)
    for name, vms in scene.machines.items():
        story.say(f"{name}: " + ", ".join(f"{vm.name} {vm.ipv4} {vm.nic.mac} on {vm.host.name}" for vm in vms))
    for name in TENANTS:
        story.step(f"Within {name}, everyone talks to everyone")
        prove_conversations(story, scene.machines[name])
    story.step("Addresses that only the other tenant has answer nobody")
    prove_deaf(story, scene)
    story.step("Frames from everyone to everyone, with every machine's interface watched")
    prove_honest(story, scene)
    story.step("Lies about MAC, IPv4, IPv6, ARP and ND addresses")
    prove_lies(story, scene)
    story.step("VLAN tags, and VXLAN that a guest sends to the hosts itself")
    prove_smuggling(story, scene)


def build(lab: Lab) -> Scene:
    """Start all of it and wait until every port is Ready."""
    client = lab.start_daemon().rest
    hosts = [lab.hypervisor(f"hv{number}") for number in (1, 2, 3)]
    lab.join(*hosts)
    machines: dict[str, list[Vm]] = {}
    for at, tenant in enumerate(TENANTS):
        shared = [Guest(f"{number}", host, number) for number, host in enumerate(hosts, 1)]
        guests = [*shared, Guest("own", hosts[at], 31 + at)]
        tenants.ask(client, tenant, *guests)
        machines[tenant] = tenants.boot(lab, tenant, *guests)
        tenants.wait_ready(client, tenant, *(guest.name for guest in guests))
    vnis = tuple(client.get(f"/projects/{tenant}/networks/net")["status"]["vni"] for tenant in TENANTS)
    wires = [Wire(vm) for vms in machines.values() for vm in vms]
    return Scene(machines, wires, vnis, tuple(host.underlay for host in hosts))


def prove_conversations(story: Story, vms: list[Vm]) -> None:
    """Every ordered pair of one tenant, by every protocol, with the system's own programs and sockets."""
    pairs = all_pairs(vms)
    deaf = {
        "ARP": exchange.unanswered(pairs),
        "ICMP": unreached((a, b.ipv4) for a, b in pairs),
        "ICMPv6": unreached((a, b.ipv6) for a, b in pairs),
        "TCP": [f"{a.name}>{b.name}" for a, b in pairs if not exchange.tcp(a, b, b.ipv4)],
        "UDP": [f"{a.name}>{b.name}" for a, b in pairs if not exchange.udp(a, b, b.ipv4)],
        "TCP over IPv6": [f"{a.name}>{b.name}" for a, b in pairs if not exchange.tcp(a, b, b.ipv6)],
        "UDP over IPv6": [f"{a.name}>{b.name}" for a, b in pairs if not exchange.udp(a, b, b.ipv6)],
    }
    for protocol, silent in deaf.items():
        story.check(f"{protocol} between all pairs", not silent, silent or f"{len(pairs)} of {len(pairs)}")


def prove_deaf(story: Story, scene: Scene) -> None:
    """The other tenant's own machine is not to be found, by any protocol."""
    red, blue = scene.machines.values()
    pairs = [(vm, blue[-1]) for vm in red] + [(vm, red[-1]) for vm in blue]
    deaf = exchange.unanswered(pairs)
    reached = [f"{a.name}>{b.name}" for a, b in pairs if f"{a.name}>{b.name}" not in deaf]
    reached += [f"{a.name}>{b.name} TCP" for a, b in pairs if exchange.tcp(a, b, b.ipv4, 0.2)]
    reached += [f"{a.name}>{b.name} UDP" for a, b in pairs if exchange.udp(a, b, b.ipv4, 0.2)]
    reached += [f"{a.name}>{b.name} UDP over IPv6" for a, b in pairs if exchange.udp(a, b, b.ipv6, 0.2)]
    silent = unreached((a, address) for a, b in pairs for address in b.addresses)
    story.check("no ARP, TCP, UDP or UDP over IPv6 reaches it", not reached, reached or f"{len(pairs)} pairs")
    story.check("no ping does", len(silent) == 2 * len(pairs), f"{len(silent)} of {2 * len(pairs)} unanswered")


def prove_honest(story: Story, scene: Scene) -> None:
    """The control: within a tenant the words are found where they were meant to be, and nowhere else."""
    seen = volley(scene.wires, (frame for a, b in all_pairs(scene.everyone) for frame in forgery.honest(a, b).items()))
    meant = {
        token
        for vms in scene.machines.values()
        for a, b in all_pairs(vms)
        for token in forgery.honest(a, b)
        if not token.endswith((": ARP", ": ND"))  # the switch beside the asker answers these
    }
    found = {token for name, words in seen.items() for token in words if target(token) == name}
    story.check(
        "within each tenant every frame arrives", meant <= found, sorted(meant - found) or f"{len(meant)} frames"
    )
    prove_apart(story, seen)


def prove_lies(story: Story, scene: Scene) -> None:
    """A frame that lies about its sender is delivered to nobody, of whichever tenant."""
    sent = [frame for a, b in all_pairs(scene.everyone) for frame in forgery.forged(a, b).items()]
    seen = volley(scene.wires, sent)
    arrived = {name: sorted(words)[:3] for name, words in seen.items() if words}
    story.check("none is delivered to anybody", not arrived, arrived or f"{len(sent)} frames sent")


def prove_smuggling(story: Story, scene: Scene) -> None:
    """Whatever tags or tunnels a guest adds itself, its words stay in its tenant."""
    red, blue = scene.machines.values()
    pairs = [(a, b) for a in red for b in blue] + [(b, a) for a in red for b in blue]
    sent = [frame for a, b in pairs for frame in forgery.smuggled(a, b, scene.vnis, scene.underlay).items()]
    story.say(f"{len(sent)} frames, with the network numbers {scene.vnis} and the hosts {scene.underlay}")
    prove_apart(story, volley(scene.wires, sent))


if __name__ == "__main__":
    sys.exit(play(tell))
