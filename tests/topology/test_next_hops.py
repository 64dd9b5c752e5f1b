"""However links and bridges came, went and changed, ways are those that working everything out anew would find."""

from __future__ import annotations

import random
from itertools import combinations
from typing import TYPE_CHECKING

import networkx as nx
import pytest

from topology.routing import LAST_RESORT, Change, Routing
from topology.trees import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterator

Ends = tuple[str, str]


class Ground:
    """A graph as a test knows it, and the routing that is told of each of its changes."""

    def __init__(self, seed: int, bridges: int, links: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  # a test that repeats itself
        self.bridges = [f"s{number}" for number in range(bridges)]
        self.pairs = self.random.sample(list(combinations(self.bridges, 2)), links)
        self.costs: dict[Ends, int] = {}
        self.tolls: dict[str, float] = {}
        self.routing = Routing(lambda: None)
        self.leaves = {name for name in self.bridges if self.random.random() < 0.2}
        self.own_way = {name for name in self.bridges if name in self.leaves or self.random.random() < 0.3}
        self.tell(Change(tolls=dict.fromkeys(self.leaves, NEVER)))
        for name in self.bridges:
            self.routing.begin(name, own_way=name in self.own_way)

    def tell(self, change: Change) -> dict[str, bool]:
        """Make a change; which trees moved, and whether distances did."""
        for ends, cost in change.costs.items():
            self.costs.pop(ends, None)
            if cost is not None:
                self.costs[ends] = cost
        self.tolls |= change.tolls
        return {key: shift.farther for key, shift in self.routing.change(change).items()}

    def draw(self) -> Change:
        """Some links, or all of a bridge's, and tolls, changed at once."""
        chosen = self.random.sample(self.pairs, self.random.choice([1, 1, 1, 2, 5]))
        if self.random.random() < 0.2:
            bridge = self.random.choice(self.bridges)
            chosen = [ends for ends in self.pairs if bridge in ends]
            gone = self.random.random() < 0.6
            return Change({ends: None if gone else self.random.randint(1, 3) for ends in chosen})
        costs = {ends: self.random.choice([None, 1, 1, 2, 3, LAST_RESORT + 1]) for ends in chosen}
        tolls = {}
        if self.random.random() < 0.3:
            bridge = self.random.choice(self.bridges)
            tolls[bridge] = self.random.choice([0, LAST_RESORT, NEVER if bridge in self.leaves else 0])
        return Change(costs, tolls)

    def expected(self, destination: str) -> dict[str, set[str]]:
        """The next hops of all bridges, by a library's shortest paths."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_node(destination)
        for tail, head, weight in self._arcs(destination):
            graph.add_edge(head, tail, weight=weight)
        distances = nx.single_source_dijkstra_path_length(graph, destination)
        hops: dict[str, set[str]] = {}
        for tail, head, weight in self._arcs(destination):
            if head in distances and tail != destination and distances[head] + weight == distances[tail]:
                hops.setdefault(tail, set()).add(head)
        return hops

    def _arcs(self, destination: str) -> Iterator[tuple[str, str, int]]:
        for one, other in self.costs:
            for tail, head in ((one, other), (other, one)):
                toll = self.tolls.get(head, 0) if head != destination else 0
                closed = self.tolls.get(tail, 0) == NEVER and destination in self.own_way and tail != destination
                if toll != NEVER and not closed:
                    yield tail, head, self.costs[one, other] + int(toll)


@pytest.mark.parametrize("seed", range(12))
def test_after_each_of_hundreds_of_changes_next_hops_are_as_if_worked_out_anew(seed: int) -> None:
    ground = Ground(seed, bridges=12, links=24)
    for _ in range(150):
        ground.tell(ground.draw())
        for name in ground.bridges:
            found = {bridge: set(hops) for bridge, hops in ground.routing.trees[name].next_hops.items()}
            assert found == ground.expected(name)


@pytest.mark.parametrize("seed", range(4))
def test_a_change_tells_of_exactly_the_next_hops_that_it_alters(seed: int) -> None:
    ground = Ground(seed, bridges=10, links=20)
    for _ in range(100):
        before = {name: dict(tree.next_hops) for name, tree in ground.routing.trees.items()}
        away = {name: dict(tree.distances) for name, tree in ground.routing.trees.items()}
        shifts = ground.routing.change(ground.draw())
        for name, tree in ground.routing.trees.items():
            bridges = before[name].keys() | tree.next_hops.keys()
            altered = {b: before[name].get(b, ()) for b in bridges if before[name].get(b) != tree.next_hops.get(b)}
            farther = any(tree.distances.get(b, far) != far for b, far in away[name].items())
            assert altered == (shifts[name].before if name in shifts else {})
            assert name not in shifts or shifts[name].farther == farther


def test_two_bridges_that_share_a_load_lose_only_what_fails() -> None:
    routing = Routing(lambda: None)
    routing.change(Change({("a", "b"): 1, ("a", "c"): 1, ("b", "d"): 1, ("c", "d"): 1}))
    tree = routing.begin("d")
    assert tree.next_hops == {"a": ("b", "c"), "b": ("d",), "c": ("d",)}
    shifts = routing.change(Change({("a", "b"): None}))
    assert shifts["d"].before == {"a": ("b", "c")}
    assert not shifts["d"].farther
    assert tree.next_hops["a"] == ("c",)


def test_a_drained_link_and_a_drained_bridge_are_used_where_nothing_else_leads_on() -> None:
    routing = Routing(lambda: None)
    routing.change(Change({("a", "b"): 1, ("b", "d"): 1, ("a", "c"): 5, ("c", "d"): 5}))
    tree = routing.begin("d")
    routing.change(Change(tolls={"b": LAST_RESORT}))
    assert tree.next_hops["a"] == ("c",)
    assert tree.next_hops["b"] == ("d",)
    routing.change(Change({("a", "c"): None}))
    assert tree.next_hops["a"] == ("b",)
    routing.change(Change({("a", "b"): LAST_RESORT + 1}))
    assert tree.next_hops["a"] == ("b",)
