"""What the northbound side asks of the rest of the daemon: how things stand, what a change would do, who confirmed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from controller.compiler.past import Glimpse
from controller.entities import Entity
from controller.live.live import Live
from controller.live.proving import Proof
from controller.nat_table import NatTable
from controller.policy.survey import Survey
from topology.paths import Question

Listing: TypeAlias = Literal["bridges", "links"]
"""Tables of what can be labelled."""
Table: TypeAlias = Literal["chassis", "drift", "leases"] | Listing
Said: TypeAlias = Literal["Link", "Bridge"]
"""Kinds of which something can be said."""
TopologyForm: TypeAlias = Literal["json", "graphml", "dot"]


class Fabric(Protocol):
    """Links, bridges and paths."""

    def row(self, kind: Said, name: str) -> dict[str, object] | None:
        """A link or bridge as it is listed, a link by its ends in either order; None where nothing is known of one."""

    def bridge_of(self, end: str) -> str | None:
        """The bridge of that name, or that a port (``project/name``) is plugged into; None where there is none."""

    def compute(self, question: Question) -> dict[str, Any]:
        """A path that nobody takes, with its figures; or ``reason`` and ``message`` why there is none."""

    def topology(self, form: TopologyForm) -> dict[str, object] | str:
        """Nodes and links: an object as JSON, text in the other forms."""


class World(Protocol):
    """The daemon's core as the northbound side sees it; every answer is plain JSON values."""

    nat: NatTable
    live: Live
    survey: Survey

    @property
    def fabric(self) -> Fabric:
        """The ways between bridges."""

    def status(self, kind: str, key: str) -> dict[str, object]:
        """What is, of one resource (key ``acme/web-1`` or ``acme``): chassis, ofport, conditions and the like."""

    def plan(
        self, puts: tuple[Entity, ...], deletes: tuple[tuple[type, str], ...], reads: Callable[[str], bool]
    ) -> dict[str, object]:
        """What a change would do: ``flows`` added and removed by chassis, ``reachability`` and the like.

        ``reads`` says which projects the caller may read.
        """

    def tried(
        self, puts: tuple[Entity, ...], deletes: tuple[tuple[type, str], ...], look: Callable[[Glimpse], Proof]
    ) -> Proof:
        """How far what was seen would go on after a change."""

    def wait(self, revision: int, keys: Sequence[tuple[str, str]], timeout: float) -> dict[str, str]:
        """Return when everything of these kinds and keys is confirmed, or with what is not and why, after seconds."""

    def table(self, what: Table) -> list[dict[str, object]]:
        """All rows of one table of inventory."""

    def flows(self, chassis: str | None, owner: str | None) -> Iterator[dict[str, object]]:
        """Desired flows, each with the intent that owns it."""

    def ready(self) -> tuple[bool, str]:
        """Whether the daemon can serve, and why not."""
