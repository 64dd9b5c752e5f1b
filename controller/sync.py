"""Turns: one change of the world, carried out on all bridges it touches in three phases, make before break.

First what fills free places, then what replaces, or leads packets another way, then what goes; a phase begins on a
bridge when the one before has ended on all of them. A bridge that is away is not waited for: it gets everything when it
comes back.

Open vSwitch forwards for a while by what it derived from its flows before, and a packet that passed connection tracking
comes back with registers that were set then. Where what is replaced led to what goes, that waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from controller.flow.flow import Here

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from controller.compiler.catalogue import Delta
    from controller.flow.flow import Flow

Flows = tuple["Flow", ...]
REPLACING, GOING = 1, 2
"""The second and the third phase."""
REST = 0.3
"""Seconds between them where what is replaced led to what goes (measured: 0.17 on a busy machine)."""
SILENCE = 0.5
"""Seconds after which what fails waits no more for bridges that do not answer, though they seem to be there."""
SOME_TURNS = 64
"""So many turns are kept without a look at which of them have ended."""
_NEXT_BRIDGE = 1 << 8


@dataclass(slots=True)
class Turn:
    """One change on its way; ``number`` counts up. ``waiting`` holds the chassis that have yet to end each phase.

    ``resting``: what goes has to wait although what replaces has ended. ``urgent``: it goes ahead of all that bridges
    have yet to be told.
    """

    number: int
    resting: bool = False
    urgent: bool = False
    waiting: tuple[set[str], set[str], set[str]] = field(default_factory=lambda: (set(), set(), set()))

    def may_begin(self, phase: int, *, hurried: bool = False) -> bool:
        """Whether every earlier phase has ended everywhere; ``hurried`` is who does not wait for a rest."""
        if phase == GOING and self.resting and not hurried:
            return False
        return not any(self.waiting[earlier] for earlier in range(phase))

    def rested(self) -> set[str]:
        """What was replaced is in use everywhere; who may go on because of that."""
        self.resting = False
        return set(self.waiting[GOING])

    def overdue(self) -> set[str]:
        """Nobody is waited for any longer; who may go on because of that."""
        found = set().union(*self.waiting)
        for phase in self.waiting:
            phase.clear()
        return found

    def end(self, chassis: str, phase: int) -> set[str]:
        """The chassis has done this phase, or is away; who may go on because of that."""
        self.waiting[phase].discard(chassis)
        if self.waiting[phase]:
            return set()
        return set().union(*self.waiting[phase + 1 :])


class Outstanding:
    """Turns on their way, which are not to take long where something fails. ``go_on`` hears who may go on."""

    def __init__(self, go_on: Callable[[str], None]) -> None:
        self._go_on = go_on
        self._turns: list[Turn] = []
        self._room = SOME_TURNS

    def add(self, plan: Mapping[str, list[Step]]) -> None:
        """The steps of one more turn were handed out.

        Which have ended is looked at again once there are twice as many turns as were on their way the last time.
        """
        if len(self._turns) >= self._room:
            self._turns = [turn for turn in self._turns if any(turn.waiting)]
            self._room = max(SOME_TURNS, 2 * len(self._turns))
        self._turns += [found[0].turn for found in list(plan.values())[:1]]

    def hurry(self) -> None:
        """None rests any more."""
        for chassis in set().union(*(turn.rested() for turn in self._turns if turn.resting)):
            self._go_on(chassis)

    def give_up(self, number: int) -> None:
        """Up to this turn, nobody waits for a bridge that does not answer."""
        for chassis in set().union(*(turn.overdue() for turn in self._turns if turn.number <= number)):
            self._go_on(chassis)


@dataclass(frozen=True, slots=True)
class Step:
    """One phase of a turn on one chassis."""

    turn: Turn
    phase: int
    puts: Flows
    deletes: Flows


def steps(number: int, deltas: Mapping[str, Delta], *, urgent: bool = False) -> dict[str, list[Step]]:
    """The steps of a turn by chassis. One bundle does it where no other chassis has to wait for this one."""
    turn = Turn(number, not urgent and _leads_to_what_goes(deltas.values()), urgent)
    together = not turn.resting and (len(deltas) == 1 or _only_adds(deltas.values()))
    plan: dict[str, list[Step]] = {}
    for chassis, delta in deltas.items():
        if together:
            plan[chassis] = [Step(turn, 0, (*delta.new, *delta.changed), tuple(delta.gone))]
            turn.waiting[0].add(chassis)
            continue
        (free, begun), (gone, ended) = _parted(delta.new), _parted(delta.gone)
        parts: tuple[tuple[Flows, Flows], ...] = ((free, ()), ((*delta.changed, *begun), ended), ((), gone))
        for phase, (puts, deletes) in enumerate(parts):
            if puts or deletes:
                plan.setdefault(chassis, []).append(Step(turn, phase, puts, deletes))
                turn.waiting[phase].add(chassis)
    return plan


def _parted(flows: Iterable[Flow]) -> tuple[Flows, Flows]:
    """Those by which no other way begins, and those by which one does."""
    found = tuple(flows)
    return tuple(flow for flow in found if not flow.begins), tuple(flow for flow in found if flow.begins)


def _only_adds(deltas: Collection[Delta]) -> bool:
    """Whether nothing goes, and what is replaced is one chassis' own, like its list of ports to flood to.

    The way to another chassis is a flow that several share, or leads to flows that packets meet late: only what
    replaces such a flow, or begins such a way, can run ahead of that other chassis. A switch with thousands of ports is
    busy for milliseconds after each bundle, so that a second one counts.
    """
    if any(delta.gone or any(not isinstance(flow.scope, Here) for flow in delta.changed) for delta in deltas):
        return False
    ahead = any(delta.changed or any(flow.begins for flow in delta.new) for delta in deltas)
    return not ahead or not any(flow.late for each in deltas for flow in each.new)


def _leads_to_what_goes(deltas: Collection[Delta]) -> bool:
    """Whether something is replaced, and all that goes, or something late, stands behind it: packets are under way.

    What goes with an interface stands in front of everything.
    """
    changed = [_met(flow) for delta in deltas for flow in (*delta.changed, *_parted(delta.gone)[1])]
    gone = [_met(flow) for delta in deltas for flow in _parted(delta.gone)[0]]
    if not changed or not gone:
        return False
    return min(changed) < min(gone) or any(_NEXT_BRIDGE <= met > min(changed) for met in gone)


def _met(flow: Flow) -> int:
    """When a packet meets a flow: one that is late after all tables of the bridge where the packet began."""
    return flow.table + (_NEXT_BRIDGE if flow.late else 0)


def in_order(puts: Flows, deletes: Flows, size: int) -> list[tuple[Flows, Flows]]:
    """Bundles of at most ``size`` flows: additions from the pipeline's end to its start, deletions the other way.

    A large change goes in several, since a switch forwards nothing while it takes in one (0.3 s for 100,000 flows). In
    a table what takes precedence comes first and goes last: what stands between is the new order above the whole old
    one, or the top of the old one above the new, and never a rule without its exception.
    """
    if len(puts) + len(deletes) <= size:
        return [(puts, deletes)]
    last_first = sorted(puts, key=_place, reverse=True)
    first_first = sorted(deletes, key=_place)
    bundles: list[tuple[Flows, Flows]] = [(tuple(last_first[at : at + size]), ()) for at in range(0, len(puts), size)]
    return [*bundles, *(((), tuple(first_first[at : at + size])) for at in range(0, len(deletes), size))]


def _place(flow: Flow) -> tuple[int, int]:
    return flow.table, flow.priority
