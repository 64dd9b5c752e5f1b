"""The rows that cross this package's border, as values.

``ResourceRow`` is one resource of intent as the intent database keeps it; ``InterfaceRow`` and ``ChassisRow`` are what
a switch's database says of a host. Nothing outside this package sees OVSDB's own JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Liveness = Literal["up", "down", "unknown"]


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """One resource; ``spec`` and ``allocated`` are canonical JSON text, times RFC 3339 in UTC.

    ``project`` is "" for cluster-wide kinds. ``allocated`` holds what netloom chose where the spec left it open.
    """

    kind: str
    project: str
    name: str
    uid: str
    labels: tuple[tuple[str, str], ...]
    spec: str
    allocated: str
    revision: int
    created_at: str
    updated_at: str
    author: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Kind, project and name."""
        return (self.kind, self.project, self.name)


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token's hash (hex SHA-256) with its role and projects; the token itself is never stored."""

    name: str
    digest: str
    role: str
    projects: tuple[str, ...]
    created_at: str


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One resource before and after; None means that it was not there, or no longer is."""

    old: ResourceRow | None
    new: ResourceRow | None


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction as every follower of the database sees it.

    ``initial`` marks the first, which holds all that stood when following began. ``author`` made the newest revision.
    """

    revision: int
    changes: tuple[ResourceChange, ...]
    initial: bool = False
    author: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a host says of another chassis, which it watches by BFD: nothing before it was up once."""

    peer: str
    liveness: Liveness


@dataclass(frozen=True, slots=True)
class InterfaceRow:
    """An interface on the integration bridge: its OpenFlow port (None until OVS gave one) and what it is for.

    Of ours, ``physical_network`` is where a patch leads. ``serves`` is the key of the network that the host has to do
    something for, "" for its link to nat networks, and ``state`` what it answered, None as long as it did not.
    ``watch`` is that of a BFD port.
    """

    name: str
    ofport: int | None
    type: str
    iface_id: str | None
    error: str | None
    physical_network: str | None = None
    serves: str | None = None
    state: str | None = None
    watch: Watch | None = None


@dataclass(frozen=True, slots=True)
class ChassisRow:
    """A host as its database describes it.

    ``name`` is external_ids:system-id, ``dpid`` that of the integration bridge (None until it exists), ``encap_ip``
    external_ids:netloom-encap-ip, else the address that the host's session came from, else None. ``datapath_type`` is
    "" until the bridge has a datapath, ``ovs_version`` "" where nobody wrote it into the database. ``gateway``: its
    operator labelled it to carry external traffic.
    """

    name: str
    hostname: str
    dpid: int | None
    datapath_type: str
    encap_ip: str | None
    ovs_version: str
    gateway: bool = False
