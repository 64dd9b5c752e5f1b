"""Preview: what a change would do to each chassis, tried between two changes and undone before anybody sees it."""

from __future__ import annotations

import queue
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controller.compiler.catalogue import Delta
    from controller.core import Core, Reporter
    from controller.entities import Entity

STEPS = 2_000
"""Fragments that a preview may bring up to date: some 50 ms, in which nobody else runs."""

Deltas = dict[str, "Delta"]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What the core's greenlet does when it is its turn."""

    core: Core
    reporter: Reporter
    puts: tuple[Entity, ...]
    deletes: tuple[tuple[type, str], ...]
    answer: queue.Queue[Deltas | None]

    def __call__(self) -> None:
        """Try, and answer whoever waits in any case."""
        found: Deltas | None = None
        try:
            found = self.core.compiler.preview(self.puts, self.deletes, STEPS)
        except Exception as error:  # noqa: BLE001 - whoever waits must be answered, and the core must go on
            self.reporter.bug("preview", "", error)
        self.answer.put(found)


def preview(
    core: Core, reporter: Reporter, puts: tuple[Entity, ...], deletes: tuple[tuple[type, str], ...]
) -> Deltas | None:
    """The flows that a change would add, replace and remove, by chassis; None where it is too much to be tried."""
    answer: queue.Queue[Deltas | None] = queue.Queue(1)
    core.ask(_Attempt(core, reporter, puts, deletes, answer))
    return answer.get()
