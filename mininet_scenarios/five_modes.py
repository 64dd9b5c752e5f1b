"""The five modes of a network, cell by cell: who reaches peers, its host and the world, and whom the world reaches.

Then what the modes do not say: no way leads from one network through the host into another, a router makes a NAT
network the way out of a host-only one, and a host is afterwards as it was before.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from mininet_scenarios import clients, modes, routers, tenants, world
from mininet_scenarios.command import until
from mininet_scenarios.modes import DIRECTIONS, LANS, MODES, TENANT, Claim
from mininet_scenarios.ovs import Received
from mininet_scenarios.probe import SteadyPing, all_get_more
from mininet_scenarios.story import play
from mininet_scenarios.world import CAMPUS, FAR, HOSTS, SERVER

if TYPE_CHECKING:
    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.modes import Scene
    from mininet_scenarios.story import Story


def tell(story: Story, lab: Lab) -> None:
    """All cells, then what lies between them."""
    story.step("Two hosts, a provider, and a network of every mode with machines on both hosts")
    scene = modes.build(lab)
    story.check("every port is Ready", held=True)
    found = modes.table(scene)
    for mode in MODES:
        story.step(f"Mode {mode}")
        for direction in DIRECTIONS:
            asked = [claim for version in (4, 6) for claim in modes.claims(scene, mode, direction, version)]
            wrong = [one for version in (4, 6) for one in found[mode, direction, version]]
            story.check(f"{direction}: {'; '.join(sentences(asked))}", not wrong, wrong or f"{len(asked)} tries")
    prove_apart(story, scene)
    outlive(story, lab, scene)
    combine(story, lab, scene)
    take_back(story, lab, scene)


def sentences(claims: list[Claim]) -> list[str]:
    """What is claimed, each thing once."""
    return list(dict.fromkeys(claim.sentence for claim in claims))


def prove_apart(story: Story, scene: Scene) -> None:
    """The host is no router between its networks."""
    story.step("The host leads from no network into another")
    asked = [
        Claim(f"{one} to {other}", scene.vms[one]["a"], scene.vms[other]["b"].addresses[at], reached=False)
        for one, other in (("nat", "host-only"), ("host-only", "nat"), ("nat", "internal"), ("nat", "lonely"))
        for at in (0, 1)
    ]
    wrong = modes.broken(asked)
    story.check("; ".join(sentences(asked)), not wrong, wrong or f"{len(asked)} tries")


def outlive(story: Story, lab: Lab, scene: Scene) -> None:
    """Daemon and agents die; what is translated, routed and bridged goes on, and nobody is told anything anew."""
    story.step("kill -9 the daemon, then the hosts' agents, under traffic, and start them again")
    server = world.addresses(FAR, SERVER)[0]
    ways = [SteadyPing(scene.vms[mode]["a"], server) for mode in ("nat", "bridged", "overlay")]
    flows = [host.flows() for host in scene.hosts]
    logs = [Received(host.ovs) for host in scene.hosts]
    if lab.daemon is not None:
        lab.daemon.kill()
        lab.daemon.start()
    lab.wait_joined(*scene.hosts)
    for host in scene.hosts:
        host.unserve()
        host.serve()
    all_get_more(ways, 1000)
    lost = [way.stop() for way in ways]
    story.check("nothing was lost", not any(one.lost for one in lost), [str(one) for one in lost])
    told = [dict(log.messages()) for log in logs]
    story.check("no switch was told to change flows, groups or meters", not any(log.changes() for log in logs), told)
    story.check("the flows are the same", flows == [host.flows() for host in scene.hosts])


def combine(story: Story, lab: Lab, scene: Scene) -> None:
    """Host-only with a NAT gateway: a router between the two."""
    story.step("A router joins the host-only network to the nat network, as its way out")
    external = {"network": "nat", "snat": True, "snat6": True}
    lab.client.apply(routers.router(TENANT, "way-out", LANS["host-only"], external=external))
    addresses = routers.inner(lab.client, TENANT, "way-out", "host-only")
    a = scene.vms["host-only"]["a"]
    for gateway in addresses:
        a.machine.run("ip", "route", "replace", "default", "via", gateway)
    host = scene.hosts[0]
    for at, version in enumerate(("IPv4", "IPv6")):
        translated = world.addresses(CAMPUS, HOSTS + host.number)[at]
        seen = clients.seen_as(a, world.addresses(FAR, SERVER)[at])
        story.check(f"the server sees the host's address, {version}", seen == translated, seen)
    own = [Claim("its host", a, LANS["host-only"].addresses(1)[at]) for at in (0, 1)]
    inward = [Claim("the server to it", scene.world.server, a.addresses[at], reached=False) for at in (0, 1)]
    wrong = modes.broken([*own, *inward])
    story.check("it still reaches its host, and nobody outside reaches it", not wrong, wrong)
    lab.client.delete(f"/projects/{TENANT}/routers/way-out")


def take_back(story: Story, lab: Lab, scene: Scene) -> None:
    """Whatever the hosts were given is gone with the networks."""
    story.step("Take the networks back")
    tenants.take_back(lab.client, TENANT, "portforwards", "floatingips", "routers", "ports", "networks")
    for host in scene.hosts:
        until(partial(cleared, host), 10, f"{host.name} is as it was: {left(host)}")
    story.check("no interface, translation or setting of ours is left on the hosts", held=True)


def cleared(host: Hypervisor) -> bool:
    """Whether nothing of ours is on a host."""
    return not left(host)


def left(host: Hypervisor) -> list[str]:
    """What is on a host that only our networks could have brought."""
    links = [line.split(": ")[1] for line in host.machine.run("ip", "-oneline", "link").splitlines()]
    ours = [f"link {link}" for link in links if link.startswith(("nl-host", "nlh", "nlp", "nlq"))]
    rules = host.machine.run("nft", "list", "tables").splitlines()
    forwarding = host.machine.run("sysctl", "-n", "net.ipv4.ip_forward").strip()
    return [*ours, *(rule for rule in rules if "netloom" in rule), *(["forwarding"] if forwarding == "1" else [])]


if __name__ == "__main__":
    sys.exit(play(tell))
