"""PathPolicy: which way packets of a project take from bridge to bridge, and what becomes of them if there is none.

It is of one direction. Bridges and links need not exist yet: what is missing then is told as a condition.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from controller.intent.kind import Contradiction, Draft, Findings, Kind
from controller.intent.kinds.link import end_faults
from controller.intent.kinds.traffic import MatchSpec, traffic, traffic_faults, traffic_references
from controller.intent.resource import Document, Key, NoAllocation, Resource, Strict
from controller.intent.values import Labels, LinkName, Milliseconds, Name, Place, Rate
from controller.links import Objective, OnNoPath, PathPolicy, Protection, Wanted

_MOST_WAYPOINTS = 16
_MOST_AVOIDED = 1000
_MOST_HOPS = 255
HIGHEST_PRIORITY = 1000

Via: TypeAlias = Annotated[tuple[Place, ...], Field(strict=False, max_length=_MOST_WAYPOINTS)]
Priority: TypeAlias = Annotated[int, Field(ge=0, le=HIGHEST_PRIORITY)]


class AvoidSpec(Strict):
    """What a path may not touch."""

    bridges: Annotated[tuple[Place, ...], Field(strict=False, max_length=_MOST_AVOIDED)] = ()
    links: Annotated[tuple[LinkName, ...], Field(strict=False, max_length=_MOST_AVOIDED)] = Field(
        default=(), description="By name, with the ends in either order."
    )
    labels: Labels = Field(default_factory=dict, description="Links and bridges that have any of these.")


class ConstraintsSpec(Strict):
    """What a path must keep; nothing where it is left out."""

    max_latency_ms: Milliseconds | None = None
    min_bandwidth_mbps: Rate | None = None
    max_hops: Annotated[int, Field(ge=1, le=_MOST_HOPS)] | None = Field(default=None, description="Links, not bridges.")


class WantedSpec(Strict):
    """What a path must and should be."""

    via: Via = Field(default=(), description="Bridges or chassis to pass, in order.")
    avoid: AvoidSpec = AvoidSpec()
    constraints: ConstraintsSpec = ConstraintsSpec()
    objective: Objective = "hops"
    protection: Protection = Field(
        default="none", description="Against what there is a way round that the switches take by themselves."
    )
    demand_mbps: Rate | None = Field(default=None, description="What is to be placed; default: what is measured.")


class PathPolicySpec(WantedSpec):
    """What a path policy is to be."""

    match: MatchSpec
    on_no_path: OnNoPath = Field(
        default="fallback", description="fallback: as if there were no policy. drop: nothing passes."
    )
    priority: Priority = Field(default=500, description="Of two that speak of a packet the lower goes first.")


class PathPolicyDocument(Document):
    """Which way packets take."""

    kind: Literal["PathPolicy"]
    project: Name
    spec: PathPolicySpec


def wanted(spec: WantedSpec) -> Wanted:
    """As steering knows it."""
    return Wanted(
        via=spec.via,
        avoid_bridges=spec.avoid.bridges,
        avoid_links=spec.avoid.links,
        avoid_labels=tuple(sorted(spec.avoid.labels.items())),
        max_latency=spec.constraints.max_latency_ms,
        min_bandwidth=spec.constraints.min_bandwidth_mbps,
        max_hops=spec.constraints.max_hops,
        objective=spec.objective,
        protection=spec.protection,
    )


def wanted_faults(spec: WantedSpec, pointer: str) -> Findings:
    """Waypoints that no path can have, and links that none could."""
    for place, bridge in enumerate(spec.via):
        if bridge in spec.via[:place]:
            yield Contradiction(f"{pointer}/via/{place}", f"{bridge} is given twice")
    for place, bridge in enumerate(spec.avoid.bridges):
        if bridge in spec.via:
            yield Contradiction(f"{pointer}/avoid/bridges/{place}", f"{bridge} is to be passed, by via")
    for place, link in enumerate(spec.avoid.links):
        yield from end_faults(link, f"{pointer}/avoid/links/{place}")
    least, most = len(spec.via) - 1, spec.constraints.max_hops
    if most is not None and most < least:
        message = f"from the first waypoint to the last it is {least} hops at least"
        yield Contradiction(f"{pointer}/constraints/max_hops", message)


def _contradictions(_draft: Draft, _key: Key, spec: PathPolicySpec, _settled: NoAllocation) -> Findings:
    yield from traffic_faults(spec.match, "/spec/match")
    yield from wanted_faults(spec, "/spec")


def _references(key: Key, spec: PathPolicySpec) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(_named(key[1], spec)))


def _named(project: str, spec: PathPolicySpec) -> Iterator[Key]:
    yield from traffic_references(project, spec.match)


def _entity(resource: Resource) -> PathPolicy:
    row, spec = resource.row, resource.spec
    return PathPolicy(
        key=f"{row.project}/{row.name}",
        uid=row.uid,
        project=row.project,
        traffic=traffic(row.project, spec.match),
        wanted=wanted(spec),
        on_no_path=spec.on_no_path,
        priority=spec.priority,
        demand=spec.demand_mbps,
    )


PATH_POLICY = Kind(
    name="PathPolicy",
    plural="pathpolicies",
    scoped=True,
    rank=6,
    document=PathPolicyDocument,
    spec=PathPolicySpec,
    contradictions=_contradictions,
    references=_references,
    entity=_entity,
)
