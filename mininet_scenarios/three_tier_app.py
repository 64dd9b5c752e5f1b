"""Three tiers of an application, kept apart by labels: web asks app, app asks db, and nobody asks anything else.

The tiers are networks that a router joins, each with an encapsulation of its own, on two hosts. A further web machine
works at once and changes no rule on the other host; a label makes an app machine of it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mininet_scenarios import policies, rest, routers, servers, services
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.policies import labelled, rule
from mininet_scenarios.probe import unreached
from mininet_scenarios.services import short, words
from mininet_scenarios.story import play

if TYPE_CHECKING:
    from typing import Any

    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.services import Protocol
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm

TENANT = "shop"
ROOM = 1400  # what all encapsulations leave of an underlay of 1,500 bytes
LANS = {
    "web": Lan(TENANT, "web", 61, spec={"encap": "vxlan"}, mtu=ROOM),
    "app": Lan(TENANT, "app", 62, spec={"encap": "geneve"}, mtu=ROOM),
    "db": Lan(TENANT, "db", 63, spec={"encap": "gre"}, mtu=ROOM),
}
PORTS = {"web": 80, "app": 8080, "db": 5432}
ASKS = {"web": None, "app": "web", "db": "app"}  # who may ask a tier; everybody asks web


@dataclass(frozen=True, slots=True)
class Scene:
    """Two hosts and what runs on them."""

    hosts: tuple[Hypervisor, Hypervisor]
    vms: list[Vm]


def tell(story: Story, lab: Lab) -> None:
    """Built, proved, grown, relabelled."""
    story.step("Two hosts, a router that joins web (VXLAN), app (Geneve) and db (GRE), and five machines")
    scene = build(lab)
    asked = services.everything(scene.vms, PORTS.values())
    everyone = {str(one) for one in asked}
    story.check("without policy everybody is answered", services.answered(asked, services.PATIENCE) == everyone)
    story.step("Policies: everybody asks web, web asks app, app asks db")
    lab.client.apply(*asked_for())
    prove_tiers(story, scene, "tcp", "udp")
    story.step("Who may ping: ops alone")
    prove_pings(story, scene)
    story.step("A third web machine on hv1")
    grow(story, lab, scene)
    story.step("It becomes an app machine, by its label")
    relabel(story, lab, scene)


def build(lab: Lab) -> Scene:
    """Start all of it; no policy stands yet."""
    lab.start_daemon()
    hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    lab.join(*hosts)
    places = [
        place("web", "web-1", hosts[0], 11),
        place("web", "web-2", hosts[1], 12),
        place("app", "app-1", hosts[0], 11),
        place("app", "app-2", hosts[1], 12),
        place("db", "db-1", hosts[1], 11),
        Place(LANS["db"], "ops", hosts[0], 99, labels={"role": "ops"}),
    ]
    edge = routers.router(TENANT, "edge", *LANS.values())
    vms = settle(lab, (rest.project(TENANT), *(lan.resource for lan in LANS.values()), edge), *places)
    servers.witness(*vms, ports=tuple(PORTS.values()))
    return Scene(hosts, vms)


def place(tier: str, name: str, host: Hypervisor, number: int) -> Place:
    """A machine of a tier."""
    return Place(LANS[tier], name, host, number, labels={"tier": tier})


def asked_for() -> list[dict[str, Any]]:
    """One policy for each tier, and one for all of them."""
    pings = [rule("allow", labelled("role", "ops")) | {"protocol": protocol} for protocol in ("icmp", "icmpv6")]
    tiers = {"expressions": [{"key": "tier", "operator": "Exists"}]}
    return [
        *(
            policies.policy(TENANT, tier, labelled("tier", tier), {"ingress": [rule("allow", peer, PORTS[tier])]})
            for tier, asker in ASKS.items()
            for peer in (labelled("tier", asker) if asker else None,)
        ),
        policies.policy(TENANT, "pings", tiers, {"ingress": pings}),
    ]


def prove_tiers(story: Story, scene: Scene, *protocols: Protocol) -> None:
    """Exactly what the policies say is answered, over IPv4 and IPv6."""
    tiers = {short(vm): short(vm).partition("-")[0] for vm in scene.vms}
    allowed: set[str] = set()
    for target, tier in tiers.items():
        for source, other in tiers.items():
            if tier == "ops":  # nothing is said of it
                allowed |= {name for port in PORTS.values() for name in both(source, target, port)}
            elif ASKS[tier] in (None, other):
                allowed |= words(source, target, PORTS[tier])
    asked = services.everything(scene.vms, PORTS.values(), protocols)
    services.prove(story, f"{len(tiers)} machines, three ports, {' and '.join(protocols)}", asked, allowed)


def prove_pings(story: Story, scene: Scene) -> None:
    """An echo is answered to ops, and to nobody else by a machine of a tier."""
    vms = services.by_name(scene.vms)
    tiers = [vm for name, vm in vms.items() if name != "ops"]
    silent = unreached((vms["ops"], address) for vm in tiers for address in vm.addresses)
    story.check("ops gets an answer of each", not silent, silent or f"{2 * len(tiers)} addresses")
    others = [(source, target.ipv4) for source in tiers for target in tiers if source is not target]
    silent = unreached(others)
    story.check("nobody else does", len(silent) == len(others), f"{len(silent)} of {len(others)} are silent")


def grow(story: Story, lab: Lab, scene: Scene) -> None:
    """A machine of a known identity needs no rule anywhere else."""
    before = policies.rule_flows(lab.client, "hv2")
    (vm,) = settle(lab, (), place("web", "web-3", scene.hosts[0], 13))
    after = policies.rule_flows(lab.client, "hv2")
    story.check("hv2 has the rules it had, flow by flow", bool(before) and after == before, f"{len(before)} flows")
    servers.witness(vm, ports=tuple(PORTS.values()))
    scene.vms.append(vm)
    prove_tiers(story, scene, "tcp")


def relabel(story: Story, lab: Lab, scene: Scene) -> None:
    """What a machine may do goes by its labels, wherever it is."""
    policies.change_labels(lab.client, TENANT, "web-3", {"tier": "app"})
    vms = services.by_name(scene.vms)
    mine = [one for one in services.everything(scene.vms, PORTS.values()) if vms["web-3"] in (one.source, one.target)]
    allowed = {name for port in PORTS.values() for name in words("web-3", "ops", port)} | words("web-3", "db-1", 5432)
    allowed |= {name for web in ("web-1", "web-2") for name in words(web, "web-3", 8080) | words("web-3", web, 80)}
    services.prove(story, "web-3 as an app machine", mine, allowed)


def both(source: str, target: str, port: int) -> set[str]:
    """A service over TCP and UDP."""
    return words(source, target, port) | words(source, target, port, "udp")


if __name__ == "__main__":
    sys.exit(play(tell))
