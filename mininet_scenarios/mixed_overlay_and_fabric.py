"""One network over bare bridges, hosts with tunnels, and hosts that have both: those lead from one to the other.

Two bridges are wired to one another and each to a host; a third host has tunnels only. Machines are everywhere. What is
cut is gone round by the other host, or by a tunnel between the two.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mininet_scenarios import hosts, links, tenants, wired
from mininet_scenarios.cable import Cable
from mininet_scenarios.command import says, until
from mininet_scenarios.probe import unreached
from mininet_scenarios.rack import Rack, Socket
from mininet_scenarios.steady import SteadyDatagrams
from mininet_scenarios.story import play

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mininet_scenarios.hosts import Host
    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rest import Rest
    from mininet_scenarios.story import Story

BARE = ("s1", "s2")
PAIRS = (("s1", "s2"), ("hv1", "s1"), ("hv2", "s2"))
AT = ("s1", "s2", "hv1", "hv2", "hv3")
LEFT = 1412
"""Bytes of a packet that a header inside of a tunnel leaves on an underlay of 1500."""
HEADERS = 28
BOUND = 100
"""Milliseconds, where the daemon has to find another way."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """All there is: machines in the order of ``AT``, cables by their ends."""

    client: Rest
    rack: Rack
    hypervisors: dict[str, Hypervisor]
    cables: dict[tuple[str, str], Cable]
    hosts: list[Host]


def tell(story: Story, lab: Lab) -> None:
    """Build, reach, speak to everybody, cut."""
    story.step(
        "Two bare bridges, two hosts wired to them that have tunnels, a host with tunnels only; a machine at each"
    )
    scene = build(lab)
    story.check("all links are found", held=True, evidence=links.states(scene.client))
    prove_one_network(story, scene.hosts)
    prove_apart(story, lab, scene)
    prove_long_packets(story, scene.client, scene.hosts)
    prove_rounds(story, scene)


def build(lab: Lab) -> Mixed:
    """All is ready when this returns."""
    client = lab.start_daemon().rest
    hypervisors = {name: lab.hypervisor(name) for name in ("hv1", "hv2", "hv3")}
    lab.join(*hypervisors.values())
    rack = Rack(lab)
    rack.add(*BARE)
    cables = {
        pair: Cable(*(plug(rack, hypervisors, end, f"wire{at}") for end in pair)) for at, pair in enumerate(PAIRS)
    }
    at = [plug(rack, hypervisors, name, "vm") for name in AT]
    members = [hosts.host(lab, f"h{number}", number, socket) for number, socket in enumerate(at, 1)]
    client.apply(*hosts.resources(wired.TENANT, members), wait=0)
    rack.connect()
    links.wait_up(client, PAIRS)
    tenants.wait_ready(client, wired.TENANT, *(member.name for member in members))
    return Mixed(client, rack, hypervisors, cables, members)


def plug(rack: Rack, hypervisors: dict[str, Hypervisor], where: str, what: str) -> Socket:
    """An interface of a bridge, or of a host's integration bridge."""
    if where in BARE:
        return rack.socket(where)
    return Socket(hypervisors[where].ovs, where, "br-int", f"{where}-{what}")


def everyone(members: Sequence[Host]) -> list[tuple[Host, str]]:
    """Every machine with the address of every other."""
    return [(one, other.address) for one in members for other in members if one is not other]


def prove_one_network(story: Story, members: list[Host]) -> None:
    """Nobody notices where anybody else is."""
    silent = unreached(everyone(members))
    story.check("everyone reaches everyone", not silent, silent or f"{len(everyone(members))} pairs")
    for source in (members[0], members[2], members[4]):
        heard = wired.copies(source, members)
        story.check(f"everyone else gets one copy of {source.name}'s broadcast", set(heard) == {1}, dict(heard))


def prove_apart(story: Story, lab: Lab, scene: Mixed) -> None:
    """Tenants with the same addresses never meet."""
    story.step(
        "Another tenant has machines with the same addresses, on a bare bridge and on the host with tunnels only"
    )
    places = [plug(scene.rack, scene.hypervisors, name, "other") for name in ("s1", "hv3")]
    more = [hosts.host(lab, f"o{number}", number, socket) for number, socket in enumerate(places, 1)]
    scene.client.apply(*hosts.resources("other", more))
    tenants.wait_ready(scene.client, "other", *(host.name for host in more))
    silent = unreached(everyone(more))
    story.check("they reach each other", not silent, silent)
    heard = wired.copies(more[0], [*more, *scene.hosts])
    story.check("and their broadcasts nobody else", heard == {1: 1, 0: len(scene.hosts)}, dict(heard))


def prove_long_packets(story: Story, client: Rest, members: list[Host]) -> None:
    """A header inside of a tunnel takes 88 bytes of the underlay, and machines are told what it leaves."""
    story.step(f"Packets of {LEFT} bytes, and longer ones, between a bare bridge and the host with tunnels only")
    (network,) = client.get(f"/projects/{wired.TENANT}/networks")["items"]
    fits = links.condition(network["status"], "FitsUnderlay")
    story.check(f"machines are told {LEFT}", network["status"]["mtu"] == LEFT and fits["status"], fits["reason"])
    story.check(f"{LEFT} bytes cross", crosses(members[4], members[0], LEFT) and crosses(members[0], members[4], LEFT))
    story.check(f"{LEFT + 1} do not fit the underlay", not crosses(members[4], members[0], LEFT + 1))


def crosses(source: Host, target: Host, size: int) -> bool:
    """Whether a packet of this size is answered, which may not be cut in pieces."""
    asked = ("ping", "-n", "-c", "2", "-i", "0.2", "-W", "2", "-M", "do", "-s", str(size - HEADERS), target.address)
    return says("bytes from", "ip", "netns", "exec", source.machine.netns, *asked)


def prove_rounds(story: Story, scene: Mixed) -> None:
    """There is always another way, as long as there is one."""
    first, *_, last = scene.hosts
    story.step("Cut the cable by which the first host leads to the bridges, under a stream")
    stream = SteadyDatagrams(last, first, first.address)
    scene.cables["hv1", "s1"].cut()
    links.wait_state(scene.client, links.name("hv1", "s1"), "down")
    until(lambda: not unreached([(last, first.address)]), 5, "the other host leads there")
    heard = stream.stop()
    story.check(f"no more than {BOUND} ms are lost", heard.lost <= BOUND and not heard.twice, heard)
    silent = unreached(everyone(scene.hosts))
    story.check("everyone reaches everyone by the other one", not silent, silent)
    scene.cables["hv1", "s1"].mend()
    links.wait_up(scene.client, PAIRS)

    story.step("Cut the bridges from each other: a tunnel between the two hosts joins them")
    scene.cables["s1", "s2"].cut()
    links.wait_state(scene.client, "s1-s2", "down")
    until(lambda: not unreached(everyone(scene.hosts)), 5, "everyone reaches everyone")
    heard_by = wired.copies(first, scene.hosts)
    story.check("everyone reaches everyone, and everyone else gets one copy", set(heard_by) == {1}, dict(heard_by))

    story.step("Cut both hosts off from the bridges")
    for pair in PAIRS[1:]:
        scene.cables[pair].cut()
        links.wait_state(scene.client, links.name(*pair), "down")
    hosts_only = scene.hosts[2:]
    story.check("hosts reach each other by their tunnels", not unreached(everyone(hosts_only)))
    story.check("and nobody at a bridge", len(unreached((one, first.address) for one in hosts_only)) == len(hosts_only))
    for cable in scene.cables.values():
        cable.mend()
    links.wait_up(scene.client, PAIRS)
    until(lambda: not unreached(everyone(scene.hosts)), 5, "everyone reaches everyone")
    story.check("with all cables back, everyone reaches everyone", held=True)


if __name__ == "__main__":
    sys.exit(play(tell))
