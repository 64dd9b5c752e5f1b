"""Counters of rules, as switches keep them in their flows: read when somebody asks, on all chassis at the same time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from controller.errors import SwitchError
from controller.flow.codec import Term, match_terms
from controller.flow.fields import Masked
from controller.flow.flow import encoded_match
from controller.live.answers import side_by_side
from controller.live.rules import defaults, numbered
from controller.policy.derived import Guard, PolicySet, Post, Ruling
from controller.policy.numbers import ACTION_BITS, CARRIED_ON
from controller.policy.values import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.flow.fields import Field
    from controller.live.answers import Row
    from controller.live.rules import Known
    from controller.southbound.flow_counts import FlowCount
    from controller.store import Store

SECONDS = 5.0
"""How long a chassis may take to answer."""
_FEW = 16
"""Rules that are asked for one by one; of more the whole table is read."""
_ACTION = (1 << ACTION_BITS) - 1
_WHOLE = 0xFFFFFFFF


class Counts(Protocol):
    """Who can ask a switch what its flows have counted (``controller.southbound.flow_counts.FlowCounts``)."""

    def ask(self, chassis: str, table: int, match: bytes = b"", *, seconds: float = SECONDS) -> tuple[FlowCount, ...]:
        """Every flow of a table that matches at least ``match``. Raises SwitchError."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Where rules are counted: what was decided, what audited rules would have decided, and by which register."""

    tally: int
    rehearsed: int
    rule: Field


@dataclass(slots=True)
class _Sum:
    """``began`` counts packets that began something, ``went_on`` those of what was let begin; ``idle`` is seconds."""

    began: int = 0
    went_on: int = 0
    octets: int = 0
    idle: float | None = None

    def add(self, count: FlowCount, *, began: bool) -> None:
        self.began += count.packets if began else 0
        self.went_on += 0 if began else count.packets
        self.octets += count.octets
        if count.packets:
            self.idle = count.idle if self.idle is None else min(self.idle, count.idle)


@dataclass(slots=True)
class _Told:
    """What switches said: counts of every rule's number, the age of the youngest flow, and who did not answer."""

    sums: dict[int, _Sum] = field(default_factory=lambda: defaultdict(_Sum))
    youngest: float | None = None
    unavailable: dict[str, str] = field(default_factory=dict)


class Statistics:
    """Adds up what the switches of a policy's ports have counted. ``clock`` gives seconds since 1970."""

    def __init__(self, store: Store, counts: Counts, tables: Tables, clock: Callable[[], float]) -> None:
        self._store = store
        self._counts = counts
        self._tables = tables
        self._clock = clock

    def of(self, policy: str) -> Row:
        """The counters of a policy's rules, and of what its tier keeps out, by the policy's key."""
        guards = sorted(self._store.where(PolicySet, "policy", policy))
        chassis = sorted({post for guard in guards for post in self._chassis(guard)})
        rules = dict(self._rules(policy, guards))
        standing: Policy | None = self._store.get(Policy, policy)
        audit = standing is not None and standing.audit
        told = self._ask(chassis, rules, self._tables.rehearsed if audit else self._tables.tally)
        now = self._clock()
        return {
            "audit": audit,
            "since": None if told.youngest is None else _time(now - told.youngest),
            "rules": [_row(rule, sums, now) for rule, sums in _together(rules, told.sums)],
            "chassis": [one for one in chassis if one not in told.unavailable],
            "unavailable": told.unavailable,
        }

    def _chassis(self, guard: str) -> Iterator[str]:
        for key in self._store.where(Post, "guard", guard):
            post: Post | None = self._store.get(Post, key)
            if post is not None:
                yield post.chassis

    def _rules(self, policy: str, guards: Iterable[str]) -> Iterator[tuple[int, Known]]:
        """What is counted, by number: the policy's rules, and the end of its tier for each guard."""
        ruling: Ruling | None = self._store.get(Ruling, policy)
        if ruling is not None:
            yield from numbered(ruling)
        for key in guards:
            guard: Guard | None = self._store.get(Guard, key)
            if guard is not None:
                yield from defaults(guard, policy)

    def _ask(self, chassis: Iterable[str], rules: Iterable[int], table: int) -> _Told:
        told, numbers = _Told(), {number & ~_ACTION for number in rules}
        side_by_side(partial(self._one, one, table, numbers, told) for one in chassis)
        return told

    def _one(self, chassis: str, table: int, numbers: set[int], told: _Told) -> None:
        """Take in one chassis' counts, or why there are none."""
        matches = [encoded_match({self._tables.rule: Masked(one, _WHOLE ^ _ACTION)}) for one in sorted(numbers)]
        try:
            found = [
                count
                for match in (matches if len(matches) <= _FEW else [b""])
                for count in self._counts.ask(chassis, table, match, seconds=SECONDS)
            ]
        except SwitchError as error:
            told.unavailable[chassis] = str(error)
            return
        for count in found:
            number = self._number(count)
            if number & ~_ACTION in numbers:
                told.sums[number & ~_ACTION].add(count, began=number & _ACTION != CARRIED_ON)
                told.youngest = count.age if told.youngest is None else min(told.youngest, count.age)

    def _number(self, count: FlowCount) -> int:
        """The rule that a flow is for."""
        terms = (term for term in match_terms(count.match) if isinstance(term, Term))
        return next((term.value for term in terms if term.field is self._tables.rule), 0)


def _together(rules: dict[int, Known], sums: dict[int, _Sum]) -> Iterator[tuple[Known, _Sum]]:
    """Each rule once, its ends of tiers added up."""
    found: dict[Known, _Sum] = {}
    for number, rule in rules.items():
        one, total = sums.get(number & ~_ACTION, _Sum()), found.setdefault(rule, _Sum())
        total.began += one.began
        total.went_on += one.went_on
        total.octets += one.octets
        idles = [idle for idle in (one.idle, total.idle) if idle is not None]
        total.idle = min(idles, default=None)
    yield from found.items()


def _row(rule: Known, counted: _Sum, now: float) -> Row:
    """A rule as it is told."""
    allows = rule.action == "allow"
    return {
        "direction": rule.direction,
        "rule": rule.name,
        "action": rule.action,
        "packets": counted.began + counted.went_on,
        "bytes": counted.octets,
        "sessions": counted.began if allows else 0,
        "denied": 0 if allows else counted.began,
        "last_hit": None if counted.idle is None else _time(now - counted.idle),
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
