"""Policy: who may talk to whom, for the ports of its project that it applies to.

It speaks of a direction for which it has rules. What no rule of its tier speaks of has the tier's default.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from controller.intent.kind import Contradiction, Draft, Findings, Kind
from controller.intent.kinds.peer_faults import targets_faults
from controller.intent.kinds.peers import Targets, peer_references, target_references, targets
from controller.intent.kinds.policy_rules import EgressRules, IngressRules, rules, rules_faults
from controller.intent.kinds.tier import tier_key
from controller.intent.resource import Document, Key, NoAllocation, Resource, Strict
from controller.intent.values import Name
from controller.policy import tiers, values

_HIGHEST_PRIORITY = 1000


class PolicySpec(Strict):
    """What a policy is to be."""

    tier: Name = Field(default=tiers.APPLICATION, description="application, or one of the cluster's own tiers.")
    priority: Annotated[int, Field(ge=0, le=_HIGHEST_PRIORITY, description="In its tier the lower goes first.")] = 500
    applied_to: Targets
    ingress: IngressRules = ()
    egress: EgressRules = ()
    mode: Literal["enforce", "audit"] = Field(
        default="enforce", description="audit: count and log what it would do, and forward as if it were absent."
    )
    established: Literal["keep", "cut"] = Field(
        default="keep", description="What becomes of live connections that a change denies."
    )


class PolicyDocument(Document):
    """Who may talk to whom."""

    kind: Literal["Policy"]
    project: Name
    spec: PolicySpec


def _contradictions(draft: Draft, _key: Key, spec: PolicySpec, _settled: NoAllocation) -> Findings:
    if spec.tier in tiers.BUILT_IN:
        if spec.tier != tiers.APPLICATION:
            message = f"tier {spec.tier} has its policies from resources of other kinds"
            yield Contradiction("/spec/tier", message)
    elif draft.spec(tier_key(spec.tier)) is None:
        yield Contradiction("/spec/tier", f"there is no tier {spec.tier}")
    yield from targets_faults(spec.applied_to, "/spec/applied_to")
    yield from rules_faults(spec.ingress, "/spec/ingress", "from")
    yield from rules_faults(spec.egress, "/spec/egress", "to")


def _references(key: Key, spec: PolicySpec) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(_named(key[1], spec)))


def _named(project: str, spec: PolicySpec) -> Iterator[Key]:
    if spec.tier not in tiers.BUILT_IN:
        yield tier_key(spec.tier)
    yield from target_references(project, spec.applied_to)
    for given in (*(rule.peers for rule in spec.ingress), *(rule.peers for rule in spec.egress)):
        yield from peer_references(project, given)


def _rules(spec: PolicySpec) -> int:
    return len(spec.ingress) + len(spec.egress)


def _entity(resource: Resource) -> values.Policy:
    row, spec = resource.row, resource.spec
    return values.Policy(
        key=f"Policy:{row.project}/{row.name}",
        uid=row.uid,
        kind="Policy",
        project=row.project,
        name=row.name,
        tier=spec.tier,
        priority=spec.priority,
        applied_to=targets(row.project, spec.applied_to),
        ingress=rules(row.project, spec.ingress) or None,
        egress=rules(row.project, spec.egress) or None,
        audit=spec.mode == "audit",
        cut=spec.established == "cut",
    )


POLICY = Kind(
    name="Policy",
    plural="policies",
    scoped=True,
    rank=6,
    document=PolicyDocument,
    spec=PolicySpec,
    contradictions=_contradictions,
    references=_references,
    rules=_rules,
    entity=_entity,
)
