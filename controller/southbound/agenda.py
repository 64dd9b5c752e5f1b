"""A bridge's agenda: changes that are lined up, steps of turns yet to do, and those the switch has yet to confirm."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from controller.southbound.session import Change
from controller.sync import Flows, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from controller.sync import Step

BUNDLE_SIZE = 1500


class Agenda:
    """Steps in their order. ``go_on`` is told of chassis whose next phase may begin because of a step's end."""

    def __init__(self, chassis: str, go_on: Callable[[str], None]) -> None:
        self._chassis = chassis
        self._go_on = go_on
        self._waiting: deque[Step] = deque()
        self._begun: deque[Step] = deque()
        self._changes: deque[Change] = deque()

    def line_up(self, tags: Sequence[object], bundles: Sequence[tuple[Flows, Flows]]) -> None:
        """Bundles that go before all steps, each under its tag."""
        self._changes.extend(Change(tag, *bundle) for tag, bundle in zip(tags, bundles, strict=True))

    def again(self, change: Change) -> None:
        """A change that has to be made once more, before all others."""
        self._changes.appendleft(change)

    def next_change(self, *, steps: bool) -> Change | None:
        """What to send now: what is lined up, else, where ``steps`` are welcome, the next whose phase may begin.

        A step of several bundles is confirmed with its last.
        """
        if steps and not self._changes and (step := self._begin()):
            bundles = in_order(step.puts, step.deletes, BUNDLE_SIZE)
            self.line_up([*[None] * (len(bundles) - 1), step], bundles)
        return self._changes.popleft() if self._changes else None

    def add(self, step: Step) -> None:
        """One more to do."""
        self._waiting.append(step)

    def _begin(self) -> Step | None:
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
        self._changes.clear()
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
