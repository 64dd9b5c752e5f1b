"""Trees: how bridges get to one destination by the shortest ways, worked out from the destination backwards.

All equal ways count (Dijkstra). What changes is mended in place, and only there: first who has lost the way is looked
for from the destination outwards, then ways are settled anew (Ramalingam and Reps, "An incremental algorithm for a
generalization of the shortest-path problem", 1996).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NEVER = math.inf
"""What it costs where one cannot go."""

Hops = tuple[str, ...]
Way = tuple[float, str]
"""A distance, and the bridge that has it."""


@dataclass(slots=True)
class Ground:
    """What it costs to go from each bridge to its neighbours, at least 1, and to pass through some of them."""

    costs: dict[str, dict[str, int]] = field(default_factory=dict)
    tolls: dict[str, float] = field(default_factory=dict)

    def join(self, tail: str, head: str, cost: int | None) -> None:
        """One goes there at this cost, or not at all."""
        if cost is not None:
            self.costs.setdefault(tail, {})[head] = cost
        elif head in self.costs.get(tail, {}):
            del self.costs[tail][head]

    def neighbours(self, bridge: str) -> dict[str, int]:
        """Where one can go from a bridge, and at what cost."""
        return self.costs.get(bridge, {})

    def toll(self, bridge: str) -> float:
        """What it costs to pass through a bridge."""
        return self.tolls.get(bridge, 0)


@dataclass(slots=True)
class Tree:
    """How far it is to one destination, and by which neighbours, from each bridge that can reach it.

    ``own_way``: bridges that nothing passes through reach it otherwise, and are left out.
    """

    destination: str
    own_way: bool = False
    distances: dict[str, float] = field(default_factory=dict)
    next_hops: dict[str, Hops] = field(default_factory=dict)

    def weight(self, ground: Ground, tail: str, head: str) -> float:
        """What a step costs on the way; who has arrived pays no toll."""
        toll = ground.toll(head) if head != self.destination else 0
        return ground.costs[tail].get(head, NEVER) + toll

    def leaves_out(self, ground: Ground, bridge: str) -> bool:
        """Whether a bridge reaches the destination otherwise."""
        return self.own_way and ground.toll(bridge) == NEVER and bridge != self.destination


def grown(ground: Ground, destination: str, *, own_way: bool) -> Tree:
    """The whole tree."""
    tree = Tree(destination, own_way)
    bridges = settle(ground, tree, [(0, destination)])
    tree.next_hops = {bridge: hops for bridge in bridges if (hops := nearest(ground, tree, bridge))}
    return tree


def lost(ground: Ground, tree: Tree, tails: Iterable[str]) -> dict[str, float]:
    """The bridges that have no way as short as before any more, with how far it was; ``tails`` are where to begin.

    Their distances are taken away.
    """
    found: set[str] = set()
    suspects = [(tree.distances[bridge], bridge) for bridge in tails]
    heapify(suspects)
    while suspects:
        far, bridge = heappop(suspects)
        if bridge in found or any(
            hop not in found and tree.weight(ground, bridge, hop) + tree.distances[hop] <= far
            for hop in tree.next_hops[bridge]
        ):
            continue
        found.add(bridge)
        for neighbour in ground.neighbours(bridge):
            if bridge in tree.next_hops.get(neighbour, ()):
                heappush(suspects, (tree.distances[neighbour], neighbour))
    return {bridge: tree.distances.pop(bridge) for bridge in found}


def best(ground: Ground, tree: Tree, bridge: str) -> Way | None:
    """The shortest way by a neighbour whose distance is known."""
    known = (neighbour for neighbour in ground.neighbours(bridge) if neighbour in tree.distances)
    far = min((tree.weight(ground, bridge, hop) + tree.distances[hop] for hop in known), default=NEVER)
    return (far, bridge) if far < NEVER else None


def settle(ground: Ground, tree: Tree, ways: list[Way]) -> dict[str, float | None]:
    """Dijkstra from these ways on; whose distance became shorter, or known, with what it was."""
    settled: dict[str, float | None] = {}
    distances = tree.distances
    heapify(ways)
    while ways:
        distance, bridge = heappop(ways)
        before = distances.get(bridge)
        if before is not None and before <= distance:
            continue
        settled.setdefault(bridge, before)
        distances[bridge] = distance
        onward = distance + (ground.toll(bridge) if bridge != tree.destination else 0)
        for neighbour, cost in ground.neighbours(bridge).items():
            shorter = onward + cost < distances.get(neighbour, NEVER)
            if shorter and not tree.leaves_out(ground, neighbour):
                heappush(ways, (onward + cost, neighbour))
    return settled


def nearest(ground: Ground, tree: Tree, bridge: str) -> Hops:
    """All neighbours by which it is nearest; none from the destination itself."""
    distances = tree.distances
    far = distances.get(bridge)
    if far is None or bridge == tree.destination:
        return ()
    return tuple(
        sorted(
            neighbour
            for neighbour in ground.neighbours(bridge)
            if distances.get(neighbour, NEVER) < far
            and tree.weight(ground, bridge, neighbour) + distances[neighbour] == far
        )
    )


def renew(ground: Ground, tree: Tree, bridges: Iterable[str]) -> dict[str, Hops]:
    """Choose next hops again; what they were, where they are others now."""
    changed: dict[str, Hops] = {}
    for bridge in bridges:
        before, after = tree.next_hops.get(bridge, ()), nearest(ground, tree, bridge)
        if before == after:
            continue
        changed[bridge] = before
        if after:
            tree.next_hops[bridge] = after
        else:
            del tree.next_hops[bridge]
    return changed
