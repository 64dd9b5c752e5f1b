"""Exact sets of services: which packets of a conversation's beginning, by protocol, destination and source port.

A set is kept in one form only, so that equal sets are equal values: what reachability compares and remembers by.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import pairwise
from operator import and_, gt, or_
from typing import TYPE_CHECKING

from controller.policy.values import Range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.policy.values import Service

Ranges = tuple[Range, ...]
"""Disjoint, sorted and not touching; both ends included."""
Strip = tuple[int, int, Ranges]
"""Destination ports from and to (of ICMP: type << 8 | code), with the source ports that belong to all of them."""
Strips = tuple[Strip, ...]
"""Sorted and disjoint; those that touch have different source ports."""

_END = 1 << 16
_EVERY: Ranges = ((0, _END - 1),)
WHOLE: Strips = ((0, _END - 1, _EVERY),)
"""All packets of a protocol."""


@dataclass(frozen=True, slots=True)
class Services:
    """A set of services; ``others`` says whether all of every protocol that is not listed is in it.

    ``protocols`` are sorted by number; none is listed that is as ``others`` says.
    """

    others: bool
    protocols: tuple[tuple[int, Strips], ...]

    def of(self, protocol: int) -> Strips:
        """What of one protocol is in it."""
        return next((strips for number, strips in self.protocols if number == protocol), WHOLE if self.others else ())

    def holds(self, protocol: int, source_port: int, target_port: int) -> bool:
        """Whether a packet is in it; of protocols without ports, both ports are 0."""
        return any(
            first <= target_port <= last and any(low <= source_port <= high for low, high in sources)
            for first, last, sources in self.of(protocol)
        )

    def __bool__(self) -> bool:
        return self.others or bool(self.protocols)

    def __or__(self, other: Services) -> Services:
        if not self or self is other:
            return other
        return self if not other else _combined(self, other, or_)

    def __and__(self, other: Services) -> Services:
        if self is EVERYTHING or self is other:
            return other
        return self if other is EVERYTHING else _combined(self, other, and_)

    def __sub__(self, other: Services) -> Services:
        return _combined(self, other, gt)


NOTHING = Services(others=False, protocols=())
EVERYTHING = Services(others=True, protocols=())


@lru_cache(1 << 14)
def services_of(services: tuple[Service, ...]) -> Services:
    """What a rule's services come to; () is every service. Names have to be found before: by name nothing is meant."""
    if not services:
        return EVERYTHING
    return reduce(or_, map(_one, services))


def _one(service: Service) -> Services:
    if service.names and not service.ports:
        return NOTHING
    sources = merged(service.sources) or _EVERY
    targets = merged(service.ports) or _EVERY
    return Services(others=False, protocols=((service.protocol, tuple((*target, sources) for target in targets)),))


def merged(ranges: Iterable[Range]) -> Ranges:
    """The same numbers in order, those that touch or overlap as one."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


@lru_cache(1 << 15)
def _combined(one: Services, other: Services, keeps: Callable[[bool, bool], bool]) -> Services:
    """What is in ``one`` and in ``other`` as ``keeps`` wants it."""
    others = keeps(one.others, other.others)
    default = WHOLE if others else ()
    listed = sorted({number for number, _ in one.protocols} | {number for number, _ in other.protocols})
    found = ((number, _strips(one.of(number), other.of(number), keeps)) for number in listed)
    return Services(others, tuple((number, strips) for number, strips in found if strips != default))


def _strips(one: Strips, other: Strips, keeps: Callable[[bool, bool], bool]) -> Strips:
    found: list[Strip] = []
    for first, last, ours, theirs in _pieces(one, other):
        sources = _sources(ours, theirs, keeps)
        if not sources:
            continue
        if found and found[-1][1] + 1 == first and found[-1][2] == sources:
            found[-1] = (found[-1][0], last, sources)
        else:
            found.append((first, last, sources))
    return tuple(found)


def _pieces(one: Strips, other: Strips) -> Iterator[tuple[int, int, Ranges, Ranges]]:
    """The strips of both cut where either begins or ends, so that in each piece both are the same throughout."""
    cuts = sorted({0, _END} | {cut for first, last, _ in (*one, *other) for cut in (first, last + 1)})
    mine, theirs = _Along(one), _Along(other)
    for first, behind in pairwise(cuts):
        yield first, behind - 1, mine.at(first), theirs.at(first)


class _Along:
    """Strips read from the lowest destination port to the highest."""

    def __init__(self, strips: Strips) -> None:
        self._strips = strips
        self._place = 0

    def at(self, port: int) -> Ranges:
        """The source ports at a destination port, which is never lower than the one asked for before."""
        while self._place < len(self._strips) and self._strips[self._place][1] < port:
            self._place += 1
        if self._place == len(self._strips) or port < self._strips[self._place][0]:
            return ()
        return self._strips[self._place][2]


def _sources(one: Ranges, other: Ranges, keeps: Callable[[bool, bool], bool]) -> Ranges:
    if one == other:
        return one if keeps(True, True) else ()  # noqa: FBT003 - an operator's two sides
    cuts = sorted({0, _END} | {cut for first, last in (*one, *other) for cut in (first, last + 1)})
    kept = (
        (first, behind - 1) for first, behind in pairwise(cuts) if keeps(_within(one, first), _within(other, first))
    )
    return merged(kept)


def _within(ranges: Ranges, number: int) -> bool:
    return any(first <= number <= last for first, last in ranges)
