"""A bridge's agenda: changes that are lined up, steps of turns yet to do, and those the switch has yet to confirm."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from controller.southbound.conntrack import Connections
from controller.southbound.difference import emptied
from controller.southbound.session import Change
from controller.sync import REPLACING, REST, Flows, Step, Turn, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from controller.flow.flow import Slot

T = TypeVar("T", Step, Change)
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

        What is urgent waits for nothing that is lined up. A step of several bundles is confirmed with its last.
        """
        if steps and (not self._changes or any(map(_urgent, self._waiting))) and (step := self._begin()):
            bundles, lined_up = in_order(step.puts, step.deletes, BUNDLE_SIZE), self._changes
            self._changes = deque()
            self.line_up([*[None] * (len(bundles) - 1), step], bundles)
            self._changes += lined_up
        return self._changes.popleft() if self._changes else None

    def next_flush(self) -> Flush | None:
        """What the switch has to forget now, since everything that was added before has been taken up."""
        flush = self._waiting[0] if self._waiting else None
        if self._changes or not isinstance(flush, Flush):
            return None
        self._waiting.popleft()
        return flush

    def add(self, step: Step | Flush) -> None:
        """One more to do. What is urgent goes ahead of all else, and what was to become of its flows does not any more.

        Where one of them was to be put, and is to go now, another may stand.
        """
        if not isinstance(step, Step) or not step.turn.urgent:
            self._waiting.append(step)
            return
        slots = {flow.slot for flow in (*step.puts, *step.deletes)}
        urgent = [item for item in self._waiting if _urgent(item)]
        others = [item for item in self._waiting if not _urgent(item)]
        unsure = {flow.slot for item in (*others, *self._changes) if not isinstance(item, Flush) for flow in item.puts}
        deletes = tuple(emptied(flow) if flow.slot in unsure else flow for flow in step.deletes)
        left = [item if isinstance(item, Flush) else _without(item, slots) for item in others]
        self._waiting = deque([*urgent, replace(step, deletes=deletes), *left])
        self._changes = deque(_without(change, slots) for change in self._changes)

    def _begin(self) -> Step | None:
        step = self._waiting[0] if self._waiting else None
        if not isinstance(step, Step) or not step.turn.may_begin(step.phase, hurried=len(self._waiting) > BUSY):
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


def _urgent(item: Step | Flush) -> bool:
    return isinstance(item, Step) and item.turn.urgent


def _without(item: T, slots: Collection[Slot]) -> T:
    """The same, but for what it would do in these slots."""
    puts = tuple(flow for flow in item.puts if flow.slot not in slots)
    return replace(item, puts=puts, deletes=tuple(flow for flow in item.deletes if flow.slot not in slots))


def _whole_zone(flush: Flush) -> Flush:
    return Flush(Connections(flush.connections.zone), flush.again)


def _rested(turn: Turn, go_on: Callable[[str], None]) -> None:
    for chassis in turn.rested():
        go_on(chassis)
