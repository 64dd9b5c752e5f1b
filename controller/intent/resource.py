"""A resource as the daemon holds it: the row that is stored, the specification it was read as, what was allocated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from controller.entities import Door, Encap
from controller.intent.values import Labels, Name
from ovsdb.rows import ResourceRow

Key: TypeAlias = tuple[str, str, str]
"""Kind, project ("" for cluster-wide kinds) and name."""


class Strict(BaseModel):
    """What every part of a document is: no unknown fields, no conversions, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Sparse(Strict):
    """What has many fields of which few are given: only these are stored and shown."""

    @model_serializer(mode="wrap")
    def _given(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in whole(self).items() if value not in (None, [], (), {})}


_READ_ONLY = Field(default=None, exclude=True, json_schema_extra={"readOnly": True})


class Document(Strict):
    """The envelope of all kinds; what only the daemon says is accepted, so that its answers can be sent back."""

    name: Name
    labels: Labels = {}
    status: Annotated[Any, _READ_ONLY] = None
    uid: Annotated[Any, _READ_ONLY] = None
    revision: Annotated[Any, _READ_ONLY] = None
    created_at: Annotated[Any, _READ_ONLY] = None
    updated_at: Annotated[Any, _READ_ONLY] = None


@dataclass(frozen=True, slots=True)
class NoAllocation:
    """For kinds that leave nothing open."""


@dataclass(frozen=True, slots=True)
class NetworkAllocation:
    """``vni`` is 0 and ``mtu`` is 0 only while a draft is being completed.

    ``door`` is how a nat network leaves by its hosts, ``gateway_mac`` the hosts' on a host-only network.
    ``enclosed_mtu`` is as of ``controller.entities.Network``.
    """

    vni: int
    encap: Encap
    mtu: int
    door: Door | None = None
    gateway_mac: str | None = None
    enclosed_mtu: int = 0


@dataclass(frozen=True, slots=True)
class PortAllocation:
    """A port's MAC and addresses; ``mac`` is None while its network does not exist."""

    mac: str | None
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InterfaceAllocation:
    """A router on one network (its name): all its addresses there, and those of them that are no subnet's gateway."""

    network: str
    addresses: tuple[str, ...]
    own: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RouterAllocation:
    """``number`` and ``vni`` are 0 and ``mac`` is None only while a draft is being completed.

    ``interfaces`` are on those networks that exist; ``external_addresses`` on the external network, or on the hosts'
    link where that is a nat network (``by_host``).
    """

    number: int
    vni: int
    mac: str | None
    interfaces: tuple[InterfaceAllocation, ...]
    external_addresses: tuple[str, ...]
    by_host: bool


@dataclass(frozen=True, slots=True)
class FloatingAllocation:
    """A floating IP's address and MAC, None while its network does not exist; ``private`` is its port's address."""

    address: str | None
    mac: str | None
    private: str | None


@dataclass(frozen=True, slots=True)
class ForwardAllocation:
    """``by_host``: the ports are taken from the hosts' own addresses, which all projects share."""

    by_host: bool


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of intent. ``spec`` is an instance of its kind's model."""

    row: ResourceRow
    spec: Any
    allocated: Any

    @property
    def key(self) -> Key:
        """Kind, project and name."""
        return (self.row.kind, self.row.project, self.row.name)


def title(key: Key) -> str:
    """How people and events are told of a resource: ``Port acme/web-1``, ``Project acme``."""
    kind, project, name = key
    return f"{kind} {project}/{name}" if project else f"{kind} {name}"
