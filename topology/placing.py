"""Placing demands so that the fullest link is as little loaded as can be found.

It begins with what routes make of them, so it never ends worse. Then demands leave full links, one at a time, for the
path on which they add the least to what links are loaded with, where full ones count ever more; last, those that left
for nothing go back to the routes. All is done in a fixed order and ends after a number of searches, not after a time:
the same demands on the same map always end the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import product
from math import inf
from typing import TYPE_CHECKING

from topology.board import BEYOND, PER_HOP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from topology.board import Board
    from topology.sharing import Shares
    from topology.steps import Steps

STEEPNESS = (2, 4, 8, 16, 32, 64)
"""Powers of load by which links count, one after the other."""
CLOSE = 0.75
"""Demands move while they pass a link that is loaded so near to the fullest."""
LEAST = 1e-9
"""Loads that differ by less are the same."""
SEARCHES, MOST_SEARCHES = 4, 10
"""Paths looked for, for each demand: so many on any map, and at most so many on a small one."""
LINKS = 4_000_000
"""Links looked at for that, about, where the map is small."""
SWEEPS = 4
"""Times that all demands are looked at with links counting alike."""
MOST = 8
"""Demands that are tried to get off one link."""


@dataclass(slots=True)
class _Task:
    """A board with all demands where they begin, and how many paths may still be looked for."""

    board: Board
    left: int


def place(board: Board) -> Iterator[None]:
    """Move demands until nothing gets better: a step for each path that is looked for. Only the end holds the best."""
    if not board.rates or not board.carried:
        return
    task = _Task(board, _budget(board))
    best, taken = board.fullest(), list(board.taken)
    for power in STEEPNESS:
        yield from _eased(task, power)
        yield from _lowered(task)
        if board.fullest() < best - LEAST:
            best, taken = board.fullest(), list(board.taken)
    yield from board.move_all(taken)
    yield from _returned(board)


def _budget(board: Board) -> int:
    """How many paths to look for: seconds' worth, and no more than do any good."""
    demands = len(board.rates)
    return max(SEARCHES * demands, min(LINKS // (1 + len(board.carried)), MOST_SEARCHES * (demands + 10)))


def _eased(task: _Task, power: int) -> Iterator[None]:
    """Sweep over the demands on full links, the greatest first, while any finds where it weighs less."""
    board = task.board
    order = sorted(range(len(board.rates)), key=lambda number: (-board.rates[number], number))
    for _ in range(SWEEPS):
        scale, moved = board.fullest() or 1.0, False
        for number in order:
            if task.left > 0 and _on_full(board, number, CLOSE * scale):
                moved |= _moved(task, number, power, scale)
                yield
        if not moved:
            return


def _on_full(board: Board, number: int, bound: float) -> bool:
    return any(board.carried[arc] >= bound * board.capacities[arc] for arc, _ in board.taken[number])


def _moved(task: _Task, number: int, power: int, scale: float) -> bool:
    """Put a demand where it weighs the least; whether that is elsewhere."""
    board = task.board
    before = board.taken[number]
    board.move(number, ())
    ways = [before] if board.allowed[number] else [before, board.by_routes[number]]
    ways += _found(task, number, power, scale, inf)
    weights = [board.weight(number, way, power, scale) for way in ways]
    lightest = min(range(len(ways)), key=weights.__getitem__)
    moves = weights[lightest] < weights[0] * (1 - LEAST)
    board.move(number, ways[lightest] if moves else before)
    return moves


def _lowered(task: _Task) -> Iterator[None]:
    """Move demands off the fullest link, while one can leave it for a path on which no link gets as full."""
    board, left = task.board, True
    while left:
        left = False
        top, fullest = max((board.carried[arc] / board.capacities[arc], -arc) for arc in range(len(board.carried)))
        for leave, number in product((_leaves, _pushes), _greatest(board, -fullest)):
            if task.left <= 0:
                return
            left = yield from leave(task, number, top - LEAST)
            if left:
                break


def _greatest(board: Board, arc: int) -> list[int]:
    """The demands that send the most over a link."""
    users = sorted(board.users[arc].items(), key=lambda user: (-user[1] * board.rates[user[0]], user[0]))
    return [number for number, _ in users[:MOST]]


def _leaves(task: _Task, number: int, below: float) -> Steps[bool]:
    """Put a demand where all its links stay below a bound, if there is such a path."""
    board, before = task.board, task.board.taken[number]
    board.move(number, ())
    found = _found(task, number, STEEPNESS[1], below or 1.0, below)
    board.move(number, found[0] if found else before)
    yield
    return bool(found)


def _pushes(task: _Task, number: int, below: float) -> Steps[bool]:
    """Put a demand where links get too full for it, if others can leave those in turn."""
    board, moved = task.board, {number: task.board.taken[number]}
    board.move(number, ())
    way = next(iter(_found(task, number, STEEPNESS[-1], below or 1.0, inf)), moved[number])
    board.move(number, way)
    yield
    for arc, _ in way:
        for other in _greatest(board, arc):
            if board.carried[arc] < below * board.capacities[arc]:
                break
            before = board.taken[other]
            if other not in moved and (yield from _leaves(task, other, below)):
                moved[other] = before
        if board.carried[arc] >= below * board.capacities[arc]:
            for other, before in moved.items():
                board.move(other, before)
            return False
    return True


def _returned(board: Board) -> Iterator[None]:
    """Give demands back to the routes where no link gets fuller for it than the fullest is."""
    top = board.fullest()
    for number, routes in enumerate(board.by_routes):
        before = board.taken[number]
        if before is routes or board.allowed[number]:
            continue
        board.move(number, routes)
        if any(board.carried[arc] > (top + LEAST) * board.capacities[arc] for arc, _ in routes):
            board.move(number, before)
        yield


def _found(task: _Task, number: int, power: int, scale: float, below: float) -> list[Shares]:
    """The lightest path for a demand that is nowhere, of links that stay below a bound; [] if there is none."""
    board, allowed = task.board, task.board.allowed[number]
    task.left -= 1
    if not allowed:
        return _lightest(board, number, power, scale, below)
    rate = board.rates[number]
    fits = [way for way in allowed if all(board.carried[arc] + rate < below * board.capacities[arc] for arc, _ in way)]
    return sorted(fits, key=lambda way: board.weight(number, way, power, scale))[:1]


def _lightest(board: Board, number: int, power: int, scale: float, below: float) -> list[Shares]:
    """As ``_found``, of all paths: Dijkstra's from the source."""
    (source, target), rate = board.ends[number], board.rates[number]
    carried, capacities, sites, arcs = board.carried, board.capacities, board.net.sites, board.net.arcs
    bearable = min(below, BEYOND * scale)
    found, before = {source: 0.0}, {source: (source, -1)}
    heap = [(0.0, source)]
    while heap:
        so_far, at = heappop(heap)
        if at == target:
            return [_back(before, target)]
        if so_far > found[at] or (sites[at].drained and at != source):
            continue
        for to, edge, way in arcs[at]:
            arc = 2 * edge + way
            loaded = (carried[arc] + rate) / capacities[arc]
            if loaded >= bearable or board.net.edges[edge].drained:
                continue
            reached = so_far + PER_HOP + (loaded / scale) ** power - (carried[arc] / capacities[arc] / scale) ** power
            if reached < found.get(to, inf):
                found[to], before[to] = reached, (at, arc)
                heappush(heap, (reached, to))
    return []


def _back(before: dict[int, tuple[int, int]], target: int) -> Shares:
    arcs = []
    at = target
    while before[at][1] >= 0:
        at, arc = before[at]
        arcs.append((arc, 1.0))
    return tuple(reversed(arcs))
