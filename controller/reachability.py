"""Reachability: who could talk to whom, as plans tell it, and what must stay true of it when intent changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.compiler.journal import TooMuch
from controller.errors import FieldError, InvariantBroken, Unavailable
from controller.intent.effects import effects
from controller.intent.proposal import Put
from controller.policy.changes import changes
from controller.policy.differences import Difference, Differences
from controller.policy.gates import Gates
from controller.policy.invariants import Invariants
from controller.policy.reach import Reach
from controller.policy.telling import packet_told, sentence
from controller.preview import Change

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.compiler.past import Glimpse
    from controller.intent.proposal import Outcome, Request
    from controller.intent.state import Intent
    from controller.plans import Plans
    from controller.policy.changes import Changes
    from controller.policy.invariants import Broken

HURRIED, PATIENT = 2_000, 300_000
"""How many sorts of ports may be compared with how many others while nobody else runs, and while others do."""
INVARIANTS = frozenset(("Invariant", "ClusterInvariant"))


@dataclass(slots=True)
class _Purse:
    """Comparisons that may be made. Where others wait, a change that takes many is looked at aside."""

    glimpse: Glimpse
    spent: int = 0

    def spend(self) -> None:
        """One more."""
        self.spent += 1
        if self.glimpse.breathe is not None:
            self.glimpse.breathe()
        elif self.spent > HURRIED:
            raise TooMuch
        if self.spent > PATIENT:
            raise Unavailable("too many are concerned to tell whom; make the change in smaller parts")


class Reachability:
    """Looks at changes for what they make of who reaches whom."""

    def __init__(self, plans: Plans) -> None:
        self.gates = Gates()
        self._plans = plans

    def look(self, _change: Change) -> Callable[[Glimpse], Changes]:
        """How to see who could newly talk to whom, and who no longer."""
        return self._changes

    def keep(self, intent: Intent, request: Request, outcome: Outcome) -> None:
        """Raise InvariantBroken for a change after which an invariant would not hold."""
        standing = (kind for kind, count in intent.names.totals().items() if count)
        if INVARIANTS.isdisjoint((*standing, *(result.key[0] for result in outcome.results))):
            return
        broken = self._plans.tried(Change(*effects(outcome.results)), self._broken)
        if broken:
            raise _refusal(broken, request)

    def _changes(self, glimpse: Glimpse) -> Changes:
        before, after = self._sides(glimpse)
        differences = Differences(before, after, glimpse.changed, _Purse(glimpse).spend)
        found, complete = list[Difference](), True
        try:
            found.extend(differences.found())
        except Unavailable:
            complete = False
        return changes(found, before, after, complete=complete)

    def _broken(self, glimpse: Glimpse) -> tuple[Broken, ...]:
        before, after = self._sides(glimpse)
        spend = _Purse(glimpse).spend
        differences = Differences(before, after, glimpse.changed, spend)
        return tuple(Invariants(after, spend).broken(glimpse.changed, differences.found()))

    def _sides(self, glimpse: Glimpse) -> tuple[Reach, Reach]:
        """Of the live store what was worked out is kept for the next look; of what is only tried it is not."""
        gates = self.gates if glimpse.breathe is None else Gates()
        return Reach(glimpse.before, gates), Reach(glimpse.after, Gates(gates))


def _refusal(broken: tuple[Broken, ...], request: Request) -> InvariantBroken:
    """What must stay true and would not, with a packet that shows it, as far as the caller may know."""
    pointers = {wanted.asked.key: wanted.asked.pointer for wanted in request.wanted if isinstance(wanted, Put)}
    errors: list[FieldError] = []
    packets: list[dict[str, object]] = []
    for one in broken:
        name = one.invariant.key
        project, _, short = name.rpartition("/")
        pointer = pointers.get(("Invariant" if project else "ClusterInvariant", project, short))
        known = _knows(request, project)
        told = packet_told(one.packet, lambda of: _knows(request, of))
        whose = f"invariant {name}" if known else "an invariant of others"
        verb = "would not pass" if one.invariant.reachable else "would pass"
        message = f"{whose} would not hold: {sentence(told)} {verb}"
        errors.append(FieldError(f"{pointer}/spec" if pointer is not None else "", message))
        packets.append({"invariant": name if known else None, "packet": told, "passes": not one.invariant.reachable})
    return InvariantBroken(errors[0].message, tuple(errors), tuple(packets))


def _knows(request: Request, project: str) -> bool:
    return request.projects is None or project in request.projects
