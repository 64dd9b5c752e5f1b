"""Trying: what becomes of each rule of a gate when all sorts of peers come, of which some may not exist yet."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice, product
from typing import TYPE_CHECKING

from controller.policy.gates import ANYWHERE
from controller.policy.services import EVERYTHING, NOTHING
from controller.policy.values import Policy

if TYPE_CHECKING:
    from controller.compiler.past import Reading
    from controller.policy.gates import Gate, Sort, Span, Step
    from controller.policy.values import Action, Direction

_MOST_SORTS = 4_000
_OPPOSITE: dict[Action, frozenset[Action]] = {
    "allow": frozenset(("deny", "reject")),
    "deny": frozenset(("allow",)),
    "reject": frozenset(("allow",)),
    "pass": frozenset(),
}
RuleKey = tuple[str, "Direction", str]
"""A policy's key, a direction and a rule's name."""


@dataclass(slots=True)
class Try:
    """One rule in one gate. ``hidden``: it is never the first that speaks; ``needless``: without it nothing differs.

    ``hiders`` speak before it, ``opposed`` where one of them says the opposite. ``conflicts`` are rules of the same
    priority that say the opposite of some packets, with whether this one wins.
    """

    hidden: bool = True
    needless: bool = True
    opposed: bool = False
    hiders: set[str] = field(default_factory=set)
    conflicts: set[tuple[str, bool]] = field(default_factory=set)


def tries(reading: Reading, gate: Gate, direction: Direction) -> dict[RuleKey, Try]:
    """What becomes of each rule of a gate."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, step in enumerate(gate.steps):
        places[step.name].append(place)
    found = {name: Try() for name in places}
    priorities = {name: _priority(reading, name) for name in places}
    for sort in _sorts(gate):
        _hide(gate, sort, found)
        for name in {gate.steps[place].name for place in sort}:
            without = tuple(place for place in sort if gate.steps[place].name != name)
            found[name].needless &= gate.lets(without) == gate.lets(sort)
    for sort in _certain(gate):
        _oppose(gate, sort, found, priorities)
    return {(name.partition("#")[0], direction, name.partition("#")[2]): one for name, one in found.items()}


def _priority(reading: Reading, name: str) -> int:
    policy = reading.get(Policy, name.partition("#")[0])
    return policy.priority if policy is not None else 0


def _hide(gate: Gate, sort: Sort, found: dict[str, Try]) -> None:
    """Which rules speak first of something, and who speaks before those that do not."""
    left = EVERYTHING
    for number, stage in enumerate(gate.stages):
        passed = NOTHING
        before: list[Step] = []
        for step in (gate.steps[place] for place in sort if gate.steps[place].stage == number):
            said, one = left & step.services, found[step.name]
            one.hidden &= not said
            earlier = [other for other in before if other.services & step.services]
            one.hiders |= {other.name for other in earlier}
            one.opposed |= any(other.action in _OPPOSITE[step.action] for other in earlier)
            left, before = left - said, [*before, step]
            passed |= said if step.action == "pass" else NOTHING
        left = passed | left if stage.lets_on else passed


def _oppose(gate: Gate, sort: Sort, found: dict[str, Try], priorities: dict[str, int]) -> None:
    steps = [gate.steps[place] for place in sort]
    for at, first in enumerate(steps):
        for second in steps[at + 1 :]:
            same = first.stage == second.stage and priorities[first.name] == priorities[second.name]
            if same and second.action in _OPPOSITE[first.action] and first.services & second.services:
                found[first.name].conflicts.add((second.name, True))
                found[second.name].conflicts.add((first.name, False))


def _sorts(gate: Gate) -> set[Sort]:
    """All sorts of peers that there could be; of very many only those that are told by one thing."""
    found = _certain(gate)
    pairs = product((-1, *gate.identities), _parts(gate))
    found.update(gate.sort(number, span) for number, span in islice(pairs, _MOST_SORTS))
    return found


def _certain(gate: Gate) -> set[Sort]:
    """Machines, wherever they are, and strangers."""
    found = {gate.sort(number, None) for number in (-1, *gate.identities)}
    return found | {gate.sort(0, span) for span in _parts(gate)}


def _parts(gate: Gate) -> list[Span]:
    """All addresses, cut where other rules begin to be tried."""
    return [part for whole in ANYWHERE for part in gate.parts(whole)]
