"""A bridge's agenda: the steps of turns that it has yet to do, and those that the switch has yet to confirm."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.sync import Step


class Agenda:
    """Steps in their order. ``go_on`` is told of chassis whose next phase may begin because of a step's end."""

    def __init__(self, chassis: str, go_on: Callable[[str], None]) -> None:
        self._chassis = chassis
        self._go_on = go_on
        self._waiting: deque[Step] = deque()
        self._begun: deque[Step] = deque()

    def add(self, step: Step) -> None:
        """One more to do."""
        self._waiting.append(step)

    def begin(self) -> Step | None:
        """The next step, if its phase may begin."""
        if not self._waiting or not self._waiting[0].turn.may_begin(self._waiting[0].phase):
            return None
        step = self._waiting.popleft()
        self._begun.append(step)
        return step

    def end(self, step: Step) -> None:
        """The switch has confirmed a step."""
        self._begun.remove(step)
        self._told(step)

    def drop(self) -> None:
        """Nobody waits for a bridge that is away; what it missed it gets when it is read again."""
        steps = (*self._begun, *self._waiting)
        self._begun.clear()
        self._waiting.clear()
        for step in steps:
            self._told(step)

    def _told(self, step: Step) -> None:
        for chassis in step.turn.end(self._chassis, step.phase):
            self._go_on(chassis)

    def oldest(self, otherwise: int) -> int:
        """The number of the oldest turn that is not confirmed."""
        return min((step.turn.number for step in (*self._begun, *self._waiting)), default=otherwise)
