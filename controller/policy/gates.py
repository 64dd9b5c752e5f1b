"""Gates: what a guard lets through, as exact sets of services for each sort of peer, and which rule decides.

Peers about whom the same rules are tried are of one sort: a guard is gone through once for each sort, not for each
peer, and guards that come to the same share what was found.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, NamedTuple

from controller.policy.derived import Guard, Placement, Posture, Rank, Stage
from controller.policy.numbers import default_name
from controller.policy.services import EVERYTHING, NOTHING, services_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.compiler.past import Reading
    from controller.policy.derived import Found, Identity
    from controller.policy.services import Services
    from controller.policy.values import Action, Direction

FAMILIES = (4, 6)
_BITS = {4: 32, 6: 128}
_KINDS: dict[int, type[IPv4Address | IPv6Address]] = {4: IPv4Address, 6: IPv6Address}
Sort = tuple[int, ...]
"""The places of the rules that are tried about a peer, ascending."""


class Step(NamedTuple):
    """A rule as a guard tries it: in which stage, its full name, what it does, and about which services."""

    stage: int
    name: str
    action: Action
    services: Services


class Span(NamedTuple):
    """Addresses of one family, as numbers, both ends included."""

    family: int
    first: int
    last: int

    @property
    def ends(self) -> tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address]:
        """Both ends as addresses."""
        kind = _KINDS[self.family]
        return kind(self.first), kind(self.last)

    def shared(self, other: Span) -> Span | None:
        """What is in both; None where nothing is."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        return Span(self.family, first, last) if self.family == other.family and first <= last else None


ANYWHERE = tuple(Span(family, 0, (1 << _BITS[family]) - 1) for family in FAMILIES)
"""All addresses of each family."""


@lru_cache(1 << 16)
def address(text: str) -> Span:
    """One address."""
    found = ip_address(text)
    return Span(found.version, int(found), int(found))


@lru_cache(1 << 16)
def block(cidr: str) -> Span:
    """All addresses of a block."""
    found = ip_network(cidr, strict=False)
    return Span(found.version, int(found.network_address), int(found.broadcast_address))


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """A guard: its steps in the order in which they are tried, and by which peers each is found.

    ``stages`` are the tiers with whether what is left over is let on. ``cuts`` are, for each family, the addresses at
    which the rules that blocks bring may change, with those rules behind each.
    """

    stages: tuple[Stage, ...]
    steps: tuple[Step, ...]
    anybody: frozenset[int]
    machines: frozenset[int]
    identities: dict[int, frozenset[int]]
    cuts: dict[int, tuple[list[int], list[frozenset[int]]]]
    known: dict[Sort, Services] = field(default_factory=dict)

    def sort(self, identity: int, span: Span | None) -> Sort:
        """Of which sort a peer is: its identity's number, 0 for who is none of ours, and its address.

        All addresses of a span have to be between two cuts.
        """
        found = self.anybody
        if identity:
            found = found | self.machines | self.identities.get(identity, frozenset())
        if span is not None:
            points, behind = self.cuts[span.family]
            found = found | behind[bisect_right(points, span.first) - 1]
        return tuple(sorted(found))

    def lets(self, sort: Sort) -> Services:
        """Which services it lets through."""
        found = self.known.get(sort)
        if found is None:
            lets_on = tuple(stage.lets_on for stage in self.stages)
            found = self.known[sort] = _let(lets_on, tuple(self.steps[place] for place in sort))
        return found

    @property
    def by_address(self) -> bool:
        """Whether any of its rules goes by addresses."""
        return any(len(points) > 1 or behind[0] for points, behind in self.cuts.values())

    def parts(self, span: Span) -> Iterator[Span]:
        """A span, cut where other rules begin to be tried."""
        points, _ = self.cuts[span.family]
        first = span.first
        while first <= span.last:
            at = bisect_right(points, first)
            last = min(span.last, points[at] - 1) if at < len(points) else span.last
            yield Span(span.family, first, last)
            first = last + 1

    def decides(self, sort: Sort, holds: Callable[[Services], bool]) -> tuple[bool, str | None]:
        """Whether a packet passes, and the name of the rule or tier that says so; None where none does.

        ``holds`` says whether the packet is in a set of services.
        """
        for number, stage in enumerate(self.stages):
            tried = (self.steps[place] for place in sort if self.steps[place].stage == number)
            step = next((step for step in tried if holds(step.services)), None)
            if step is None and not stage.lets_on:
                return False, default_name(stage.tier)
            if step is not None and step.action != "pass":
                return step.action == "allow", step.name
        return True, None


@lru_cache(1 << 15)
def _let(stages: tuple[bool, ...], steps: tuple[Step, ...]) -> Services:
    """What passes all stages, where these are the rules that are tried."""
    left, allowed = EVERYTHING, NOTHING
    for number, lets_on in enumerate(stages):
        passed = NOTHING
        for step in steps:
            if step.stage != number:
                continue
            said = left & step.services
            left = left - said
            if step.action == "allow":
                allowed = allowed | said
            elif step.action == "pass":
                passed = passed | said
        left = passed | left if lets_on else passed
    return allowed | left


class Gates:
    """The gates of a store, each made once and again only when what it was made of is another.

    ``under`` are those of a store that differs in little: theirs are taken where they are the same.
    """

    _MOST = 1 << 16

    def __init__(self, under: Gates | None = None) -> None:
        self._under = under
        self._made: dict[str, tuple[Guard, tuple[Placement, ...], Gate]] = {}

    def of(self, reading: Reading, identity: Identity, direction: Direction) -> Gate:
        """The gate of an identity's ports."""
        posture = reading.get(Posture, f"{identity.key}|{direction}")
        if posture is None:
            return OPEN
        guard = reading.get(Guard, posture.guard)
        return _CLOSED if guard is None else self.guarding(reading, guard)

    def guarding(self, reading: Reading, guard: Guard) -> Gate:
        """The gate of a guard."""
        placements = tuple(_placements(reading, guard))
        made = self._standing(guard, placements)
        if made is not None:
            return made
        gate = _gate(guard, placements)
        if len(self._made) >= self._MOST:
            self._made.clear()
        self._made[guard.key] = (guard, placements, gate)
        return gate

    def _standing(self, guard: Guard, placements: tuple[Placement, ...]) -> Gate | None:
        made = self._made.get(guard.key)
        if made is not None and made[0] == guard and made[1] == placements:
            return made[2]
        return self._under._standing(guard, placements) if self._under is not None else None  # noqa: SLF001 - its like


def _placements(reading: Reading, guard: Guard) -> Iterator[Placement]:
    """A guard's rules as far as they are enforced."""
    for policy in (policy for stage in guard.stages for policy in stage.policies):
        rank = reading.get(Rank, f"{policy}|{guard.key}")
        for stand in rank.stands if rank is not None else ():
            if not stand.enforced:
                continue
            for index in range(len(stand.places)):
                key = f"{policy}|{guard.direction}|{index}|{guard.key}|{stand.stage}"
                placement = reading.get(Placement, key)
                if placement is not None:
                    yield placement


def _gate(guard: Guard, placements: Iterable[Placement]) -> Gate:
    founds = [
        (placement.stage - guard.number, placement.key.partition("|")[0], found)
        for placement in sorted(placements, key=_order)
        for found in placement.founds
    ]
    identities: dict[int, set[int]] = defaultdict(set)
    for place, (_, _, found) in enumerate(founds):
        for number in found.identities:
            identities[number].add(place)
    return Gate(
        stages=guard.stages,
        steps=tuple(_step(stage, policy, found) for stage, policy, found in founds),
        anybody=frozenset(place for place, (_, _, found) in enumerate(founds) if found.anybody),
        machines=frozenset(place for place, (_, _, found) in enumerate(founds) if found.machines),
        identities={number: frozenset(places) for number, places in identities.items()},
        cuts=_cuts([found.blocks for _, _, found in founds]),
    )


def _order(placement: Placement) -> tuple[int, int]:
    return placement.stage, placement.place


def _step(stage: int, policy: str, found: Found) -> Step:
    return Step(stage, f"{policy}#{found.name}", found.action, services_of(found.services))


def _cuts(blocks: list[tuple[str, ...]]) -> dict[int, tuple[list[int], list[frozenset[int]]]]:
    """Where the rules that a peer's address brings change; ``blocks`` are those of each rule, in order."""
    spans = [(place, block(cidr)) for place, cidrs in enumerate(blocks) for cidr in cidrs]
    return {family: _swept(family, [one for one in spans if one[1].family == family]) for family in FAMILIES}


def _swept(family: int, spans: list[tuple[int, Span]]) -> tuple[list[int], list[frozenset[int]]]:
    begin, end = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for place, span in spans:
        begin[span.first].append(place)
        end[span.last + 1].append(place)
    points = sorted({0, *begin, *end} - {1 << _BITS[family]})
    open_: dict[int, int] = defaultdict(int)
    behind = []
    for point in points:
        for place in begin[point]:
            open_[place] += 1
        for place in end[point]:
            open_[place] -= 1
        behind.append(frozenset(place for place, count in open_.items() if count))
    return points, behind


_NOBODY = (frozenset[int](), frozenset[int](), dict[int, frozenset[int]](), _cuts([]))
OPEN = Gate((), (), *_NOBODY)
"""Of ports that nothing guards."""
_CLOSED = Gate((Stage("what is not known yet", (), lets_on=False),), (), *_NOBODY)
