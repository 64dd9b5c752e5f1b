"""Plans: what a change would do, as several see it at once.

It is tried between two other changes and undone, or compiled aside if it is large.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from controller.compiler.compiler import Compiler
from controller.errors import Bug
from controller.preview import preview

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from controller.compiler.compiler import Rules
    from controller.compiler.past import Glimpse
    from controller.core import Core, Reporter
    from controller.entities import Entity
    from controller.preview import Change

T = TypeVar("T")


class Told(Protocol):
    """What was seen of a change."""

    def told(self, reads: Callable[[str], bool]) -> object:
        """The same as JSON values, for who may read some projects."""


@dataclass(frozen=True, slots=True)
class _Flows:
    """How many flows each chassis would get and lose."""

    added: dict[str, int]
    removed: dict[str, int]

    def told(self, reads: Callable[[str], bool]) -> object:
        """Both, to anybody."""
        del reads
        return {"added": self.added, "removed": self.removed}


@dataclass(frozen=True, slots=True)
class _All:
    """Several looks at once, by name."""

    looks: Mapping[str, Callable[[Glimpse], Told]]

    def __call__(self, glimpse: Glimpse) -> dict[str, Told]:
        """What each makes of it."""
        return {name: look(glimpse) for name, look in self.looks.items()}


class Plans:
    """Looks at changes before they are made. ``looks`` make one for each change, by the name that it has in plans."""

    def __init__(self, core: Core, rules: Rules, reports: Reporter) -> None:
        self.looks: dict[str, Callable[[Change], Callable[[Glimpse], Told]]] = {"flows": _looking_at_flows}
        self._core, self._rules, self._reports = core, rules, reports

    def plan(self, change: Change, reads: Callable[[str], bool]) -> dict[str, object]:
        """What a change would do, part by part."""
        found = self.tried(change, _All({name: make(change) for name, make in self.looks.items()}))
        return {name: part.told(reads) for name, part in found.items()}

    def tried(self, change: Change, look: Callable[[Glimpse], T]) -> T:
        """What ``look`` makes of a change. It may raise TooMuch where others wait for it, to be asked again aside."""
        found = preview(self._core, self._reports, change, look)
        return self._aside(change, look) if found is None else found

    def _aside(self, change: Change, look: Callable[[Glimpse], T]) -> T:
        """The same, compiled anew from everything that stands, while others go on."""
        store, breathe = self._core.compiler.store, self._core.breath
        derived = {relation.produces for relation in self._rules.relations}
        told: list[Entity] = [entity for kind in store if kind not in derived for entity in store.all(kind)]
        aside = Compiler(self._rules, _silent, breathe)
        aside.run(told, ())
        seen = partial(_patiently, look, breathe)
        found = aside.preview(change.puts, change.deletes, sys.maxsize, seen)
        if found is None:
            raise Bug("a change that nobody waits for was too much to be looked at")
        return found


def _patiently(look: Callable[[Glimpse], T], breathe: Callable[[], None], glimpse: Glimpse) -> T:
    return look(replace(glimpse, breathe=breathe))


def _looking_at_flows(_change: Change) -> Callable[[Glimpse], Told]:
    return _flows


def _flows(glimpse: Glimpse) -> _Flows:
    deltas = sorted(glimpse.deltas.items())
    added = {chassis: n for chassis, delta in deltas if (n := len(delta.new) + len(delta.changed))}
    removed = {chassis: n for chassis, delta in deltas if (n := len(delta.gone) + len(delta.changed))}
    return _Flows(added, removed)


def _silent(_where: str, _key: str, _error: Exception) -> None:
    """A plan's bugs are told when the change is made."""
