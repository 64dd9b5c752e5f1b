"""A table of the pipeline as data: the question it answers, what it may match and set, its priorities by name.

Every flow is made by a table, which refuses what its declaration does not allow: a packet's fate cannot be decided
where the pipeline's page does not say it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from controller.errors import Bug
from controller.flow import actions as act
from controller.flow.cloning import Clone
from controller.flow.fields import CT_MARK, ETH_DST, IP_TTL, NSH_SPI, NSH_TTL, VLAN
from controller.flow.flow import Flow, Scope, cookie, encoded_match, layout
from controller.flow.groups import ToGroup
from controller.flow.headers import Decap, DecNshTtl, EncapEthernet, EncapNsh, PopVlan, PushVlan
from controller.flow.tracking import Ct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from controller.flow.actions import Action, Goto, Resubmit
    from controller.flow.fields import Field, Masked, Value
    from controller.flow.groups import Group

_WRITTEN: Mapping[type, Field] = {
    act.DecTtl: IP_TTL,
    PushVlan: VLAN,
    PopVlan: VLAN,
    EncapNsh: NSH_SPI,
    Decap: NSH_SPI,
    EncapEthernet: ETH_DST,
    DecNshTtl: NSH_TTL,
}
"""The field that an action is there for, where it does not say itself which one it writes."""
LONGEST = 65_000
"""Bytes of match and actions that fit a flow-mod inside a bundle."""


class Descending(Mapping[str, int]):
    """Priorities named ``/0``, ``/1`` and so on, each one less than the one before; beside them those of ``named``.

    There may be as many as there are priorities: they are worked out, not kept.
    """

    def __init__(self, highest: int, places: int, named: Mapping[str, int]) -> None:
        self._highest = highest
        self._places = places
        self._named = named

    def __getitem__(self, name: str) -> int:
        if name in self._named:
            return self._named[name]
        place = name.removeprefix("/")
        if place == name or not place.isdecimal() or int(place) >= self._places:
            raise KeyError(name)
        return self._highest - int(place)

    def __iter__(self) -> Iterator[str]:
        yield from self._named
        yield from (f"/{place}" for place in range(self._places))

    def __len__(self) -> int:
        return len(self._named) + self._places


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table. ``leads_to`` names the later tables its flows hand packets to; ``miss`` tells the unclaimed's fate.

    ``returns_to`` are the earlier tables that may act once more on a packet as if it had just come there; ``again``: it
    may ask itself once more, of another stage or when conntrack has answered. ``late`` names the priorities of flows
    that packets meet after they have left the bridge where they began, ``begins`` of those that lead packets there
    which had another way.
    """

    number: int
    name: str
    question: str
    priorities: Mapping[str, int]
    matches: tuple[Field, ...]
    sets: tuple[Field, ...] = ()
    leads_to: tuple[str, ...] = ()
    miss: str = "drop"
    outputs: bool = False
    returns_to: tuple[Table, ...] = ()
    meters: bool = False
    again: bool = False
    late: frozenset[str] = frozenset()
    begins: frozenset[str] = frozenset()

    def flow(
        self, scope: Scope, priority: str, match: Mapping[Field, Value | Masked], actions: Sequence[Action]
    ) -> Flow:
        """The flow of this table with a named priority; ``Bug`` where the declaration does not allow it."""
        level = self.priorities.get(priority)
        if level is None:
            raise Bug(f"table {self.name} has no priority {priority!r}")
        check_match(self, tuple(match))
        oxms, (does, groups) = encoded_match(match), carried_out(self, tuple(actions))
        if len(oxms) + len(does) > LONGEST:
            raise Bug(f"a flow of table {self.name} is longer than an OpenFlow message: {len(actions)} actions")
        name = cookie(self.number, level, oxms, does)
        return Flow(scope, self.number, level, oxms, does, name, groups, priority in self.late, priority in self.begins)

    @property
    def goto(self) -> Goto:
        """Hand the packet on to this table."""
        return act.goto(self.number)

    @property
    def resubmit(self) -> Resubmit:
        """Let this table act on the packet, then come back."""
        return act.resubmit(self.number)

    def __repr__(self) -> str:
        return self.name


@lru_cache(4096)
def check_match(table: Table, fields: tuple[Field, ...]) -> None:
    """That the table may match these fields and what they imply."""
    plan = layout(fields)
    for field in (*fields, *(need for need, _ in plan.implied)):
        if field not in table.matches:
            raise Bug(f"table {table.name} may not match {field}")


@lru_cache(1 << 16)
def carried_out(table: Table, actions: tuple[Action, ...]) -> tuple[bytes, tuple[Group, ...]]:
    """The instructions for these actions, which the table may do, and the groups that they name."""
    check_actions(table, actions)
    return act.instructions(actions), groups_of(actions)


def _ahead(table: Table, action: Action, number: int) -> bool:
    """Whether a packet may go to that table: a later one, or one that may act on it once more."""
    back = {table.number} if table.again and not isinstance(action, act.Goto) else set()
    if isinstance(action, act.Resubmit):
        back |= {one.number for one in table.returns_to}
    return number > table.number or number in back


@lru_cache(1 << 16)
def _fits(table: Table, action: Action, last: bool) -> str | None:  # noqa: FBT001 - a cached predicate's key
    match action:
        case act.Output() | act.OutputField() | act.ToController():
            return None if table.outputs else "may not output"
        case act.Meter():
            return None if table.outputs or table.meters else "may not limit"
        case Clone() | ToGroup():
            return _fits_inside(table, action)
        case act.Goto(table=number) | Ct(table=int(number)) if not last:
            return f"goes to table {number} before it is done"
        case act.Goto(table=number) | act.Resubmit(table=number) | Ct(table=int(number)):
            return _sets(table, action) if _ahead(table, action, number) else f"goes back to table {number}"
    return _sets(table, action)


def _fits_inside(table: Table, action: Clone | ToGroup) -> str | None:
    if isinstance(action, Clone):
        return _fits_copy(table, action.actions)
    if action.group is None:
        return "names a group by its number alone"
    wrong = (_fits_bucket(table, bucket.actions) for bucket in action.group.buckets)
    return next((reason for reason in wrong if reason), None)


def _fits_bucket(table: Table, inside: tuple[Action, ...]) -> str | None:
    """Open vSwitch takes a bucket for a set of actions, of which it carries out one that sends the packet on."""
    for place, action in enumerate(inside, 1):
        kinds = act.SetField if place < len(inside) else act.Output | act.Resubmit
        if not isinstance(action, kinds):
            return f"does {type(action).__name__} in place {place} of a bucket"
        wrong = _fits(table, action, last=True)
        if wrong:
            return wrong
    return None if inside else "has a bucket that does nothing"


def _fits_copy(table: Table, inside: tuple[Action, ...]) -> str | None:
    """A copy of a packet ends here, and is neither limited nor a clause."""
    for action in inside:
        if isinstance(action, act.Goto | act.Meter | act.Conjunction):
            return f"does {type(action).__name__} to a copy"
        wrong = _fits(table, action, last=False)
        if wrong:
            return wrong
    return None


def groups_of(actions: Iterable[Action]) -> tuple[Group, ...]:
    """The groups that these actions name, each once."""
    found: dict[int, Group] = {}
    for action in actions:
        match action:
            case ToGroup(number=number, group=known) if known is not None:
                found[number] = known
            case Clone(actions=inside):
                found |= {one.number: one for one in groups_of(inside)}
    return tuple(found.values())


def _sets(table: Table, action: Action) -> str | None:
    field = changed(action)
    return f"may not set {field}" if field is not None and field not in table.sets else None


def changed(action: Action) -> Field | None:
    """The field that an action writes, if it writes one."""
    match action:
        case act.SetField(field=field) | act.Copy(target=field):
            return field
        case act.Multipath(field=field) | act.CheckLarger(field=field):
            return field
        case Ct(mark=mark) if mark is not None:
            return CT_MARK
        case _:
            return _WRITTEN.get(type(action))


def check_actions(table: Table, actions: tuple[Action, ...]) -> None:
    """That the table may do this: set only its fields, go only forward, output only where declared, meter first.

    Open vSwitch takes away with a meter only the flows that begin with it; another would go on without a limit. It
    takes no flow that states clauses of conjunctions and does something as well.
    """
    clauses = sum(isinstance(action, act.Conjunction) for action in actions)
    if clauses not in {0, len(actions)}:
        raise Bug(f"table {table.name} does something while it only states a clause")
    for place, action in enumerate(actions, 1):
        if place > 1 and isinstance(action, act.Meter):
            raise Bug(f"table {table.name} limits what it has begun to do")
        wrong = _fits(table, action, place == len(actions))
        if wrong:
            raise Bug(f"table {table.name} {wrong}")
