"""Bridge: labels by which paths avoid a bridge, and whether it is being drained.

A bridge is there because it connected: what is said of it may be said before, and stays when it goes.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from controller.intent.kind import Kind
from controller.intent.resource import Document, Resource, Strict
from controller.intent.values import Place
from controller.links import BridgeSettings


class BridgeSpec(Strict):
    """What is said of a bridge; nothing of it has to be."""

    maintenance: bool = Field(default=False, description="Nothing is to pass through it that can pass elsewhere.")


class BridgeDocument(Document):
    """What is said of a bridge, by the name of its chassis; cluster-wide."""

    kind: Literal["Bridge"]
    name: Place
    spec: BridgeSpec = BridgeSpec()


def _entity(resource: Resource) -> BridgeSettings:
    return BridgeSettings(resource.row.name, resource.row.labels, resource.spec.maintenance)


BRIDGE = Kind(
    name="Bridge",
    plural="bridges",
    scoped=False,
    settings=True,
    rank=1,
    document=BridgeDocument,
    spec=BridgeSpec,
    entity=_entity,
)
