"""SecurityGroup: what its members may receive and send; to each of them, what no group of its allows is denied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from controller.intent.kind import Claim, Contradiction, Draft, Findings, Kind
from controller.intent.kinds.peer_faults import peers_faults
from controller.intent.kinds.peers import Peers, peer_references, peers
from controller.intent.kinds.policy_rules import MOST_RULES, NamedRuleSpec, name_faults
from controller.intent.kinds.services import service_faults, services
from controller.intent.resource import Document, Key, NoAllocation, Resource, Strict
from controller.intent.values import Name
from controller.policy.tiers import SECURITY_GROUPS
from controller.policy.values import Direction, Machines, Policy, Rule

_WHOM: dict[Direction, str] = {"ingress": "from", "egress": "to"}


class GroupRuleSpec(NamedRuleSpec):
    """What members may receive from somebody (ingress), or send to somebody (egress)."""

    direction: Direction
    sources: Peers | None = Field(default=None, alias="from", description="Of ingress. Default: anybody.")
    targets: Peers | None = Field(default=None, alias="to", description="Of egress. Default: anybody.")


class SecurityGroupSpec(Strict):
    """What a security group is to be; without rules its members neither receive nor send."""

    rules: Annotated[tuple[GroupRuleSpec, ...], Field(strict=False, max_length=MOST_RULES)] = ()


class SecurityGroupDocument(Document):
    """What members may receive and send; stateful."""

    kind: Literal["SecurityGroup"]
    project: Name
    spec: SecurityGroupSpec = SecurityGroupSpec()


def group_claim(key: Key) -> Claim:
    """No two groups of a project have one name, of whatever kind they are: peers name either."""
    return Claim(f"group {key[1]}", key[2], "/name", "the group name")


def _contradictions(_draft: Draft, _key: Key, spec: SecurityGroupSpec, _settled: NoAllocation) -> Findings:
    for direction in _WHOM:
        yield from name_faults(_of(spec, direction), "/spec/rules")
    for index, rule in enumerate(spec.rules):
        where = f"/spec/rules/{index}"
        yield from service_faults(rule, where)
        yield from peers_faults(rule.sources, f"{where}/from", rule.protocol)
        yield from peers_faults(rule.targets, f"{where}/to", rule.protocol)
        wrong, given = ("to", rule.targets) if rule.direction == "ingress" else ("from", rule.sources)
        if given is not None:
            yield Contradiction(f"{where}/{wrong}", f"an {rule.direction} rule has {_WHOM[rule.direction]}")


def _of(spec: SecurityGroupSpec, direction: Direction) -> Iterator[tuple[int, GroupRuleSpec]]:
    """Rules of one direction, with their places among all of the group: those without names are called by them."""
    return ((index, rule) for index, rule in enumerate(spec.rules) if rule.direction == direction)


def _claims(key: Key, _spec: SecurityGroupSpec, _allocated: NoAllocation) -> Iterator[Claim]:
    yield group_claim(key)


def _references(key: Key, spec: SecurityGroupSpec) -> tuple[Key, ...]:
    given = (whom for rule in spec.rules for whom in (rule.sources, rule.targets))
    return tuple(dict.fromkeys(target for whom in given for target in peer_references(key[1], whom)))


def _rules(spec: SecurityGroupSpec) -> int:
    return len(spec.rules)


def _allowed(project: str, spec: SecurityGroupSpec, direction: Direction) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            rule.name or str(index),
            "allow",
            peers(project, rule.sources if direction == "ingress" else rule.targets),
            services(rule),
            rule.log,
        )
        for index, rule in _of(spec, direction)
    )


def _entity(resource: Resource) -> Policy:
    row, spec = resource.row, resource.spec
    key = f"{row.project}/{row.name}"
    return Policy(
        key=f"SecurityGroup:{key}",
        uid=row.uid,
        kind="SecurityGroup",
        project=row.project,
        name=row.name,
        tier=SECURITY_GROUPS,
        priority=0,
        applied_to=(Machines(projects=(row.project,), groups=(key,)),),
        ingress=_allowed(row.project, spec, "ingress"),
        egress=_allowed(row.project, spec, "egress"),
    )


SECURITY_GROUP = Kind(
    name="SecurityGroup",
    plural="securitygroups",
    scoped=True,
    rank=2,
    document=SecurityGroupDocument,
    spec=SecurityGroupSpec,
    contradictions=_contradictions,
    claims=_claims,
    references=_references,
    rules=_rules,
    entity=_entity,
)
