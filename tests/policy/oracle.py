"""Who may begin what with whom, straight from what users wrote: no identities, no guards, no sets of services."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from controller.policy.values import AddressGroup, Block, Listed, Machines, Policy, Tier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.entities import Entity, Port, Project
    from controller.policy.values import Direction, Peer, Requirement, Rule, Service

BUILT_IN = (
    Tier("admin-network-policy", 100, "pass", listed=True),
    Tier("application", 500, "deny"),
    Tier("security-groups", 600, "deny"),
    Tier("network-policy", 700, "deny"),
    Tier("baseline-admin-network-policy", 900, "pass", listed=True),
)
STRICTNESS = ("deny", "reject", "pass", "allow")


@dataclass(frozen=True)
class Party:
    """Who takes part: a port, or None for somebody outside, by an address."""

    port: Port | None
    address: str


@dataclass(frozen=True)
class Asked:
    """What is asked for."""

    protocol: int
    source_port: int
    target_port: int


class Oracle:
    """The policies, tiers, groups and projects of a world."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        everything = list(entities)
        self.policies = [one for one in everything if isinstance(one, Policy) and not one.audit]
        known = {one.key for one in everything if isinstance(one, Policy)}
        self.policies += [_closed(group) for group in _groups(everything) if f"SecurityGroup:{group}" not in known]
        self.tiers = [*BUILT_IN, *(one for one in everything if isinstance(one, Tier))]
        self.groups = {one.key: one for one in everything if isinstance(one, AddressGroup)}
        self.projects = {one.key: one for one in everything if type(one).__name__ == "Project"}

    def allows(self, source: Party, target: Party, asked: Asked) -> bool:
        """Whether both sides let it pass."""
        sent = source.port is None or self._passes("egress", source.port, target, asked, target.port)
        return sent and (target.port is None or self._passes("ingress", target.port, source, asked, target.port))

    def _passes(self, direction: Direction, guarded: Port, peer: Party, asked: Asked, naming: Port | None) -> bool:
        policies = [
            policy
            for policy in self.policies
            if policy.rules(direction) is not None
            and any(self._is(machines, guarded) for machines in policy.applied_to)
        ]
        if {policy.tier for policy in policies} - {tier.key for tier in self.tiers}:
            return False
        for tier in sorted(self.tiers, key=lambda one: one.order):
            applying = [policy for policy in policies if policy.tier == tier.key]
            if not applying:
                continue
            rules = [(p, i, rule) for p in applying for i, rule in enumerate(p.rules(direction) or ())]
            if tier.listed:
                rules.sort(key=lambda one: (one[0].priority, one[0].key, one[1]))
            else:
                rules.sort(key=lambda one: (one[0].priority, STRICTNESS.index(one[2].action)))
            said = next((rule.action for _, _, rule in rules if self._speaks(rule, peer, asked, naming)), None)
            if said == "pass" or (said is None and tier.default == "pass"):
                continue
            return said == "allow"
        return True

    def _speaks(self, rule: Rule, peer: Party, asked: Asked, naming: Port | None) -> bool:
        whom = rule.peers is None or any(self._meant(one, peer) for one in rule.peers)
        return whom and (not rule.services or any(_covers(one, asked, naming) for one in rule.services))

    def _meant(self, peer: Peer, party: Party) -> bool:
        match peer:
            case Machines():
                return party.port is not None and self._is(peer, party.port)
            case Block(cidr, excepts):
                return _inside(party.address, cidr) and not any(_inside(party.address, one) for one in excepts)
            case Listed(group):
                return group in self.groups and any(_inside(party.address, one) for one in self.groups[group].cidrs)

    def _is(self, machines: Machines, port: Port) -> bool:
        project: Project = self.projects[port.project]
        return (
            (machines.projects is None or port.project in machines.projects)
            and (not machines.networks or port.network in machines.networks)
            and (not machines.ports or port.key in machines.ports)
            and (not machines.groups or any(group in port.groups for group in machines.groups))
            and all(_met(one, dict(port.labels)) for one in machines.labels)
            and all(_met(one, dict(project.labels)) for one in machines.project_labels)
        )


def _groups(entities: Iterable[Entity]) -> set[str]:
    """All that ports are said to be members of."""
    return {group for one in entities if type(one).__name__ == "Port" for group in getattr(one, "groups", ())}


def _closed(group: str) -> Policy:
    """A group that does not exist: its members speak to nobody."""
    applied_to = (Machines(None, groups=(group,)),)
    tier, key = "security-groups", f"SecurityGroup:{group}"
    return Policy(key, "", "SecurityGroup", "", "", tier, 0, applied_to, ingress=(), egress=())


def _met(requirement: Requirement, labels: dict[str, str]) -> bool:
    match requirement.operator:
        case "In":
            return labels.get(requirement.key) in requirement.values
        case "NotIn":
            return labels.get(requirement.key) not in requirement.values
        case "Exists":
            return requirement.key in labels
        case "DoesNotExist":
            return requirement.key not in labels


def _inside(address: str, cidr: str) -> bool:
    return ip_address(address) in ip_network(cidr)


def _covers(service: Service, asked: Asked, naming: Port | None) -> bool:
    if service.protocol != asked.protocol:
        return False
    if service.sources and not any(low <= asked.source_port <= high for low, high in service.sources):
        return False
    if not service.ports and not service.names:
        return True
    named = naming.named_ports if naming is not None else ()
    numbers = [at for name, protocol, at in named if name in service.names and protocol == asked.protocol]
    return asked.target_port in numbers or any(low <= asked.target_port <= high for low, high in service.ports)
