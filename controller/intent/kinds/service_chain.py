"""ServiceChain: packets of a project pass middleboxes, one after the other, before they reach whom they are for.

A middlebox is two ports: what is given to ``in`` comes back by ``out``, as it was sent. One port is of one middlebox.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from controller.intent.kind import Claim, Contradiction, Draft, Findings, Kind
from controller.intent.kinds.path_policy import Priority
from controller.intent.kinds.traffic import MatchSpec, traffic, traffic_faults, traffic_references
from controller.intent.resource import Document, Key, NoAllocation, Resource, Sparse, Strict
from controller.intent.values import NOT_EMPTY, Name, some
from controller.links import Instance, OnFailure, ServiceChain

_MOST_HOPS = 16
_MOST_INSTANCES = 64


class InstanceSpec(Strict):
    """One middlebox, by the names of its ports."""

    inward: Annotated[Name, Field(alias="in")]
    outward: Annotated[Name, Field(alias="out")]


class HopSpec(Sparse):
    """A middlebox, or several that share the connections."""

    inward: Name | None = Field(default=None, alias="in")
    outward: Name | None = Field(default=None, alias="out")
    instances: (
        Annotated[
            tuple[InstanceSpec, ...],
            Field(strict=False, max_length=_MOST_INSTANCES, json_schema_extra=NOT_EMPTY),
            AfterValidator(some),
        ]
        | None
    ) = Field(default=None, description="In place of in and out.")


class ServiceChainSpec(Strict):
    """What a service chain is to be."""

    match: MatchSpec
    hops: Annotated[
        tuple[HopSpec, ...],
        Field(strict=False, max_length=_MOST_HOPS, json_schema_extra=NOT_EMPTY),
        AfterValidator(some),
    ]
    symmetric: bool = Field(default=True, description="Answers pass the same middleboxes the other way round.")
    on_failure: OnFailure = Field(default="drop", description="What becomes of packets while a hop has none alive.")
    priority: Priority = Field(default=500, description="Of two that speak of a packet the lower goes first.")


class ServiceChainDocument(Document):
    """Which middleboxes packets pass."""

    kind: Literal["ServiceChain"]
    project: Name
    spec: ServiceChainSpec


def _contradictions(_draft: Draft, _key: Key, spec: ServiceChainSpec, _settled: NoAllocation) -> Findings:
    yield from traffic_faults(spec.match, "/spec/match")
    for place, hop in enumerate(spec.hops):
        yield from _hop_faults(hop, f"/spec/hops/{place}")
    seen: set[str] = set()
    for pointer, port in _ports(spec):
        if port in seen:
            yield Contradiction(pointer, f"port {port} is in this chain already")
        seen.add(port)


def _hop_faults(hop: HopSpec, where: str) -> Findings:
    if hop.instances is not None:
        for word, given in (("in", hop.inward), ("out", hop.outward)):
            if given is not None:
                yield Contradiction(f"{where}/{word}", "give in and out, or instances, not both")
        return
    for word, given in (("in", hop.inward), ("out", hop.outward)):
        if given is None:
            yield Contradiction(f"{where}/{word}", "is required, or give instances")


def _ports(spec: ServiceChainSpec) -> Iterator[tuple[str, str]]:
    """Each port with the pointer to it."""
    for place, hop in enumerate(spec.hops):
        for inside, one in _instances(hop):
            for word, port in (("in", one.inward), ("out", one.outward)):
                if port is not None:
                    yield f"/spec/hops/{place}{inside}/{word}", port


def _instances(hop: HopSpec) -> Iterator[tuple[str, InstanceSpec | HopSpec]]:
    if hop.instances is None:
        yield "", hop
        return
    yield from ((f"/instances/{place}", one) for place, one in enumerate(hop.instances))


def _claims(key: Key, spec: ServiceChainSpec, _allocated: NoAllocation) -> Iterator[Claim]:
    told: set[str] = set()
    for pointer, port in _ports(spec):
        if port not in told:
            yield Claim(f"middleboxes of {key[1]}", port, pointer, "port")
        told.add(port)


def _references(key: Key, spec: ServiceChainSpec) -> tuple[Key, ...]:
    named = [("Port", key[1], port) for _, port in _ports(spec)]
    return tuple(dict.fromkeys((*traffic_references(key[1], spec.match), *named)))


def _entity(resource: Resource) -> ServiceChain:
    row, spec = resource.row, resource.spec
    return ServiceChain(
        key=f"{row.project}/{row.name}",
        uid=row.uid,
        project=row.project,
        traffic=traffic(row.project, spec.match),
        steps=tuple(_step(row.project, hop) for hop in spec.hops),
        symmetric=spec.symmetric,
        on_failure=spec.on_failure,
        priority=spec.priority,
    )


def _step(project: str, hop: HopSpec) -> tuple[Instance, ...]:
    return tuple(Instance(f"{project}/{one.inward}", f"{project}/{one.outward}") for _, one in _instances(hop))


SERVICE_CHAIN = Kind(
    name="ServiceChain",
    plural="servicechains",
    scoped=True,
    rank=6,
    document=ServiceChainDocument,
    spec=ServiceChainSpec,
    contradictions=_contradictions,
    claims=_claims,
    references=_references,
    entity=_entity,
)
