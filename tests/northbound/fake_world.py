"""A daemon's core without switches: everything is ready, nothing is plugged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller.entities import Entity
from controller.errors import DatabaseError
from controller.live.answers import Answers
from controller.live.live import Live
from controller.nat_table import NatTable
from controller.northbound.world import Table, TopologyForm
from controller.store import Store


class NoSwitch:
    """Nothing to ask."""

    def connections(self, chassis: str, zone: int | None, take: Callable[[bytes], None]) -> None:
        """No host has joined."""
        del zone, take
        raise DatabaseError(f"no netloom agent of {chassis} is connected")


@dataclass(slots=True)
class FakeWorld:
    """Answers what it was told to answer, and remembers what it was asked."""

    unconfirmed: dict[str, str] = field(default_factory=dict)
    unready: str = ""
    broken: bool = False
    waited: list[tuple[int, tuple[tuple[str, str], ...], float]] = field(default_factory=list)
    planned: list[tuple[tuple[Entity, ...], tuple[tuple[type, str], ...]]] = field(default_factory=list)
    nat: NatTable = field(default_factory=lambda: NatTable(Store({}), Answers(NoSwitch())))
    live: Live = field(default_factory=lambda: Live(Store({}), NoSwitch(), _unheard))

    def status(self, kind: str, key: str) -> dict[str, object]:
        """Ready at once."""
        ready = {
            "type": "Ready",
            "status": True,
            "reason": "Confirmed",
            "message": key,
            "since": "2025-01-01T00:00:00Z",
        }
        more: dict[str, object] = {"chassis": None, "ofport": None} if kind == "Port" else {}
        return {**more, "conditions": [ready]}

    def plan(self, puts: tuple[Entity, ...], deletes: tuple[tuple[type, str], ...]) -> dict[str, object]:
        """Three flows for each entity on one chassis."""
        self.planned.append((puts, deletes))
        return {"added": {"hv1": 3 * len(puts)}, "removed": {"hv1": 3 * len(deletes)}}

    def wait(self, revision: int, keys: Sequence[tuple[str, str]], timeout: float) -> dict[str, str]:
        """What the test says."""
        self.waited.append((revision, tuple(keys), timeout))
        return self.unconfirmed

    def table(self, what: Table) -> list[dict[str, object]]:
        """One row, or a bug."""
        if self.broken:
            raise ZeroDivisionError
        return [{"name": f"{what}-1"}]

    def flows(self, chassis: str | None, owner: str | None) -> Iterator[dict[str, object]]:
        """One flow that repeats the question."""
        yield {"chassis": chassis, "owner": owner}

    def topology(self, form: TopologyForm) -> dict[str, Any] | str:
        """Nothing in it."""
        return {"nodes": [], "links": []} if form == "json" else f"{form} of nothing"

    def ready(self) -> tuple[bool, str]:
        """As the test says."""
        return (not self.unready, self.unready)


def _unheard(kind: str, subject: str, detail: dict[str, object]) -> None:
    """Nobody follows events."""
    del kind, subject, detail
