"""Project: a tenant. Its networks and ports are its own, and its quotas bound how many there may be."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from controller import entities
from controller.intent.kind import Kind
from controller.intent.resource import Document, Resource, Strict

NAME_LABEL = "kubernetes.io/metadata.name"
"""The label that every project has by itself, with its name, as every Kubernetes namespace has."""
Limit = Annotated[int, Field(ge=0, le=10_000_000)]


class Quotas(Strict):
    """How many of each a project may have; null is no limit."""

    networks: Limit | None = None
    ports: Limit | None = None
    routers: Limit | None = None
    floatingips: Limit | None = None
    portforwards: Limit | None = None
    securitygroups: Limit | None = None
    addressgroups: Limit | None = None
    policies: Limit | None = None
    networkpolicies: Limit | None = None
    invariants: Limit | None = None
    pathpolicies: Limit | None = None
    servicechains: Limit | None = None
    rules: Limit | None = None
    flows: Limit | None = None


class ProjectSpec(Strict):
    """What a project may use, and of which of its ports connections are remembered before a policy speaks of them."""

    quotas: Quotas = Quotas()
    track: Literal["always", "guarded"] = Field(
        default="always",
        description="guarded: faster, but a port's first policy knows nothing of connections that were there before.",
    )


class ProjectDocument(Document):
    """A tenant; cluster-wide."""

    kind: Literal["Project"]
    spec: ProjectSpec = ProjectSpec()


def _entity(resource: Resource) -> entities.Project:
    row = resource.row
    labels = {**dict(row.labels), NAME_LABEL: row.name}
    tracked = resource.spec.track == "always"
    return entities.Project(row.name, row.uid, tuple(sorted(labels.items())), tracked=tracked)


PROJECT = Kind(
    name="Project",
    plural="projects",
    scoped=False,
    rank=0,
    document=ProjectDocument,
    spec=ProjectSpec,
    entity=_entity,
)
