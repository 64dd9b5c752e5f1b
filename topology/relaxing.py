"""A way within limits that is good, where finding the best takes too long: limits are made part of the weight.

The more they count the lighter is what strains them less, until the lightest way keeps them (Handler and Zang, "A dual
algorithm for the constrained shortest path problem", 1980).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from topology.search import keeps, lightest, to_come, weight

if TYPE_CHECKING:
    from topology.dijkstra import Arcs
    from topology.roads import Roads
    from topology.search import Limits

ROUNDS = 12
FINE = 1_000_000


def relaxed(free: Roads, limits: Limits) -> tuple[int, ...] | None:
    """The lightest way met that keeps the limits, None where none did."""
    lightest_of_all = lightest(free, to_come(free.back, free.stops, free.goal))
    whole = weight(free, lightest_of_all) if lightest_of_all else 1
    met: list[tuple[int, tuple[int, ...]]] = []
    low, high = 0, 1 << ROUNDS
    for _ in range(ROUNDS):
        share = (low + high) // 2
        way = _strained(free, limits, share / (1 << ROUNDS), whole)
        if way is not None and keeps(free, way, limits):
            met.append((weight(free, way), way))
            high = share
        else:
            low = share
    return min(met)[1] if met else None


def _strained(free: Roads, limits: Limits, share: float, whole: int) -> tuple[int, ...] | None:
    """The lightest way where ``share`` of the weight is how much of the limits a leg uses up."""
    legs = [
        [
            (to, 1 + round(FINE * ((1 - share) * weighs / whole + share * (ns / limits.ns + 1 / limits.hops))), ns)
            for to, weighs, ns in each
        ]
        for each in free.legs
    ]
    back: Arcs = [[] for _ in legs]
    for at, each in enumerate(legs):
        for to, weighs, _ in each:
            back[to].append((at, weighs))
    return lightest(replace(free, legs=legs, back=back), to_come(back, free.stops, free.goal))
