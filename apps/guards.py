"""Guards: which policies apply to a port, tier by tier, and what the port's registers say of it.

Relations only. Ports to which the same policies apply share a guard, so that rules stand once, however many ports they
are for. A policy is looked up by what it asks for of ports, and never tried on all of them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from controller.derived import Endpoint
from controller.entities import Network, Project
from controller.policy.derived import Guard, Identity, Member, Outline, PolicySet, Post, Posture, Stage, Standing
from controller.policy.numbers import GUARD_BITS, guard_number, hashed
from controller.policy.selecting import pivots, project_traits, selects, traits
from controller.policy.tiers import BUILT_IN, PLACES, SECURITY_GROUPS
from controller.policy.values import Policy, Rule, Tier
from controller.store import Index
from controller.zones import port_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.compiler.view import View
    from controller.policy.derived import NamedPorts
    from controller.policy.selecting import Trait
    from controller.policy.values import Direction, Labels

SECURITY_GROUP = "SecurityGroup"
DIRECTIONS: tuple[Direction, Direction] = ("ingress", "egress")


def outlines(policy: Policy, _view: View) -> Iterator[Outline]:
    """A policy as far as guards depend on it."""
    names = {name for rule in policy.ingress or () for service in rule.services for name in service.names}
    bare = replace(policy, ingress=_bare(policy.ingress), egress=_bare(policy.egress), cut=False)
    yield Outline(policy.key, bare, tuple(sorted(names)))


def _bare(rules: tuple[Rule, ...] | None) -> tuple[Rule, ...] | None:
    return None if rules is None else tuple(Rule(rule.name, rule.action, None) for rule in rules)


def postures(identity: Identity, view: View) -> Iterator[Posture]:
    """What guards ports of an identity; in a direction that no policy speaks of, nothing does.

    A group that does not exist is a policy too: it lets nothing through.
    """
    applying = _applying(identity, view.get(Project, identity.project).labels, view)
    groups = (f"{SECURITY_GROUP}:{group}" for group in identity.groups)
    absent = [group for group in groups if view.find(Outline, group) is None]
    for direction in DIRECTIONS:
        speaking = [outline for outline in applying if outline.policy.rules(direction) is not None]
        policies = tuple(sorted((*absent, *(outline.key for outline in speaking))))
        if not policies:
            continue
        names = {name for outline in speaking for name in outline.names} if direction == "ingress" else set()
        named = tuple(one for one in identity.named if one[0] in names)
        text = _text(identity.project, direction, policies, named)
        key = f"{identity.key}|{direction}"
        yield Posture(key, identity.key, identity.project, _guard_key(identity.project, direction, text), text)


def _applying(identity: Identity, labels: Labels, view: View) -> list[Outline]:
    """The policies that select an identity."""
    found: dict[str, Outline] = {}
    for trait in (*traits(identity), *project_traits(labels)):
        for outline in view.where(Outline, "pivot", trait):
            if any(selects(machines, identity, labels) for machines in outline.policy.applied_to):
                found[outline.key] = outline
    return list(found.values())


def policy_sets(posture: Posture, _view: View) -> Iterator[PolicySet]:
    """The policies that apply to an identity, the same for all to which just these apply."""
    yield _policy_set(posture.guard, posture.text)


@lru_cache(1 << 14)
def _text(project: str, direction: Direction, policies: tuple[str, ...], named: NamedPorts) -> str:
    return json.dumps((project, direction, policies, named), separators=(",", ":"))


@lru_cache(1 << 14)
def _guard_key(project: str, direction: Direction, text: str) -> str:
    """A guard's key: a hash, as the names of thousands of policies are too long to be named often."""
    return f"{project}/{direction}/{blake2b(text.encode(), digest_size=12).hexdigest()}"


@lru_cache(1 << 14)
def _policy_set(guard: str, text: str) -> PolicySet:
    project, direction, policies, named = json.loads(text)
    ports = tuple((name, protocol, at) for name, protocol, at in named)
    return PolicySet(guard, project, direction, tuple(policies), ports)


def guards(together: PolicySet, view: View) -> Iterator[Guard]:
    """What applies together, tier by tier; and once more as if what is audited were enforced, where something is."""
    policies = [outlined(key, view) for key in together.policies]
    enforced = [policy for policy in policies if not policy.audit]
    yield Guard(
        key=together.key,
        number=guard_number(together.key, view.groups(PolicySet, "hash", _hash(together.key))),
        project=together.project,
        direction=together.direction,
        stages=_stages(enforced, together.direction, view),
        rehearsal=_stages(policies, together.direction, view) if len(enforced) < len(policies) else (),
        named=together.named,
    )


def outlined(key: str, view: View) -> Policy:
    """A policy without what its rules ask for; a group that does not exist has none."""
    found = view.find(Outline, key)
    if found is not None:
        return found.policy
    kind, _, name = key.partition(":")
    project, _, own = name.partition("/")
    return Policy(key, "", kind, project, own, SECURITY_GROUPS, 0, (), ingress=(), egress=())


def _hash(guard: str) -> int:
    return hashed(guard, GUARD_BITS - 1)


def _stages(policies: Iterable[Policy], direction: Direction, view: View) -> tuple[Stage, ...]:
    """The tiers of policies, in order.

    Of a tier that does not exist, or that has more rules than there are places, nobody knows what it says: there is
    one stage then, which lets nothing through.
    """
    by_tier: dict[str, list[Policy]] = {}
    for policy in policies:
        by_tier.setdefault(policy.tier, []).append(policy)
    known: list[Tier] = []
    for name, members in sorted(by_tier.items()):
        found = tier(name, view)
        if found is None or sum(len(policy.rules(direction) or ()) for policy in members) > PLACES:
            return (Stage(name, (), lets_on=False),)
        known.append(found)
    return tuple(
        Stage(one.key, tuple(policy.key for policy in by_tier[one.key]), lets_on=one.default == "pass")
        for one in sorted(known, key=_order)
    )


def tier(name: str, view: View) -> Tier | None:
    """The tier of that name, built in or asked for."""
    return BUILT_IN.get(name) or view.find(Tier, name)


def _order(one: Tier) -> tuple[int, str]:
    return one.order, one.key


def standings(endpoint: Endpoint, view: View) -> Iterator[Standing]:
    """A port's numbers. A host's own port has none."""
    if endpoint.of_host:
        return
    identity = view.get(Identity, view.get(Member, endpoint.key).identity)
    found = {direction: _guard(identity, direction, view) for direction in DIRECTIONS}
    tracked = any(found.values()) or view.get(Project, identity.project).tracked
    yield Standing(
        key=endpoint.key,
        project=identity.project,
        realm_key=endpoint.realm,
        chassis=endpoint.chassis,
        realm=view.get(Network, endpoint.realm).vni,
        zone=port_zone(endpoint.ofport) if tracked else 0,
        identity=identity.number,
        ingress=_number(found["ingress"]),
        egress=_number(found["egress"]),
        guards=tuple(guard.key for guard in found.values() if guard is not None),
    )


def _guard(identity: Identity, direction: Direction, view: View) -> Guard | None:
    posture = view.find(Posture, f"{identity.key}|{direction}")
    return None if posture is None else view.get(Guard, posture.guard)


def _number(guard: Guard | None) -> int:
    return 0 if guard is None else guard.number


def posts(guard: Guard, view: View) -> Iterator[Post]:
    """The chassis that have ports with a guard."""
    for chassis in view.groups(Standing, "guard", guard.key):
        yield Post(f"{guard.key}@{chassis}", guard.key, chassis)


def _pivots(outline: Outline) -> set[Trait]:
    return {pivot for machines in outline.policy.applied_to for pivot in pivots(machines)}


def _asking(standing: Standing) -> list[tuple[str, Direction]]:
    """Of which directions a port needs to know who its peers are, in its realm."""
    numbers = zip(DIRECTIONS, (standing.ingress, standing.egress), strict=True)
    return [(standing.realm_key, direction) for direction, number in numbers if number]


INDEXES = {
    Outline: (Index("pivot", _pivots),),
    Posture: (Index("guard", lambda posture: (posture.guard,)),),
    PolicySet: (
        Index("hash", lambda together: (_hash(together.key),), group=lambda together: together.key),
        Index("policy", lambda together: together.policies),
    ),
    Standing: (
        Index("guard", lambda standing: standing.guards, group=lambda standing: standing.chassis),
        Index("guarded", _asking, group=lambda standing: standing.realm_key),
    ),
    Post: (Index("guard", lambda post: (post.guard,), group=lambda post: post.chassis),),
}
