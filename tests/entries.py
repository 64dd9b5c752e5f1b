"""The flows of one table as a switch looks them up: by priority, and by conjunctions of clauses (ovs-fields(7)).

At one priority a flow that is no clause goes before the clauses. A conjunction that is met picks the first flow that
matches with its number in ``CONJ_ID``, one that is met only in part picks nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from controller.flow import actions as act
from controller.flow import fields as f
from controller.flow.codec import Term, Unknown, flow_actions, match_terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.flow.flow import Flow
    from tests.packets import Packet


@dataclass(frozen=True, slots=True)
class Entry:
    """A flow, decoded."""

    cookie: int
    priority: int
    terms: tuple[Term, ...]
    actions: tuple[act.Action, ...]

    def takes(self, packet: Packet) -> bool:
        """Whether the packet matches."""
        return all(packet.get(term.field, 0) & term.mask == term.value for term in self.terms)

    @property
    def clauses(self) -> tuple[act.Conjunction, ...]:
        """The clauses that it stands for, and then does nothing."""
        return tuple(action for action in self.actions if isinstance(action, act.Conjunction))


def entry(flow: Flow) -> Entry:
    """The flow decoded; what cannot be decoded has no business in a flow of ours."""
    return Entry(flow.cookie, flow.priority, _matches(flow.match), _does(flow.instructions))


@lru_cache(1 << 15)
def _matches(match: bytes) -> tuple[Term, ...]:
    terms = tuple(match_terms(match))
    known = tuple(term for term in terms if isinstance(term, Term))
    assert len(known) == len(terms), match
    return known


@lru_cache(1 << 15)
def _does(instructions: bytes) -> tuple[act.Action, ...]:
    actions = tuple(flow_actions(instructions))
    known = tuple(action for action in actions if not isinstance(action, Unknown))
    assert len(known) == len(actions), instructions
    return known


def by_table(flows: Iterable[Flow]) -> dict[int, list[Entry]]:
    """Each table's flows, the highest priority first."""
    tables: dict[int, list[Entry]] = defaultdict(list)
    for flow in flows:
        tables[flow.table].append(entry(flow))
    for entries in tables.values():
        entries.sort(key=lambda one: -one.priority)
    return tables


def claimed(entries: Iterable[Entry], packet: Packet) -> Entry | None:
    """The flow that takes a packet, of those of one table in the order of their priorities."""
    return next((found for found in _rivals(entries, packet)), None)


def _rivals(entries: Iterable[Entry], packet: Packet) -> Iterator[Entry]:
    taking = [one for one in entries if one.takes(packet)]
    for _, group in groupby(taking, key=lambda one: one.priority):
        equals = list(group)
        plain = [one for one in equals if not one.clauses]
        # Whichever of them the switch takes, it has to do the same.
        assert len({one.actions for one in plain}) <= 1, f"two flows claim one packet at priority {equals[0].priority}"
        yield from plain[:1]
        for number in _met(equals):
            yield from _named(entries, packet | {f.CONJ_ID: number})


def _met(entries: Iterable[Entry]) -> list[int]:
    """The conjunction of which every clause is met; of several the switch would take any."""
    stated = {clause for one in entries for clause in one.clauses}
    counts: dict[tuple[int, int], set[int]] = defaultdict(set)
    for clause in stated:
        counts[clause.number, clause.clauses].add(clause.clause)
    met = [number for (number, clauses), found in counts.items() if len(found) == clauses]
    assert len(met) <= 1, f"conjunctions {met} claim one packet"
    return met


def _named(entries: Iterable[Entry], packet: Packet) -> list[Entry]:
    """What takes a packet with the number of its conjunction, clauses left aside."""
    taking = [one for one in entries if not one.clauses and one.takes(packet)]
    assert [one.priority for one in taking[:2]].count(taking[0].priority if taking else 0) <= 1, "two flows claim one"
    return taking[:1]
