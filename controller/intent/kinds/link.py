"""Link: what a link between two bridges is to cost, what it is held to carry, and whether it is being drained.

A link is there because of its wires: what is said of it may be said before, and stays when it goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from controller.intent.kind import Claim, Contradiction, Draft, Findings, Kind
from controller.intent.resource import Document, Key, NoAllocation, Resource, Strict
from controller.intent.values import LinkName, Milliseconds, Rate
from controller.links import DEFAULT_COST, LinkSettings

_HIGHEST_COST = 1_000_000


class LinkSpec(Strict):
    """What is said of a link; nothing of it has to be."""

    cost: Annotated[int, Field(ge=1, le=_HIGHEST_COST)] = Field(
        default=DEFAULT_COST, description="Of two ways the one whose links cost less together is taken."
    )
    bandwidth_mbps: Rate | None = Field(default=None, description="What it carries; default: its slower port's speed.")
    latency_ms: Milliseconds | None = Field(default=None, description="One way; default: what probes take.")
    maintenance: bool = Field(default=False, description="Nothing is to go there that can go elsewhere.")


class LinkDocument(Document):
    """What is said of a link; cluster-wide."""

    kind: Literal["Link"]
    name: LinkName
    spec: LinkSpec = LinkSpec()


def same_link(name: str) -> str:
    """The same text for a link's name and for that with its ends the other way round.

    Where its ends are joined cannot be seen, since bridges' names may have dashes too: turning the parts round until
    they stand in the least order needs not know.
    """
    parts = name.split("-")
    return "-".join(min(parts[place:] + parts[:place] for place in range(len(parts))))


def end_faults(name: str, pointer: str) -> Findings:
    """A name that no link can have."""
    parts = name.split("-")
    half = len(parts) // 2
    if parts[:half] == parts[half:]:
        yield Contradiction(pointer, f"{'-'.join(parts[:half])} stands at both ends; a link joins two bridges")


def _contradictions(_draft: Draft, key: Key, _spec: LinkSpec, _settled: NoAllocation) -> Findings:
    yield from end_faults(key[2], "/name")


def _claims(key: Key, _spec: LinkSpec, _allocated: NoAllocation) -> Iterator[Claim]:
    yield Claim("link", same_link(key[2]), "/name", "link")


def _entity(resource: Resource) -> LinkSettings:
    row, spec = resource.row, resource.spec
    return LinkSettings(
        key=row.name,
        cost=spec.cost,
        bandwidth=spec.bandwidth_mbps,
        latency=spec.latency_ms,
        labels=row.labels,
        maintenance=spec.maintenance,
    )


LINK = Kind(
    name="Link",
    plural="links",
    scoped=False,
    settings=True,
    rank=1,
    document=LinkDocument,
    spec=LinkSpec,
    contradictions=_contradictions,
    claims=_claims,
    entity=_entity,
)
