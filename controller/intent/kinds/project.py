"""Project: a tenant. Its networks and ports are its own, and its quotas bound how many there may be."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from controller.intent.kind import Draft, Kind
from controller.intent.resource import Document, Key, NoAllocation, Resource, Strict

Limit = Annotated[int, Field(ge=0, le=10_000_000)]


class Quotas(Strict):
    """How many of each a project may have; null is no limit."""

    networks: Limit | None = None
    ports: Limit | None = None
    routers: Limit | None = None
    floatingips: Limit | None = None
    portforwards: Limit | None = None
    rules: Limit | None = None
    flows: Limit | None = None


class ProjectSpec(Strict):
    """What a project may use."""

    quotas: Quotas = Quotas()


class ProjectDocument(Document):
    """A tenant; cluster-wide."""

    kind: Literal["Project"]
    spec: ProjectSpec = ProjectSpec()


def _settle(_draft: Draft, _key: Key, _spec: ProjectSpec, _before: Resource | None) -> NoAllocation:
    return NoAllocation()


def _complete(_draft: Draft, _key: Key, _uid: str, _spec: ProjectSpec, settled: NoAllocation) -> NoAllocation:
    return settled


def _entity(_resource: Resource) -> None:
    return None


PROJECT = Kind(
    name="Project",
    plural="projects",
    scoped=False,
    rank=0,
    document=ProjectDocument,
    spec=ProjectSpec,
    allocation=NoAllocation,
    settle=_settle,
    complete=_complete,
    entity=_entity,
    entity_type=None,
)
