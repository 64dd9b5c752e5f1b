"""Routing: to which neighbours each bridge sends what is for another, kept right while links come, go and change.

Ways are worked out from each destination backwards (Dijkstra), over all equal ones. A change concerns only destinations
whose ways used what became worse, or would use what became better, and of those only the bridges whose way it alters
(Ramalingam and Reps, "An incremental algorithm for a generalization of the shortest-path problem", 1996).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

LAST_RESORT = 1 << 44
"""What a way costs more for each link or bridge on it that is only to be used where nothing else leads on."""
NEVER = math.inf

Hops = tuple[str, ...]
Way = tuple[float, str]


@dataclass(slots=True)
class Tree:
    """How far it is to one destination, and by which neighbours, from each bridge that can reach it.

    ``own_way``: bridges that nothing passes through reach it otherwise, and are left out.
    """

    destination: str
    own_way: bool = False
    distances: dict[str, float] = field(default_factory=dict)
    next_hops: dict[str, Hops] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shift:
    """What a change did to a tree: what the next hops were before, by bridge, where they are others now.

    ``farther``: a bridge that could reach the destination and still can has another distance to it.
    """

    before: Mapping[str, Hops]
    farther: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Costs of links (by their ends; None: there is none) and tolls of bridges, where they are others than before.

    A toll is what it costs to pass through a bridge, beside links: 0, ``LAST_RESORT``, or ``NEVER``.
    """

    costs: dict[tuple[str, str], int | None] = field(default_factory=dict)
    tolls: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Arc:
    """One direction of a link, of which the cost to go there, the toll to pass on from there, or both changed."""

    tail: str
    head: str
    before: tuple[float, float]
    after: tuple[float, float]

    def weights(self, destination: str) -> tuple[float, float]:
        """What it cost and costs now; who has arrived pays no toll."""
        if self.head == destination:
            return self.before[0], self.after[0]
        return sum(self.before), sum(self.after)


class Routing:
    """Links, tolls and a tree for each destination. Costs are at least 1, so that no way goes round."""

    def __init__(self, breathe: Callable[[], None]) -> None:
        self.trees: dict[str, Tree] = {}
        self._costs: dict[str, dict[str, int]] = {}
        self._tolls: dict[str, float] = {}
        self._breathe = breathe

    def begin(self, destination: str, *, own_way: bool = False) -> Tree:
        """Lead to one more destination."""
        tree = self.trees[destination] = Tree(destination, own_way)
        settled = self._settle(tree, [(0, destination)])
        tree.next_hops = {bridge: hops for bridge in settled if (hops := self._hops(tree, bridge))}
        self._breathe()
        return tree

    def end(self, destination: str) -> Tree:
        """Lead there no longer; how it was."""
        return self.trees.pop(destination)

    def change(self, change: Change) -> dict[str, Shift]:
        """Take in what changed; the destinations for which anything is otherwise now."""
        arcs = list(self._arcs(change))
        tolls = ({toll, self._tolls.get(bridge, 0)} for bridge, toll in change.tolls.items())
        opened = any(NEVER in both and len(both) > 1 for both in tolls)
        for (one, other), cost in change.costs.items():
            self._join(one, other, cost)
            self._join(other, one, cost)
        self._tolls |= change.tolls
        self._tolls = {bridge: toll for bridge, toll in self._tolls.items() if toll}
        shifts: dict[str, Shift] = {}
        for destination, tree in self.trees.items():
            shift = self._replaced(tree) if opened and tree.own_way else self._mend(tree, arcs)
            if shift is not None and shift.before:
                shifts[destination] = shift
            self._breathe()
        return shifts

    def _replaced(self, tree: Tree) -> Shift:
        """Work a tree out anew, since other bridges than before have to be in it."""
        distances, next_hops = tree.distances, tree.next_hops
        fresh = self.begin(tree.destination, own_way=tree.own_way)
        bridges = next_hops.keys() | fresh.next_hops.keys()
        before = {bridge: next_hops.get(bridge, ()) for bridge in bridges}
        changed = {bridge: hops for bridge, hops in before.items() if hops != fresh.next_hops.get(bridge, ())}
        both = distances.keys() & fresh.distances.keys()
        return Shift(changed, any(distances[bridge] != fresh.distances[bridge] for bridge in both))

    def toll(self, bridge: str) -> float:
        """What it costs to pass through a bridge."""
        return self._tolls.get(bridge, 0)

    def _join(self, tail: str, head: str, cost: int | None) -> None:
        if cost is not None:
            self._costs.setdefault(tail, {})[head] = cost
        elif head in self._costs.get(tail, {}):
            del self._costs[tail][head]

    def _arcs(self, change: Change) -> Iterator[_Arc]:
        """Every direction of a link that costs more or less than before; called before the change is taken in."""
        ends = {*change.costs, *((other, one) for one, other in change.costs)}
        paid = (head for head, toll in change.tolls.items() if toll != self._tolls.get(head, 0))
        ends.update((tail, head) for head in paid for tail in self._costs.get(head, ()))
        for tail, head in ends:
            before = self._costs.get(tail, {}).get(head, NEVER), self._tolls.get(head, 0)
            cost = change.costs.get((tail, head), change.costs.get((head, tail), before[0]))
            yield _Arc(tail, head, before, (NEVER if cost is None else cost, change.tolls.get(head, before[1])))

    def _mend(self, tree: Tree, arcs: list[_Arc]) -> Shift | None:
        """Bring one tree up to date; None where it is already."""
        worse, better = [], []
        for arc in arcs:
            before, after = arc.weights(tree.destination)
            if after > before and arc.head in tree.next_hops.get(arc.tail, ()):
                worse.append(arc.tail)
            elif after < before and after + tree.distances.get(arc.head, 0) <= tree.distances.get(arc.tail, NEVER):
                better.append((after, arc))
        if not worse and not better:
            return None
        lost = self._lost(tree, worse)
        before_change = {bridge: tree.distances.pop(bridge) for bridge in lost}
        ways = [way for bridge in lost if (way := self._best(tree, bridge)) is not None]
        ways += [
            (cost + tree.distances[arc.head], arc.tail)
            for cost, arc in better
            if arc.head in tree.distances and not _left_out(tree, self._tolls, arc.tail)
        ]
        settled = self._settle(tree, ways)
        moved = {**settled, **before_change}
        farther = any(was is not None and tree.distances.get(bridge, was) != was for bridge, was in moved.items())
        near = {neighbour for bridge in moved for neighbour in self._costs.get(bridge, ())}
        tails = {*worse, *(arc.tail for _, arc in better)}
        return Shift(self._renew(tree, near | moved.keys() | tails), farther)

    def _lost(self, tree: Tree, tails: Iterable[str]) -> set[str]:
        """The bridges that have no way as short as before, looked for from the destination outwards."""
        lost: set[str] = set()
        suspects = [(tree.distances[bridge], bridge) for bridge in tails]
        heapify(suspects)
        while suspects:
            _, bridge = heappop(suspects)
            if bridge in lost or any(
                hop not in lost and self._weight(tree, bridge, hop) + tree.distances[hop] <= tree.distances[bridge]
                for hop in tree.next_hops[bridge]
            ):
                continue
            lost.add(bridge)
            for neighbour in self._costs.get(bridge, ()):
                if bridge in tree.next_hops.get(neighbour, ()):
                    heappush(suspects, (tree.distances[neighbour], neighbour))
        return lost

    def _weight(self, tree: Tree, tail: str, head: str) -> float:
        toll = self._tolls.get(head, 0) if head != tree.destination else 0
        return self._costs[tail].get(head, NEVER) + toll

    def _best(self, tree: Tree, bridge: str) -> Way | None:
        """The shortest way by a neighbour whose distance is known."""
        best = min(
            (
                self._weight(tree, bridge, neighbour) + tree.distances[neighbour]
                for neighbour in self._costs.get(bridge, ())
                if neighbour in tree.distances
            ),
            default=NEVER,
        )
        return (best, bridge) if best < NEVER else None

    def _settle(self, tree: Tree, ways: list[Way]) -> dict[str, float | None]:
        """Dijkstra from these ways on; whose distance became shorter, or known, with what it was."""
        settled: dict[str, float | None] = {}
        distances, tolls, own_way = tree.distances, self._tolls, tree.own_way
        heapify(ways)
        while ways:
            distance, bridge = heappop(ways)
            before = distances.get(bridge)
            if before is not None and before <= distance:
                continue
            settled.setdefault(bridge, before)
            distances[bridge] = distance
            onward = distance + (tolls.get(bridge, 0) if bridge != tree.destination else 0)
            for neighbour, cost in self._costs.get(bridge, {}).items():
                shorter = onward + cost < distances.get(neighbour, NEVER)
                if shorter and not (own_way and _left_out(tree, tolls, neighbour)):
                    heappush(ways, (onward + cost, neighbour))
        return settled

    def _hops(self, tree: Tree, bridge: str) -> Hops:
        """All neighbours by which it is nearest."""
        distances = tree.distances
        far = distances.get(bridge)
        if far is None or bridge == tree.destination:
            return ()
        return tuple(
            sorted(
                neighbour
                for neighbour, cost in self._costs[bridge].items()
                if neighbour in distances
                and distances[neighbour] < far
                and self._weight(tree, bridge, neighbour) + distances[neighbour] == far
            )
        )

    def _renew(self, tree: Tree, bridges: Iterable[str]) -> dict[str, Hops]:
        """Choose next hops again; what they were, where they are others now."""
        changed: dict[str, Hops] = {}
        for bridge in bridges:
            before, after = tree.next_hops.get(bridge, ()), self._hops(tree, bridge)
            if before == after:
                continue
            changed[bridge] = before
            if after:
                tree.next_hops[bridge] = after
            else:
                del tree.next_hops[bridge]
        return changed


def _left_out(tree: Tree, tolls: Mapping[str, float], bridge: str) -> bool:
    """Whether a bridge reaches the destination otherwise."""
    return tree.own_way and tolls.get(bridge, 0) == NEVER and bridge != tree.destination
