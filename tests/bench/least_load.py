"""A bound below which nobody can press the load of the fullest link, however demands are split over paths.

Give each link a length. All demands together travel at least the sum of their rates times their shortest distances,
and at most the fullest link's load times the sum of all capacities times lengths: the quotient of the two is a bound
for any lengths (the dual of multicommodity flow). Lengths grow where shortest paths crowd, and the best is kept.
"""

from __future__ import annotations

import math
from collections import defaultdict
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from topology.board import Board

ROUNDS = 150
STEPS = 40_000_000
"""Links looked at, about, where a round takes long."""
POWERS = (2, 4, 8, 16, 32)
STRIDE = 2.0


def least_load(board: Board) -> float:
    """The bound for the demands of a board; where they are placed now is what lengths are begun with.

    What no link leads to has no part in it.
    """
    if not board.fullest():
        return 0.0
    by_source: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (source, target), rate in zip(board.ends, board.rates, strict=True):
        by_source[source].append((target, rate))
    best, lengths = max((_crowded(board, lengths, by_source)[0], lengths) for lengths in _beginnings(board))
    for turn in range(min(ROUNDS, STEPS // (len(by_source) * len(board.carried)))):
        found, crowds = _crowded(board, lengths, by_source)
        best = max(best, found)
        most = max(crowds)
        stride = STRIDE / math.sqrt(1 + turn)
        lengths = [length * math.exp(stride * crowd / most) for length, crowd in zip(lengths, crowds, strict=True)]
    return best


def _beginnings(board: Board) -> list[list[float]]:
    """Lengths by powers of load, none of them 0."""
    top = board.fullest()
    found = []
    for power in POWERS:
        raw = [
            (carried / capacity / top) ** (power - 1) / capacity
            for carried, capacity in zip(board.carried, board.capacities, strict=True)
        ]
        found.append([length + 1e-6 * max(raw) for length in raw])
    return found


def _crowded(
    board: Board, lengths: Sequence[float], by_source: dict[int, list[tuple[int, float]]]
) -> tuple[float, list[float]]:
    """The bound that lengths give, and how loaded each link is where everybody takes the shortest path."""
    carried, travelled = [0.0] * len(lengths), 0.0
    for source, targets in by_source.items():
        distances, before, order = _tree(board, lengths, source)
        passing: dict[int, float] = defaultdict(float)
        for target, rate in targets:
            if target in distances:
                passing[target] += rate
                travelled += rate * distances[target]
        for at in reversed(order[1:]):
            previous, arc = before[at]
            passing[previous] += passing[at]
            carried[arc] += passing[at]
    whole = sum(length * capacity for length, capacity in zip(lengths, board.capacities, strict=True))
    return travelled / whole, [rate / capacity for rate, capacity in zip(carried, board.capacities, strict=True)]


def _tree(
    board: Board, lengths: Sequence[float], source: int
) -> tuple[dict[int, float], dict[int, tuple[int, int]], list[int]]:
    """Distances from a bridge, by which link each is reached, and the bridges in the order of their distances."""
    found, before, order = {source: 0.0}, {}, []
    heap, done = [(0.0, source)], set()
    while heap:
        so_far, at = heappop(heap)
        if at in done:
            continue
        done.add(at)
        order.append(at)
        for to, edge, way in board.net.arcs[at]:
            reached = so_far + lengths[2 * edge + way]
            if reached < found.get(to, math.inf):
                found[to], before[to] = reached, (at, 2 * edge + way)
                heappush(heap, (reached, to))
    return found, before, order
