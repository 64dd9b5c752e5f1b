"""The compiler as one piece: changes of the world go in, what each chassis' flows have to become comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from controller.compiler import ownership
from controller.compiler.catalogue import Catalogue, Delta
from controller.compiler.engine import Engine, Outcome
from controller.compiler.past import Glimpse
from controller.derived import Audience
from controller.entities import Chassis
from controller.flow.flow import EVERYWHERE, Hosts, Scope
from controller.policy.derived import Post
from controller.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.compiler.engine import Feature, Node, Relation
    from controller.compiler.ownership import Subject
    from controller.entities import Entity
    from controller.store import Index

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the apps bring: indexes, relations and features."""

    indexes: dict[type, tuple[Index, ...]]
    relations: tuple[Relation, ...]
    features: tuple[Feature, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """One change, compiled: deltas by chassis, the resources whose flows it touched or ended, and what reads differ."""

    deltas: dict[str, Delta]
    touched: frozenset[Subject]
    ended: frozenset[Subject]
    changed: set[tuple[Any, ...]]


class Compiler:
    """Store, engine and catalogue. ``report`` hears of bugs, ``breathe`` is called often during long runs."""

    def __init__(
        self, rules: Rules, report: Callable[[str, str, Exception], None], breathe: Callable[[], None]
    ) -> None:
        self.store = Store(rules.indexes)
        self.catalogue = Catalogue(lambda bug: report("catalogue", "", bug))
        self.engine = Engine(self.store, rules.relations, rules.features, report, breathe)

    def run(self, puts: Iterable[Entity], deletes: Iterable[tuple[type, str]]) -> Compiled:
        """Take in a change."""
        outcome = self.engine.run(puts, deletes)
        left, joined = self._memberships(outcome)
        deltas = self.catalogue.turn(outcome.removed, outcome.added, left, joined)
        subjects = {subject for node in outcome.touched for subject in self.subjects(node)}
        subjects.update(ownership.concerned(outcome.changed, self.store))
        standing = frozenset(subject for subject in subjects if ownership.stands(subject, self.store))
        return Compiled(deltas, standing, frozenset(subjects - standing), outcome.changed)

    def preview(
        self,
        puts: Iterable[Entity],
        deletes: Iterable[tuple[type, str]],
        steps: int,
        look: Callable[[Glimpse], T],
    ) -> T | None:
        """What ``look`` makes of a change that is tried and undone; None where ``steps`` fragments are too few."""
        return self.engine.preview(puts, deletes, steps, lambda outcome: look(self._glimpse(outcome)))

    def _glimpse(self, outcome: Outcome) -> Glimpse:
        """Done and undone in the catalogue; who only stays in a scope must not be taken out of it."""
        leaving, joining = self._memberships(outcome)
        left = [membership for membership in leaving if membership in self.catalogue]
        joined = [membership for membership in joining if membership not in self.catalogue]
        deltas = self.catalogue.turn(outcome.removed, outcome.added, left, joined)
        self.catalogue.turn(outcome.added, outcome.removed, joined, left)
        return Glimpse(self.engine.past(), self.store, frozenset(outcome.changed), deltas)

    def _memberships(self, outcome: Outcome) -> tuple[list[tuple[Scope, str]], list[tuple[Scope, str]]]:
        """Chassis that left or joined the scopes that several share."""
        left: list[tuple[Scope, str]] = []
        joined: list[tuple[Scope, str]] = []
        for read in outcome.changed:
            if read[0] != "get" or read[1] not in {Audience, Post, Chassis}:
                continue
            there = self.store.get(read[1], read[2])
            scope: Scope = EVERYWHERE if read[1] is Chassis else Hosts(read[2].rpartition("@")[0])
            (joined if there is not None else left).append((scope, read[2].rpartition("@")[2]))
        return left, joined

    def subjects(self, node: Node) -> tuple[Subject, ...]:
        """The resources that a fragment belongs to."""
        _, kind, key = self.engine.owner(node)
        return ownership.subjects(kind, key, self.store)

    def chassis_of(self, subject: Subject) -> frozenset[str]:
        """The chassis that need a resource's flows."""
        return ownership.chassis_of(subject, self.store)
