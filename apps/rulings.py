"""Rulings: whom each rule of a policy speaks of now, and where the guards that it belongs to try it.

Relations only. A rule's peers are found once, for all guards that have the rule; what it asks of whom may change
without any guard changing, and a guard may change without anybody being looked for again.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import TYPE_CHECKING

from apps.guards import outlined, tier
from controller.entities import Project
from controller.policy.derived import Found, Guard, Identity, Placement, Rank, Ruling, Stand
from controller.policy.numbers import rule_number
from controller.policy.selecting import ANY, everything, labelled, pivots, project_pivots, selects
from controller.policy.tiers import placed
from controller.policy.values import AddressGroup, Block, Listed, Machines, Policy, Service
from controller.store import Index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.compiler.view import View
    from controller.policy.derived import NamedPorts, Stage
    from controller.policy.values import Direction, Rule

_Network = IPv4Network | IPv6Network


def rulings(policy: Policy, view: View) -> Iterator[Ruling]:
    """A policy with the peers of its rules found."""
    ingress = tuple(tuple(_founds(policy, "ingress", rule, view)) for rule in policy.ingress or ())
    egress = tuple(tuple(_founds(policy, "egress", rule, view)) for rule in policy.egress or ())
    yield Ruling(policy.key, ingress, egress)


def _founds(policy: Policy, direction: Direction, rule: Rule, view: View) -> Iterator[Found]:
    """A rule once, and once more for each way in which its peers name the ports that it speaks of."""
    whole = _found(rule, rule_number(policy.key, direction, rule.name, rule.action), view)
    if direction == "ingress" or not any(service.names for service in rule.services):
        yield whole
        return
    plain = resolved(rule.services, ())
    if plain:
        yield replace(whole, services=plain)
    by_name = tuple(replace(service, ports=()) for service in rule.services if service.names)
    by_services: dict[tuple[Service, ...], set[int]] = {}
    for identity in _naming(rule, view):
        by_services.setdefault(resolved(by_name, identity.named), set()).add(identity.number)
    for services in sorted(filter(None, by_services), key=_numbers):
        found = replace(whole, anybody=False, machines=False, blocks=())
        yield replace(found, identities=tuple(sorted(by_services[services])), services=services)


def _numbers(services: tuple[Service, ...]) -> list[tuple[object, ...]]:
    return [(service.protocol, service.ports, service.sources) for service in services]


def _found(rule: Rule, number: int, view: View) -> Found:
    machines, identities, blocks = False, set[int](), set[str]()
    for peer in rule.peers or ():
        match peer:
            case Machines():
                if everything(peer):
                    machines = True
                else:
                    identities.update(identity.number for identity in chosen(peer, view))
            case Block():
                blocks.update(plain_blocks(peer.cidr, peer.excepts))
            case Listed():
                group = view.find(AddressGroup, peer.group)
                blocks.update(group.cidrs if group is not None else ())
    return Found(
        name=rule.name,
        number=number,
        action=rule.action,
        anybody=rule.peers is None,
        machines=machines,
        identities=() if machines else tuple(sorted(identities)),
        blocks=_collapsed(frozenset(blocks)),
        services=rule.services,
        log=rule.log,
    )


def _naming(rule: Rule, view: View) -> Iterator[Identity]:
    """Those of a rule's peers that name a port which it speaks of."""
    names = sorted({name for service in rule.services for name in service.names})
    named = {one.key: one for name in names for one in view.where(Identity, "trait", ("name", name))}
    if rule.peers is None:
        yield from named.values()
        return
    keys = {one.key for peer in rule.peers if isinstance(peer, Machines) for one in chosen(peer, view)}
    yield from (one for key, one in named.items() if key in keys)


def chosen(machines: Machines, view: View) -> Iterator[Identity]:
    """The identities that a selector selects."""
    if machines.project_labels:
        machines = replace(machines, projects=_projects(machines, view), project_labels=())
    found = set[str]()
    for pivot in pivots(machines):
        for identity in view.where(Identity, "trait", pivot):
            if identity.key not in found and selects(machines, identity, ()):
                found.add(identity.key)
                yield identity


def _projects(machines: Machines, view: View) -> tuple[str, ...]:
    """The projects that a selector speaks of, by their labels."""
    candidates = [one for pivot in project_pivots(machines) or (ANY,) for one in view.where(Project, "trait", pivot)]
    names = {one.key for one in candidates if labelled(machines.project_labels, one.labels)}
    return tuple(sorted(names if machines.projects is None else names.intersection(machines.projects)))


@lru_cache(1 << 14)
def plain_blocks(cidr: str, excepts: tuple[str, ...]) -> tuple[str, ...]:
    """The blocks that make up one block without others; at most an address's bits for each exception."""
    left = [ip_network(cidr)]
    for hole in map(ip_network, excepts):
        left = [part for block in left for part in _without(block, hole)]
    return tuple(map(str, left))


def _without(block: _Network, hole: _Network) -> tuple[_Network, ...]:
    match block, hole:
        case IPv4Network(), IPv4Network() if block.overlaps(hole):
            return () if block.subnet_of(hole) else tuple(block.address_exclude(hole))
        case IPv6Network(), IPv6Network() if block.overlaps(hole):
            return () if block.subnet_of(hole) else tuple(block.address_exclude(hole))
    return (block,)


@lru_cache(1 << 14)
def _collapsed(blocks: frozenset[str]) -> tuple[str, ...]:
    """The same addresses in as few blocks as can be, those of IPv4 first."""
    networks = [ip_network(block, strict=False) for block in blocks]
    fours = collapse_addresses(network for network in networks if isinstance(network, IPv4Network))
    sixes = collapse_addresses(network for network in networks if isinstance(network, IPv6Network))
    return (*map(str, fours), *map(str, sixes))


def ranks(guard: Guard, view: View) -> Iterator[Rank]:
    """Where each policy of a guard stands in its stages."""
    stands: dict[str, list[Stand]] = {}
    for first, stages, enforced in (
        (guard.number, guard.stages, True),
        (guard.first_rehearsed, guard.rehearsal, False),
    ):
        for number, stage in enumerate(stages, first):
            for policy, places in _places(guard.direction, stage, view):
                stands.setdefault(policy, []).append(Stand(number, number + 1, enforced, places))
    for key, found in stands.items():
        audited = outlined(key, view).audit
        yield Rank(f"{key}|{guard.key}", key, guard.key, guard.direction, guard.named, audited, tuple(found))


def _places(direction: Direction, stage: Stage, view: View) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The places of each policy's (its key) rules in a stage, in the order in which they are written."""
    known = tier(stage.tier, view)
    if known is None:
        return
    policies = [outlined(key, view) for key in stage.policies]
    places: dict[str, dict[int, int]] = {policy.key: {} for policy in policies}
    for place, (policy, index, _) in placed(known, policies, direction):
        places[policy.key][index] = place
    for key, own in places.items():
        if own:
            yield key, tuple(own[index] for index in sorted(own))


def placements(rank: Rank, view: View) -> Iterator[Placement]:
    """A policy's rules where a guard tries them; a rule for ports that none of those guarded names is left out."""
    rules = view.get(Ruling, rank.policy).rules(rank.direction)
    for stand in rank.stands:
        for index, (place, founds) in enumerate(zip(stand.places, rules, strict=True)):
            there = _resolved_founds(founds, rank.named) if rank.direction == "ingress" else founds
            if there:
                yield Placement(
                    key=f"{rank.policy}|{rank.direction}|{index}|{rank.guard}|{stand.stage}",
                    guard=rank.guard,
                    stage=stand.stage,
                    following=stand.following,
                    place=place,
                    founds=there,
                    enforced=stand.enforced,
                    audited=rank.audited,
                )


def _resolved_founds(founds: tuple[Found, ...], named: NamedPorts) -> tuple[Found, ...]:
    if not any(service.names for found in founds for service in found.services):
        return founds
    resolutions = ((found, resolved(found.services, named)) for found in founds)
    return tuple(replace(found, services=services) for found, services in resolutions if services)


def resolved(services: Iterable[Service], named: NamedPorts) -> tuple[Service, ...]:
    """Services with numbers for the names of ports; those that have only names that nobody has are left out."""
    found = []
    for service in services:
        ports = [(at, at) for name, protocol, at in named if name in service.names and protocol == service.protocol]
        if ports or service.ports or not service.names:
            found.append(replace(service, ports=(*service.ports, *ports), names=()))
    return tuple(found)


def _policy(placement: Placement) -> tuple[str]:
    return (placement.key.partition("|")[0],)


INDEXES: dict[type, tuple[Index, ...]] = {Placement: (Index("policy", _policy),)}
