"""Rules by number, as registers, marks and counters name them: what a switch says of a packet becomes a rule's name."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from controller.policy.derived import Guard, Ruling
from controller.policy.numbers import ACTION_BITS, default_name, default_number
from controller.policy.values import DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.policy.values import Action, Direction
    from controller.services.outcome import Facts

RETIRED = 10_000
"""Rules that are gone and remembered: connections that they let begin may live on."""


@dataclass(frozen=True, slots=True)
class Known:
    """A rule: its policy's key, and its name there.

    Of what a tier keeps out because nothing in it speaks of it, ``tier`` is the tier's name and ``policy`` the first of
    those that apply there.
    """

    policy: str
    direction: Direction
    name: str
    action: Action
    tier: str = ""

    @property
    def words(self) -> str:
        """As people read it: ``Policy:acme/db#pg``, or ``default of application``."""
        return default_name(self.tier) if self.tier else f"{self.policy}#{self.name}"


class RuleNames:
    """Follows what the compiler derives; whose number nobody knows has no name."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: dict[int, Known] = {}
        self._numbers: dict[tuple[type, str], frozenset[int]] = {}
        self._retired: OrderedDict[int, Known] = OrderedDict()

    def of(self, number: int) -> Known | None:
        """The rule of a number, whose low bits may say anything."""
        key = number >> ACTION_BITS
        return self._known.get(key) or self._retired.get(key)

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """Some rules changed."""
        for read in changed:
            if read[0] == "get" and read[1] in {Ruling, Guard}:
                self._follow(read[1], read[2])

    def _follow(self, kind: type, key: str) -> None:
        entity = self._facts.get(kind, key)
        found = numbered(entity) if isinstance(entity, Ruling) else defaults(entity) if entity else ()
        new = {number >> ACTION_BITS: known for number, known in found}
        place = kind, key
        for number in self._numbers.pop(place, frozenset()) - new.keys():
            self._retire(number)
        if new:
            self._known |= new
            self._numbers[place] = frozenset(new)

    def _retire(self, number: int) -> None:
        """Two rules may have had one number: the first to go takes the name along."""
        gone = self._known.pop(number, None)
        if gone is not None:
            self._retired[number] = gone
            self._retired.move_to_end(number)
        if len(self._retired) > RETIRED:
            self._retired.popitem(last=False)


def numbered(ruling: Ruling) -> Iterator[tuple[int, Known]]:
    """A policy's rules, each with its number."""
    for direction in DIRECTIONS:
        for founds in ruling.rules(direction):
            for found in founds[:1]:
                yield found.number, Known(ruling.key, direction, found.name, found.action)


def defaults(guard: Guard, policy: str = "") -> Iterator[tuple[int, Known]]:
    """What a guard's tiers, or its tier of a policy, keep out since nothing in them speaks of it, with its number."""
    for stage in (*guard.stages, *guard.rehearsal):
        if not stage.lets_on and (not policy or policy in stage.policies):
            name, first = default_name(stage.tier), policy or next(iter(stage.policies), "")
            number = default_number(guard.key, guard.direction, stage.tier)
            yield number, Known(first, guard.direction, name, "deny", stage.tier)
