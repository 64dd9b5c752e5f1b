"""A daemon's core without switches: everything is ready, nothing is plugged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from apps.registers import RULE
from controller.compiler.past import Glimpse
from controller.entities import Entity
from controller.errors import DatabaseError, SwitchError
from controller.live.answers import Answers
from controller.live.live import Live
from controller.live.marking import Hands
from controller.live.proving import Proof
from controller.live.statistics import Tables
from controller.nat_table import NatTable
from controller.northbound.world import Said, Table, TopologyForm
from controller.policy.changes import Changes
from controller.policy.survey import Survey
from controller.southbound.flow_counts import FlowCount
from controller.store import Store
from topology.paths import Question


class NoSwitch:
    """Nothing to ask."""

    def connections(self, chassis: str, zone: int | None, take: Callable[[bytes], None]) -> None:
        """No host has joined."""
        del zone, take
        raise DatabaseError(f"no netloom agent of {chassis} is connected")


class Silent:
    """No switch to count anything."""

    def ask(self, chassis: str, table: int, match: bytes = b"", *, seconds: float = 0.0) -> tuple[FlowCount, ...]:
        """Nothing."""
        del table, match, seconds
        raise SwitchError(f"{chassis} is not connected")


def nobody() -> Live:
    """Nothing lives: no switch, no port, nobody to tell."""
    hands = Hands(
        emit=lambda *_: False,
        publish=lambda *_: None,
        late=lambda chassis, _: chassis,
        present=lambda _: False,
        after=lambda _: None,
        moved=lambda: None,
        sleep=lambda _: None,
    )
    return Live(Store({}), NoSwitch(), Silent(), Tables(1, 2, RULE), hands, SimpleQueue())


@dataclass(slots=True)
class FakeFabric:
    """Two bridges with a link between them, and whatever else a test says; every path is the one hop."""

    known: dict[str, set[str]] = field(default_factory=lambda: {"Link": {"s1-s2"}, "Bridge": {"s1", "s2"}})
    ports: dict[str, str] = field(default_factory=dict)
    asked: list[Question] = field(default_factory=list)

    def row(self, kind: Said, name: str) -> dict[str, object] | None:
        """Its name; of a link that of its other order."""
        turned = "-".join(reversed(name.split("-")))
        return next(({"name": each} for each in (name, turned) if each in self.known[kind]), None)

    def bridge_of(self, end: str) -> str | None:
        """As the test says."""
        return self.ports.get(end) or (end if end in self.known["Bridge"] else None)

    def compute(self, question: Question) -> dict[str, Any]:
        """Straight there."""
        self.asked.append(question)
        return {"path": [question.source, question.target], "hops": 1}

    def topology(self, form: TopologyForm) -> dict[str, Any] | str:
        """Nothing in it."""
        return {"nodes": [], "links": []} if form == "json" else f"{form} of nothing"


@dataclass(slots=True)
class FakeWorld:
    """Answers what it was told to answer, and remembers what it was asked."""

    unconfirmed: dict[str, str] = field(default_factory=dict)
    unready: str = ""
    broken: bool = False
    drained: bool = False
    why: tuple[str, str] = ("OnlyWay", "nothing else leads to s2")
    rows: list[dict[str, object]] | None = None
    waited: list[tuple[int, tuple[tuple[str, str], ...], float]] = field(default_factory=list)
    planned: list[tuple[tuple[Entity, ...], tuple[tuple[type, str], ...]]] = field(default_factory=list)
    nat: NatTable = field(default_factory=lambda: NatTable(Store({}), Answers(NoSwitch())))
    survey: Survey = field(default_factory=lambda: Survey(Store({}), lambda: None))
    live: Live = field(default_factory=nobody)
    fabric: FakeFabric = field(default_factory=FakeFabric)

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
        drained = {**ready, "type": "Drained", "status": self.drained, "message": self.why[1], "reason": self.why[0]}
        return {**more, "conditions": [ready, drained] if kind in ("Link", "Bridge") else [ready]}

    def plan(
        self, puts: tuple[Entity, ...], deletes: tuple[tuple[type, str], ...], reads: Callable[[str], bool]
    ) -> dict[str, object]:
        """Three flows for each entity on one chassis, and nobody who could talk to others."""
        self.planned.append((puts, deletes))
        flows = {"added": {"hv1": 3 * len(puts)}, "removed": {"hv1": 3 * len(deletes)}}
        return {"flows": flows, "reachability": Changes((), ()).told(reads)}

    def tried(
        self, puts: tuple[Entity, ...], deletes: tuple[tuple[type, str], ...], look: Callable[[Glimpse], Proof]
    ) -> Proof:
        """All goes on."""
        del puts, deletes, look
        return Proof(0, (), 0, exact=True)

    def wait(self, revision: int, keys: Sequence[tuple[str, str]], timeout: float) -> dict[str, str]:
        """What the test says."""
        self.waited.append((revision, tuple(keys), timeout))
        return self.unconfirmed

    def table(self, what: Table) -> list[dict[str, object]]:
        """What the test says, else one row; or a bug."""
        if self.broken:
            raise ZeroDivisionError
        return self.rows if self.rows is not None else [{"name": f"{what}-1", "labels": {}}]

    def flows(self, chassis: str | None, owner: str | None) -> Iterator[dict[str, object]]:
        """One flow that repeats the question."""
        yield {"chassis": chassis, "owner": owner}

    def ready(self) -> tuple[bool, str]:
        """As the test says."""
        return (not self.unready, self.unready)
