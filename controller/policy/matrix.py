"""The matrix: every pair of sorts of ports, and of ports with who is outside, with what they may begin."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from controller.policy.changes import by_family
from controller.policy.differences import Ours, Strangers
from controller.policy.reach import by_both, strangers
from controller.policy.telling import end, row_told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from controller.policy.changes import Said
    from controller.policy.gates import Span
    from controller.policy.reach import Reach
    from controller.policy.services import Services
    from controller.policy.values import Direction


class Cell(NamedTuple):
    """A place in the matrix: the numbers of two identities, 0 for who is outside."""

    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cell after which the next page begins; None on the last."""

    rows: list[dict[str, Any]]
    following: Cell | None


class Matrix:
    """The matrix of a store, as far as rows are about certain projects; None: about all."""

    def __init__(self, reach: Reach, projects: frozenset[str] | None, breathe: Callable[[], None]) -> None:
        self._reach, self._projects, self._breathe = reach, projects, breathe

    def page(self, limit: int, after: Cell, reads: Callable[[str], bool]) -> Page:
        """At least ``limit`` rows after a cell, as far as there are; no cell's rows are parted."""
        rows: list[dict[str, Any]] = []
        for cell in self._cells(after):
            self._breathe()
            rows += [self._row(said, reads) for said in self._found(cell)]
            if len(rows) >= limit:
                return Page(rows, cell)
        return Page(rows, None)

    def _cells(self, after: Cell) -> Iterator[Cell]:
        population = self._reach.population()
        concerned = {
            realm: sorted(self._number(key) for key in keys)
            for realm, keys in population.realms.items()
            if any(self._about(key) for key in keys)
        }
        sources = sorted({0, *(number for numbers in concerned.values() for number in numbers)})
        for source in sources:
            if source < after.source:
                continue
            one = self._reach.identity(population.numbers[source]) if source else None
            targets = [0, *concerned.get(self._reach.realm(one), ())] if one is not None else sources[1:]
            yield from (Cell(source, target) for target in targets if Cell(source, target) > after)

    def _found(self, cell: Cell) -> Iterator[Said]:
        numbers = self._reach.population().numbers
        source, target = (self._reach.identity(numbers[number]) if number else None for number in cell)
        if not any(one is not None and self._about(one.key) for one in (source, target)):
            return
        if source is not None and target is not None:
            both = by_both(self._reach.reading, source, target)
            for pairing in self._reach.between(source, target):
                for services, family in by_family(pairing.passage, both=both):
                    yield Ours(source.key, pairing.sources), Ours(target.key, pairing.targets), services, family
        elif source is not None:
            for spans, services in self._outside(source.key, "egress"):
                yield Ours(source.key, self._reach.members(source)), Strangers(spans), services, 0
        elif target is not None:
            for spans, services in self._outside(target.key, "ingress"):
                yield Strangers(spans), Ours(target.key, self._reach.members(target)), services, 0

    def _outside(self, key: str, direction: Direction) -> Iterator[tuple[tuple[Span, ...], Services]]:
        by_services: dict[Services, list[Span]] = defaultdict(list)
        for span, services in strangers(self._reach, key, direction):
            if services:
                by_services[services].append(span)
        yield from ((tuple(spans), services) for services, spans in by_services.items())

    def _row(self, said: Said, reads: Callable[[str], bool]) -> dict[str, Any]:
        source, target, services, family = said
        one, other = (end((crowd,), self._reach, self._reach).told(reads) for crowd in (source, target))
        return row_told(one, other, services, family)

    def _number(self, key: str) -> int:
        identity = self._reach.identity(key)
        return identity.number if identity is not None else 0

    def _about(self, key: str) -> bool:
        identity = self._reach.identity(key)
        return identity is not None and (self._projects is None or identity.project in self._projects)
