"""Changes of reachability, as a dry run tells them: who could newly begin what with whom, and who no longer could.

Rows are as few as can be: sources that gain the same with the same targets stand in one, and then targets.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from controller.policy.differences import Ours
from controller.policy.reach import by_both
from controller.policy.telling import end, known, row_told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.policy.differences import Crowd, Difference
    from controller.policy.reach import Passage, Reach
    from controller.policy.services import Services
    from controller.policy.telling import End

MOST_ROWS = 100
"""How many rows are told of each list."""

Said = tuple["Crowd", "Crowd", "Services", int]
"""From whom to whom what, and over which IP; 0 is either."""


@dataclass(frozen=True, slots=True)
class Row:
    """Each of some could begin with each of others what these services are; over either IP, or ``family``."""

    source: End
    target: End
    services: Services
    family: int

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
    gained: list[Said] = []
    lost: list[Said] = []
    for one in differences:
        both = by_both(after.reading, *known((one.sources, one.targets), before, after))
        for found, more, less in ((gained, one.after, one.before), (lost, one.before, one.after)):
            parts = by_family((more[0] - less[0], more[1] - less[1]), both=both)
            found += [(one.sources, one.targets, services, family) for services, family in parts]
    return Changes(_rows(gained, before, after), _rows(lost, before, after), complete)


def by_family(passage: Passage, *, both: bool) -> list[tuple[Services, int]]:
    """What passes, once for either IP where that is the same or where there is but one of them; 4 and 6 else."""
    four, six = passage
    parts = [(four, 4), (six, 6)] if both and four != six else [(four | six, 0)]
    return [part for part in parts if part[0]]


def _rows(found: Iterable[Said], before: Reach, after: Reach) -> tuple[Row, ...]:
    by_target: dict[tuple[str, Crowd, Services, int], list[Crowd]] = defaultdict(list)
    for source, target, services, family in found:
        by_target[_project(source), target, services, family].append(source)
    by_sources: dict[tuple[str, frozenset[Crowd], Services, int], list[Crowd]] = defaultdict(list)
    for (_, target, services, family), sources in by_target.items():
        by_sources[_project(target), frozenset(sources), services, family].append(target)
    rows = [
        Row(end(sources, before, after), end(targets, before, after), services, family)
        for (_, sources, services, family), targets in by_sources.items()
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
        row_told(row.source.told(reads), row.target.told(reads), row.services, row.family) for row in seen[:MOST_ROWS]
    ]
    return {"rows": told, "more": max(0, len(seen) - MOST_ROWS)}
