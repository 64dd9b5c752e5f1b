"""Preview: what a change would do, tried between two changes and undone before anybody sees it.

It is tried on what was submitted before; who only looks at that can wait for it, too.
"""

from __future__ import annotations

import queue
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from controller.errors import Bug

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.compiler.past import Glimpse
    from controller.core import Core, Reporter
    from controller.entities import Entity

STEPS = 2_000
"""Fragments that a preview may bring up to date: some 50 ms, in which nobody else runs."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change:
    """What would be put into the world and taken out of it."""

    puts: tuple[Entity, ...]
    deletes: tuple[tuple[type, str], ...]


@dataclass(frozen=True, slots=True)
class _Attempt(Generic[T]):
    """What the core's greenlet does when it is its turn."""

    core: Core
    change: Change
    look: Callable[[Glimpse], T]
    answer: queue.Queue[T | Exception | None]

    def __call__(self) -> None:
        """Try, and answer whoever waits in any case."""
        found: T | Exception | None = None
        try:
            found = self.core.compiler.preview(self.change.puts, self.change.deletes, STEPS, self.look)
        except Exception as error:  # noqa: BLE001 - whoever waits must be answered, and the core must go on
            found = error
        self.answer.put(found)


def caught_up(core: Core) -> None:
    """Return once everything that was submitted so far has been compiled."""
    done: queue.Queue[None] = queue.Queue(1)
    core.ask(partial(done.put, None))
    done.get()


def preview(core: Core, reporter: Reporter, change: Change, look: Callable[[Glimpse], T]) -> T | None:
    """What ``look`` makes of a change; None where it is too much to be tried. Raises Bug where it cannot be told."""
    answer: queue.Queue[T | Exception | None] = queue.Queue(1)
    core.ask(_Attempt(core, change, look, answer))
    found = answer.get()
    if isinstance(found, Exception):
        reporter.bug("preview", "", found)
        raise Bug(f"what this change would do cannot be told: {found}") from found
    return found
