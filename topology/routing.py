"""Routing: to which neighbours each bridge sends what is for another, kept right while links come, go and change.

A change concerns only destinations whose ways used what became worse, or would use what became better, and of those
only the bridges whose way it alters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from topology.trees import NEVER, Ground, Hops, Tree, best, grown, lost, renew, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LAST_RESORT = 1 << 44
"""What a way costs more for each link or bridge on it that is only to be used where nothing else leads on."""


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
    """Links, tolls and a tree for each destination."""

    def __init__(self, breathe: Callable[[], None]) -> None:
        self.trees: dict[str, Tree] = {}
        self.ground = Ground()
        self._breathe = breathe

    def begin(self, destination: str, *, own_way: bool = False) -> Tree:
        """Lead to one more destination."""
        tree = self.trees[destination] = grown(self.ground, destination, own_way=own_way)
        self._breathe()
        return tree

    def end(self, destination: str) -> Tree:
        """Lead there no longer; how it was."""
        return self.trees.pop(destination)

    def change(self, change: Change) -> dict[str, Shift]:
        """Take in what changed; the destinations for which anything is otherwise now."""
        arcs = list(self._arcs(change))
        tolls = ({toll, self.ground.toll(bridge)} for bridge, toll in change.tolls.items())
        opened = any(NEVER in both and len(both) > 1 for both in tolls)
        for (one, other), cost in change.costs.items():
            self.ground.join(one, other, cost)
            self.ground.join(other, one, cost)
        tolls_now = self.ground.tolls | change.tolls
        self.ground.tolls = {bridge: toll for bridge, toll in tolls_now.items() if toll}
        shifts: dict[str, Shift] = {}
        for destination, tree in self.trees.items():
            shift = self._replaced(tree) if opened and tree.own_way else self._mended(tree, arcs)
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

    def _arcs(self, change: Change) -> Iterator[_Arc]:
        """Every direction of a link that costs more or less than before; called before the change is taken in."""
        ground = self.ground
        ends = {*change.costs, *((other, one) for one, other in change.costs)}
        paid = (head for head, toll in change.tolls.items() if toll != ground.toll(head))
        ends.update((tail, head) for head in paid for tail in ground.neighbours(head))
        for tail, head in ends:
            before = ground.neighbours(tail).get(head, NEVER), ground.toll(head)
            cost = change.costs.get((tail, head), change.costs.get((head, tail), before[0]))
            yield _Arc(tail, head, before, (NEVER if cost is None else cost, change.tolls.get(head, before[1])))

    def _mended(self, tree: Tree, arcs: list[_Arc]) -> Shift | None:
        """Bring one tree up to date; None where it is already."""
        worse, better = _concerned(tree, arcs)
        if not worse and not better:
            return None
        were = lost(self.ground, tree, worse)
        ways = [way for bridge in were if (way := best(self.ground, tree, bridge)) is not None]
        ways += [
            (cost + tree.distances[arc.head], arc.tail)
            for cost, arc in better
            if arc.head in tree.distances and not tree.leaves_out(self.ground, arc.tail)
        ]
        moved = {**settle(self.ground, tree, ways), **were}
        both = ((was, tree.distances.get(bridge)) for bridge, was in moved.items())
        farther = any(was != now for was, now in both if was is not None and now is not None)
        near = {neighbour for bridge in moved for neighbour in self.ground.neighbours(bridge)}
        tails = {*worse, *(arc.tail for _, arc in better)}
        return Shift(renew(self.ground, tree, near | moved.keys() | tails), farther)


def _concerned(tree: Tree, arcs: list[_Arc]) -> tuple[list[str], list[tuple[float, _Arc]]]:
    """The bridges whose way became worse, and arcs that may be a way as short as any, with what they cost."""
    worse, better = [], []
    for arc in arcs:
        before, after = arc.weights(tree.destination)
        if after > before and arc.head in tree.next_hops.get(arc.tail, ()):
            worse.append(arc.tail)
        elif after < before and after + tree.distances.get(arc.head, 0) <= tree.distances.get(arc.tail, NEVER):
            better.append((after, arc))
    return worse, better
