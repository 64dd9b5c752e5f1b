"""Changes of reachability, as a dry run tells them: who could newly begin what with whom, and who no longer could.

Rows are as few as can be: sources that gain the same with the same targets stand in one, and then targets.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from controller.policy.differences import Ours
from controller.policy.telling import end, services_told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.policy.differences import Crowd, Difference
    from controller.policy.reach import Reach
    from controller.policy.services import Services
    from controller.policy.telling import End

MOST_ROWS = 100
"""How many rows are told of each list."""

Crowds = tuple["Crowd", ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Each of some could begin with each of others what these services are."""

    source: End
    target: End
    services: Services

    @property
    def pairs(self) -> int:
        """How many pairs of ports it is about; who is outside counts as one."""
        return max(1, len(self.source.ports)) * max(1, len(self.target.ports))


@dataclass(frozen=True, slots=True)
class Changes:
    """Both lists, those rows first that are about most; not ``complete`` where there were too many to compare all."""

    allowed: tuple[Row, ...]
    denied: tuple[Row, ...]
    complete: bool = True

    def told(self, reads: Callable[[str], bool]) -> dict[str, Any]:
        """What who may read some projects only is told."""
        told = {name: _told(rows, reads) for name, rows in (("allowed", self.allowed), ("denied", self.denied))}
        return {**told, "complete": self.complete}


def changes(differences: Iterable[Difference], before: Reach, after: Reach, *, complete: bool = True) -> Changes:
    """What differences come to."""
    gained: list[tuple[Crowd, Crowd, Services]] = []
    lost: list[tuple[Crowd, Crowd, Services]] = []
    for one in differences:
        for found, services in ((gained, one.after - one.before), (lost, one.before - one.after)):
            if services:
                found.append((one.sources, one.targets, services))
    return Changes(_rows(gained, before, after), _rows(lost, before, after), complete)


def _rows(found: Iterable[tuple[Crowd, Crowd, Services]], before: Reach, after: Reach) -> tuple[Row, ...]:
    by_target: dict[tuple[str, Crowd, Services], list[Crowd]] = defaultdict(list)
    for source, target, services in found:
        by_target[_project(source), target, services].append(source)
    by_sources: dict[tuple[str, frozenset[Crowd], Services], list[Crowd]] = defaultdict(list)
    for (_, target, services), sources in by_target.items():
        by_sources[_project(target), frozenset(sources), services].append(target)
    rows = [
        Row(end(sources, before, after), end(targets, before, after), services)
        for (_, sources, services), targets in by_sources.items()
    ]
    return tuple(sorted(rows, key=_order))


def _project(crowd: Crowd) -> str:
    """The project of a crowd's ports; "" of strangers."""
    return crowd.ports[0].partition("/")[0] if isinstance(crowd, Ours) else ""


def _order(row: Row) -> tuple[int, str, str, tuple[str, ...], tuple[str, ...]]:
    return -row.pairs, row.source.project, row.target.project, row.source.ports, row.target.ports


def _told(rows: tuple[Row, ...], reads: Callable[[str], bool]) -> dict[str, Any]:
    seen = [
        row for row in rows if any(project and reads(project) for project in (row.source.project, row.target.project))
    ]
    told = [
        {"from": row.source.told(reads), "to": row.target.told(reads), "services": services_told(row.services)}
        for row in seen[:MOST_ROWS]
    ]
    return {"rows": told, "more": max(0, len(seen) - MOST_ROWS)}
