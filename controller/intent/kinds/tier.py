"""Tier: a step of evaluation of policies, of the whole cluster; the lowest order is asked first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from controller.intent.kind import Claim, Contradiction, Draft, Findings, Kind
from controller.intent.resource import Document, Key, NoAllocation, Resource, Strict
from controller.policy import values
from controller.policy.tiers import BUILT_IN, MOST_ORDER, MOST_TIERS

_MOST = MOST_TIERS - len(BUILT_IN)


class TierSpec(Strict):
    """What a tier is to be."""

    order: Annotated[int, Field(ge=0, le=MOST_ORDER)]
    default: Literal["pass", "deny"] = Field(
        default="pass", description="What becomes of what none of its rules speaks of, where a policy of it applies."
    )


class TierDocument(Document):
    """A step of evaluation; cluster-wide."""

    kind: Literal["Tier"]
    spec: TierSpec


def tier_key(name: str) -> Key:
    """Tiers belong to no project."""
    return "Tier", "", name


def _contradictions(draft: Draft, key: Key, spec: TierSpec, _settled: NoAllocation) -> Findings:
    if key[2] in BUILT_IN:
        yield Contradiction("/name", f"tier {key[2]} is built in, with order {BUILT_IN[key[2]].order}")
    for tier in BUILT_IN.values():
        if tier.order == spec.order:
            yield Contradiction("/spec/order", f"{spec.order} is the order of the built-in tier {tier.key}")
    if draft.count("Tier", "") > _MOST:
        yield Contradiction("/name", f"there can be {_MOST} tiers beside those that are built in", conflict=True)


def _claims(_key: Key, spec: TierSpec, _allocated: NoAllocation) -> Iterator[Claim]:
    yield Claim("tier order", spec.order, "/spec/order", "order")


def _entity(resource: Resource) -> values.Tier:
    return values.Tier(resource.row.name, resource.spec.order, resource.spec.default)


TIER = Kind(
    name="Tier",
    plural="tiers",
    scoped=False,
    public=True,
    rank=1,
    document=TierDocument,
    spec=TierSpec,
    contradictions=_contradictions,
    claims=_claims,
    entity=_entity,
)
