"""Demands on links: what each link carries each way, and where each demand goes at the moment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise, starmap
from operator import truediv
from typing import TYPE_CHECKING

from topology.sharing import costs_to, shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from topology.dijkstra import Mesh
    from topology.sharing import Shares

PER_HOP = 1e-6
"""What a link without load counts, so that paths are no longer than is good for something."""

BEYOND = 1e4
"""Loads of more than so many times the scale weigh alike: their powers are no numbers any more."""
A_FEW = 50
"""Demands that can be moved in the time that it takes to look for a path."""


@dataclass(frozen=True, slots=True)
class Load:
    """A demand, with its rate in Mbit/s. ``paths``: those that it may take, (): any, and the routes."""

    key: str
    source: str
    target: str
    rate: float
    paths: tuple[tuple[str, ...], ...] = ()


class Board:
    """Demands and directed links by number; a link is twice its edge's number, plus its way.

    ``carried`` is in Mbit/s, ``users`` are the demands on a link with the part of them that goes there. Before
    ``begin`` all demands are nowhere.
    """

    def __init__(self, net: Mesh, loads: Sequence[Load]) -> None:
        self.net = net
        self.loads = loads
        self.rates = [load.rate for load in loads]
        self.ends = [(net.index[load.source], net.index[load.target]) for load in loads]
        self.capacities = [capacity for capacity in net.capacities for _ in range(2)]
        self.carried = [0.0] * len(self.capacities)
        self.users: list[dict[int, float]] = [{} for _ in self.carried]
        self.allowed: list[tuple[Shares, ...]] = [() for _ in loads]
        self.by_routes: list[Shares] = [() for _ in loads]
        self.taken: list[Shares] = [() for _ in loads]

    def begin(self) -> Iterator[None]:
        """Put each demand on the first path that it may take, or on the routes, one at a time."""
        known, left = -1, list[float]()
        for number in sorted(range(len(self.loads)), key=self._target):
            source, target = self.ends[number]
            if target != known:
                known, left = target, costs_to(self.net, target)
            self.allowed[number] = tuple(map(self.shares, self.loads[number].paths))
            self.by_routes[number] = shared(self.net, source, target, left)
            self.move(number, self.allowed[number][0] if self.allowed[number] else self.by_routes[number])
            yield

    def fullest(self) -> float:
        """The load of the most loaded link, 1 where it carries all that it can."""
        return max(map(truediv, self.carried, self.capacities), default=0.0)

    def among_others(self) -> None:
        """Add what links carry beside these demands: the rest of what is measured on them."""
        measured = [rate for edge in self.net.edges for rate in edge.load]
        self.carried = list(map(max, self.carried, measured))

    def move(self, number: int, shares: Shares) -> None:
        """A demand goes elsewhere."""
        rate = self.rates[number]
        for arc, part in self.taken[number]:
            self.carried[arc] -= part * rate
            del self.users[arc][number]
        for arc, part in shares:
            self.carried[arc] += part * rate
            self.users[arc][number] = part
        self.taken[number] = shares

    def move_all(self, ways: Sequence[Shares]) -> Iterator[None]:
        """Each demand goes to its own, a few at each step."""
        for number, shares in enumerate(ways, 1):
            self.move(number - 1, shares)
            if not number % A_FEW:
                yield

    def weight(self, number: int, shares: Shares, power: int, scale: float) -> float:
        """What a demand that is nowhere would add to all links' loads, raised to a power."""
        total = 0.0
        for arc, part in shares:
            carried, capacity = self.carried[arc], self.capacities[arc] * scale
            before, after = carried / capacity, (carried + part * self.rates[number]) / capacity
            total += PER_HOP * part + min(after, BEYOND) ** power - min(before, BEYOND) ** power
        return total

    def shares(self, path: Sequence[str]) -> Shares:
        """A path as links that carry all of a demand; raises KeyError where it is not on the map."""
        return tuple((arc, float(times)) for arc, times in Counter(starmap(self._arc, pairwise(path))).items())

    def path(self, number: int) -> tuple[str, ...]:
        """The bridges that a demand passes, () where it takes the routes."""
        shares, allowed, names = self.taken[number], self.allowed[number], self.net.names
        if allowed:
            return self.loads[number].paths[allowed.index(shares)]
        if shares is self.by_routes[number]:
            return ()
        ends = [(self.net.edges[arc // 2].ends, arc % 2) for arc, _ in shares]
        return (names[self.ends[number][0]], *(each[1 - way] for each, way in ends))

    def _target(self, number: int) -> int:
        return self.ends[number][1]

    def _arc(self, one: str, other: str) -> int:
        at, to = self.net.index[one], self.net.index[other]
        return next(2 * edge + way for there, edge, way in self.net.arcs[at] if there == to)
