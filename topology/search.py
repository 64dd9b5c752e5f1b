"""Paths on roads: the lightest, the lightest within limits, and the next ones after it.

Without limits two runs of Dijkstra's suffice. With limits, or where no bridge may be met twice though some must be met
on the way, partial paths are extended in the order of what they come to at least; the first that arrives is the best.
That may take long in theory, so it ends after ``PATIENCE`` of them, with what is known then.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from topology.dijkstra import distances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from topology.dijkstra import Arcs
    from topology.roads import Roads
    from topology.steps import Steps

PATIENCE = 20_000
PIECE = 300
"""Partial paths that are extended in one step: some ms."""
Table = list[list[float]]
"""For each number of stops already met what is at least to come from each bridge."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a path may have of ns and of hops, ``inf`` where that is free. ``simple``: no bridge twice."""

    ns: float = inf
    hops: float = inf
    simple: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Ways by the numbers of their bridges, the lightest first. ``whole``: there is none that was not looked at.

    ``at_least`` is what any further way weighs.
    """

    ways: tuple[tuple[int, ...], ...]
    whole: bool
    at_least: float


class _Part(NamedTuple):
    """A way as far as it has got."""

    at: int
    met: int
    weight: int
    ns: int
    hops: int
    seen: int
    before: _Part | None


def to_come(arcs: Arcs, stops: Sequence[int], goal: int) -> Table:
    """What is left from each bridge to the goal by the stops not met yet, by how many are met. ``arcs`` lead back."""
    table = [distances(arcs, goal)]
    for stop in reversed(stops):
        table.append(distances(arcs, stop, table[-1][stop]))
    return table[::-1]


def met_at(stops: Sequence[int], met: int, at: int) -> int:
    """How many stops are met once a bridge is reached with so many behind."""
    while met < len(stops) and stops[met] == at:
        met += 1
    return met


def lightest(ground: Roads, left: Table) -> tuple[int, ...] | None:
    """The lightest way, which may meet bridges twice where there are stops; of equals that with the least numbers."""
    at, met = ground.start, met_at(ground.stops, 0, ground.start)
    if left[met][at] == inf:
        return None
    way = [at]
    while left[met][at] > 0:
        at = next(to for to, weight, _ in ground.legs[at] if left[met][to] + weight == left[met][at])
        met = met_at(ground.stops, met, at)
        way.append(at)
    return tuple(way)


def search(ground: Roads, limits: Limits, left: Table, count: int = 1) -> Steps[Found]:
    """The ``count`` lightest ways within limits; more than one only of those that meet no bridge twice."""
    bounds = left, _least(ground.late, ground, limits.ns), _least(_ones(ground.back), ground, limits.hops)
    first = _Part(ground.start, met_at(ground.stops, 0, ground.start), 0, 0, 0, 1 << ground.start, None)
    heap = [(left[first.met][first.at], 0, first)] if _fits(first, bounds, limits) else []
    kept: dict[tuple[int, int], list[_Part]] = {}
    ways: list[tuple[int, ...]] = []
    made = 0
    for taken in range(1, PATIENCE + 1):
        if not heap or len(ways) == count:
            break
        if not taken % PIECE:
            yield
        _, _, part = heappop(heap)
        if part.at == ground.goal and part.met == len(ground.stops):
            ways.append(_way(part))
            continue
        if count == 1 and _beaten(part, kept.setdefault((part.at, part.met), []), limits):
            continue
        for further in _extended(part, ground, limits):
            if _fits(further, bounds, limits):
                made += 1
                heappush(heap, (further.weight + left[further.met][further.at], made, further))
    return Found(tuple(ways), not heap, heap[0][0] if heap else inf)


def _least(arcs: Arcs, ground: Roads, limit: float) -> Table | None:
    """What a limit is held against from everywhere, None where there is no limit."""
    return None if limit == inf else to_come(arcs, ground.stops, ground.goal)


def _ones(arcs: Arcs) -> Arcs:
    return [[(to, 1) for to, _ in each] for each in arcs]


def _extended(part: _Part, ground: Roads, limits: Limits) -> list[_Part]:
    """It with each bridge that it can go on to."""
    timed, found = limits.ns < inf, []
    for to, weighs, ns in ground.legs[part.at]:
        if limits.simple and part.seen >> to & 1:
            continue
        seen = part.seen | 1 << to if limits.simple else 0
        met, late = met_at(ground.stops, part.met, to), part.ns + ns if timed else 0
        found.append(_Part(to, met, part.weight + weighs, late, part.hops + 1, seen, part))
    return found


def _fits(part: _Part, bounds: tuple[Table, Table | None, Table | None], limits: Limits) -> bool:
    """Whether it may still arrive within the limits."""
    left, ns, hops = bounds
    if left[part.met][part.at] == inf:
        return False
    if ns is not None and part.ns + ns[part.met][part.at] > limits.ns:
        return False
    return hops is None or part.hops + hops[part.met][part.at] <= limits.hops


def _beaten(part: _Part, kept: list[_Part], limits: Limits) -> bool:
    """Whether one that weighs no more, at the same place, can do all that it can; else it is kept itself."""
    counted = limits.hops < inf
    for other in kept:
        if other.ns <= part.ns and not (counted and other.hops > part.hops) and not other.seen & ~part.seen:
            return True
    kept.append(part)
    return False


def _way(part: _Part | None) -> tuple[int, ...]:
    way = []
    while part is not None:
        way.append(part.at)
        part = part.before
    return tuple(reversed(way))


def keeps(free: Roads, way: Sequence[int], limits: Limits) -> bool:
    """Whether a way is within limits."""
    if len(way) - 1 > limits.hops or (limits.simple and len(set(way)) < len(way)):
        return False
    return limits.ns == inf or nanoseconds(free, way) <= limits.ns


def nanoseconds(free: Roads, way: Sequence[int]) -> int:
    """How long a way takes."""
    return sum(_leg(free, at, to)[1] for at, to in pairwise(way))


def weight(free: Roads, way: Sequence[int]) -> int:
    """What a way weighs."""
    return sum(_leg(free, at, to)[0] for at, to in pairwise(way))


def _leg(free: Roads, at: int, to: int) -> tuple[int, int]:
    return next((weight, ns) for other, weight, ns in free.legs[at] if other == to)
