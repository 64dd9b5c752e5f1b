"""Flows read back: what each asks for, where it leads, and which of them some packet would find no choice between."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

from apps.pipeline import TABLE_NAMES
from controller.flow import actions as act
from controller.flow.cloning import Clone
from controller.flow.codec import Term, Unknown, flow_actions, match_terms
from controller.flow.tracking import Ct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.flow.fields import Field
    from controller.flow.flow import Flow

OUTPUT = "output"


def terms(flow: Flow) -> dict[Field, Term]:
    """What a packet has to have to match."""
    return {term.field: term for term in match_terms(flow.match) if isinstance(term, Term)}


def goes(flow: Flow) -> set[str]:
    """The tables a flow hands packets or copies to, itself or by its groups, and ``OUTPUT`` where it sends them out."""
    by_groups = (bucket.actions for group in flow.groups for bucket in group.buckets)
    does = [*flow_actions(flow.instructions), *(action for actions in by_groups for action in actions)]
    return {place for action in does for place in _places(action)}


def _places(action: act.Action | Unknown) -> set[str]:
    match action:
        case act.Goto(table=table) | act.Resubmit(table=table) | Ct(table=int(table)):
            return {TABLE_NAMES[table]}
        case act.Output() | act.OutputField() | act.ToController():
            return {OUTPUT}
        case Clone(actions=inside):
            return {place for one in inside for place in _places(one)}
        case _:
            return set()


def clashes(flows: Iterable[Flow]) -> list[tuple[Flow, Flow]]:
    """Flows of one table and priority that do different things to a packet that matches both."""
    level: dict[tuple[int, int], list[Flow]] = defaultdict(list)
    for flow in flows:
        level[flow.table, flow.priority].append(flow)
    pairs = (pair for alike in level.values() for pair in combinations(alike, 2))
    return [(one, other) for one, other in pairs if one.instructions != other.instructions and _overlap(one, other)]


def _overlap(one: Flow, other: Flow) -> bool:
    """Whether some packet matches both."""
    ours, theirs = terms(one), terms(other)
    shared = ours.keys() & theirs.keys()
    return all((ours[of].value ^ theirs[of].value) & ours[of].mask & theirs[of].mask == 0 for of in shared)
