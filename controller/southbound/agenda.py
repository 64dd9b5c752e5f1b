"""A bridge's agenda: changes that are lined up, steps of turns yet to do, and those the switch has yet to confirm."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.southbound.conntrack import Connections
from controller.southbound.session import Change
from controller.sync import REPLACING, REST, Flows, Step, Turn, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

BUNDLE_SIZE = 1500
MOST_FLUSHES = 1_000
BUSY = 4
"""Steps that wait on a bridge which is not to rest any longer."""


@dataclass(frozen=True, slots=True)
class Flush:
    """Connections to forget, when all steps before are on their way; once more after each of ``again`` seconds.

    A packet that a switch is just dealing with may still go the way of a flow that is gone, and be remembered: for as
    long as the switch has not looked through what it derived from its flows (measured: a third of all times).
    """

    connections: Connections
    again: tuple[float, ...] = ()


class Agenda:
    """Steps in their order. ``go_on`` is told of chassis whose next phase may begin because of a step's end.

    ``later`` calls a function with an argument after some seconds.
    """

    def __init__(self, chassis: str, go_on: Callable[[str], None], later: Callable[..., object]) -> None:
        self._chassis = chassis
        self._go_on = go_on
        self._later = later
        self._waiting: deque[Step | Flush] = deque()
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

    def next_flush(self) -> Flush | None:
        """What the switch has to forget now, since everything that was added before has been taken up."""
        flush = self._waiting[0] if self._waiting else None
        if self._changes or not isinstance(flush, Flush):
            return None
        self._waiting.popleft()
        return flush

    def add(self, step: Step | Flush) -> None:
        """One more to do."""
        self._waiting.append(step)

    def _begin(self) -> Step | None:
        step = self._waiting[0] if self._waiting else None
        if not isinstance(step, Step) or not step.turn.may_begin(step.phase, hurried=_hurried(self._waiting)):
            return None
        self._waiting.popleft()
        self._begun.append(step)
        return step

    def end(self, step: Step) -> None:
        """The switch has confirmed a step."""
        self._begun.remove(step)
        self._told(step)

    def drop(self) -> None:
        """Nobody waits for a bridge that is away; what it missed it gets when it is read again.

        What it is to forget cannot be read: that is kept, or where there is much of it, whole zones of it.
        """
        steps = self._steps()
        flushes = list(dict.fromkeys(item for item in self._waiting if isinstance(item, Flush)))
        if len(flushes) > MOST_FLUSHES:
            flushes = list({flush.connections.zone: _whole_zone(flush) for flush in flushes}.values())
        self._changes.clear()
        self._begun.clear()
        self._waiting = deque(flushes)
        for step in steps:
            self._told(step)

    def _steps(self) -> list[Step]:
        """Begun or waiting."""
        return [*self._begun, *(item for item in self._waiting if isinstance(item, Step))]

    def _told(self, step: Step) -> None:
        following = step.turn.end(self._chassis, step.phase)
        if step.phase == REPLACING and step.turn.resting and following:
            self._later(REST, _rested, step.turn, self._go_on)
        for chassis in following:
            self._go_on(chassis)

    def oldest(self, otherwise: int) -> int:
        """The number of the oldest turn that is not confirmed."""
        return min((step.turn.number for step in self._steps()), default=otherwise)


def _hurried(waiting: Collection[Step | Flush]) -> bool:
    """Whether what waits is to wait for no rest."""
    return len(waiting) > BUSY or any(isinstance(step, Step) and step.turn.urgent for step in waiting)


def _whole_zone(flush: Flush) -> Flush:
    return Flush(Connections(flush.connections.zone), flush.again)


def _rested(turn: Turn, go_on: Callable[[str], None]) -> None:
    for chassis in turn.rested():
        go_on(chassis)
