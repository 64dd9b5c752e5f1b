"""The way that a question asks for, by numbers: the best there is, or one that is known to be close to it.

A way that must pass given bridges meets none twice where that can be; else it goes back by where it came from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

from topology.dijkstra import NS, worst_on_the_way
from topology.relaxing import relaxed
from topology.rings import between
from topology.roads import below, level, levels, roads
from topology.search import Limits, keeps, lightest, search, to_come, weight

if TYPE_CHECKING:
    from topology.dijkstra import Arcs
    from topology.map import Map
    from topology.paths import Question
    from topology.roads import Roads
    from topology.search import Table
    from topology.steps import Steps

LEAST = 1
"""The least level that there is: no way is better than one on which no link has more."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A way, None where none was found; ``gap``: by which share the best may be lighter, ``inf`` if that is open."""

    way: tuple[int, ...] | None
    gap: float = 0.0


def solve(ground: Map, question: Question) -> Steps[Solved]:
    """The best way that keeps everything asked for; all names must be on the map."""
    free = roads(ground, question)
    first = yield from _best(free, question)
    if question.wanted.objective != "load" or first.way is None or _fullest(free, first.way, question) <= LEAST:
        return first
    by_load = levels(free, question.rate)
    legs = zip((free.start, *free.stops), (*free.stops, free.goal), strict=True)
    lowest = max(worst_on_the_way(by_load, one)[other] for one, other in legs)
    if lowest == inf:
        return Solved(None)
    open_levels = sorted({found for each in by_load for _, found in each if found >= lowest}) or [0]
    return (yield from _least_loaded(free, question, by_load, open_levels))


def _fullest(free: Roads, way: tuple[int, ...], question: Question) -> int:
    """The highest level of load on a way."""
    net = free.mesh
    taken = [arc for at, other in pairwise(way) for arc in net.arcs[at] if arc[0] == other]
    return max((level(net, edge, direction, question.rate) for _, edge, direction in taken), default=0)


def _least_loaded(free: Roads, question: Question, by_load: Arcs, open_levels: list[int]) -> Steps[Solved]:
    """The best at the lowest level at which there is any; more is allowed at each higher one."""
    first = yield from _best(below(free, by_load, open_levels[0]), question)
    if first.way is not None:
        return first
    low, high, best = 1, len(open_levels), first
    while low < high:
        middle = (low + high) // 2
        found = yield from _best(below(free, by_load, open_levels[middle]), question)
        if found.way is None:
            low = middle + 1
        else:
            high, best = middle, found
    return best


def alternatives(ground: Map, question: Question, count: int) -> Steps[tuple[tuple[int, ...], ...]]:
    """The ``count`` lightest ways, fewer where there are no more or the search took too long."""
    free = roads(ground, question)
    left = to_come(free.back, free.stops, free.goal)
    found = yield from search(free, replace(limits_of(question), simple=True), left, count)
    return found.ways


def limits_of(question: Question) -> Limits:
    """What is asked for, in ns and hops."""
    wanted = question.wanted
    ns = inf if wanted.max_latency is None else round(wanted.max_latency * NS)
    hops = inf if wanted.max_hops is None else wanted.max_hops
    return Limits(ns, hops, simple=bool(wanted.via))


def _best(free: Roads, question: Question) -> Steps[Solved]:
    left, limits = to_come(free.back, free.stops, free.goal), limits_of(question)
    first = lightest(free, left)
    if first is None or keeps(free, first, limits):
        return Solved(first)
    if not limits.simple:
        return (yield from _searched(free, limits, left))
    joined = free.start != free.goal and set(free.stops) <= between(free.legs, free.start, free.goal)
    simple = (yield from _searched(free, limits, left)) if joined else Solved(None)
    if simple.way is not None:
        return simple
    walk = replace(limits, simple=False)
    return Solved(first) if keeps(free, first, walk) else (yield from _searched(free, walk, left))


def _searched(free: Roads, limits: Limits, left: Table) -> Steps[Solved]:
    found = yield from search(free, limits, left)
    if found.ways or found.whole:
        return Solved(found.ways[0] if found.ways else None)
    way = relaxed(free, limits)
    return Solved(None, inf) if way is None else Solved(way, weight(free, way) / found.at_least - 1)
