"""Placing: the fullest link is never fuller than routes would make it, and nearly as empty as can be."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.links import link_name
from tests.boards import filled
from tests.topology.grounds import drawn, grounds
from topology.board import Load
from topology.dijkstra import mesh
from topology.map import Edge, Map, Site
from topology.placing import place

if TYPE_CHECKING:
    from collections.abc import Sequence

FISH = ("s1-s2", "s2-s5", "s1-s3", "s3-s4", "s4-s5")


def placed(ground: Map, loads: Sequence[Load]) -> tuple[float, float, list[tuple[str, ...]]]:
    """The load of the fullest link by the routes, and after placing; and where each demand goes."""
    board = filled(mesh(ground), loads)
    before = board.fullest()
    for _ in place(board):
        continue
    return before, board.fullest(), [board.path(number) for number in range(len(loads))]


def loads_on(ground: Map) -> st.SearchStrategy[list[Load]]:
    """A few demands between bridges that are joined."""
    names = sorted(ground.graph)
    pairs = [(a, b) for a, b in product(names, names) if a != b and nx.has_path(ground.graph, a, b)]
    rates = st.sampled_from((1.0, 2.0, 5.0, 20.0))
    made = st.tuples(st.sampled_from(pairs), rates)
    return st.lists(made, max_size=7).map(
        lambda all_of_them: [Load(f"d{at}", ends[0], ends[1], rate) for at, (ends, rate) in enumerate(all_of_them)]
    )


def test_two_demands_that_would_share_a_link_take_different_ways() -> None:
    before, after, paths = placed(drawn(*FISH), [Load("a", "s1", "s5", 40.0), Load("b", "s1", "s5", 40.0)])
    assert [before, after] == pytest.approx([0.8, 0.4])
    assert sorted(paths) == [(), ("s1", "s3", "s4", "s5")]


def test_demands_that_routes_spread_well_stay_on_the_routes() -> None:
    square = drawn("s1-s2", "s2-s4", "s1-s3", "s3-s4")
    before, after, paths = placed(square, [Load("a", "s1", "s4", 40.0), Load("b", "s1", "s4", 40.0)])
    assert [before, after] == pytest.approx([0.4, 0.4])
    assert paths == [(), ()]


def test_a_demand_that_may_take_but_some_paths_takes_the_emptiest_of_these() -> None:
    ways = ("s1", "s2", "s5"), ("s1", "s3", "s4", "s5")
    loads = [Load("a", "s1", "s5", 40.0), Load("b", "s1", "s5", 40.0, ways), Load("c", "s1", "s5", 40.0, ways[:1])]
    _, after, paths = placed(drawn(*FISH), loads)
    assert after == pytest.approx(0.8)
    assert paths[2] == ways[0]
    assert paths[1] in ways


def test_what_others_send_is_placed_around() -> None:
    ground = drawn("s1-s2", "s2-s4", "s1-s3", "s3-s4")
    ground.put(Edge("s1-s2", ("s1", "s2"), 10, 1.0, 100.0, (90.0, 0.0)))
    board = filled(mesh(ground), [Load("a", "s1", "s4", 20.0)])
    board.among_others()
    for _ in place(board):
        continue
    assert board.path(0) == ("s1", "s3", "s4")


def test_links_that_are_thinner_by_far_are_left_alone_by_what_has_another_way() -> None:
    ground = drawn("s1-s2", "s2-s3", "s3-s4", capacity=1e4)
    for link in (("s1", "s3"), ("s2", "s4")):
        ground.put(Edge(link_name(*link), link, 10, 1.0, 1e-3))
    _, after, paths = placed(
        ground, [Load("a", "s1", "s4", 5e3), Load("b", "s1", "s3", 1e-4), Load("c", "s1", "s3", 0.0)]
    )
    assert after == pytest.approx(0.5, rel=0.01)
    assert paths[0] == ("s1", "s2", "s3", "s4")


def test_with_no_links_or_no_demands_there_is_nothing_to_place() -> None:
    assert placed(Map(), []) == (0.0, 0.0, [])
    assert placed(drawn(*FISH), []) == (0.0, 0.0, [])


def test_nothing_is_placed_on_what_is_drained() -> None:
    ground = drawn(*FISH)
    ground.put(Site("s3", drained=True))
    _, after, paths = placed(ground, [Load("a", "s1", "s5", 40.0), Load("b", "s1", "s5", 40.0)])
    assert after == pytest.approx(0.8)
    assert paths == [(), ()]


@settings(max_examples=80)
@given(st.data(), grounds())
def test_placing_is_never_worse_than_the_routes_and_says_what_it_does(data: st.DataObject, ground: Map) -> None:
    if not ground.graph.number_of_edges():
        return
    loads = data.draw(loads_on(ground))
    before, after, paths = placed(ground, loads)
    assert after <= before + 1e-9
    assert placed(ground, loads)[2] == paths
    net, carried = mesh(ground), {}
    fresh = filled(net, [load for load, path in zip(loads, paths, strict=True) if not path])
    carried = dict(enumerate(fresh.carried))
    for load, path in zip(loads, paths, strict=True):
        assert not path or (path[0], path[-1]) == (load.source, load.target)
        for one, other in pairwise(path):
            at, to = net.index[one], net.index[other]
            arc = next(2 * edge + way for there, edge, way in net.arcs[at] if there == to)
            carried[arc] += load.rate
    fullest = max((rate / fresh.capacities[arc] for arc, rate in carried.items()), default=0.0)
    assert fullest == pytest.approx(after)


@settings(max_examples=30)
@given(st.data(), grounds(5))
def test_placing_few_demands_comes_close_to_the_best_of_all_ways_to_do_it(data: st.DataObject, ground: Map) -> None:
    if not ground.graph.number_of_edges():
        return
    loads = data.draw(loads_on(ground))[:3]
    best = min(_fullest(ground, loads, choice) for choice in product(*(_ways(ground, load) for load in loads)))
    _, after, _ = placed(ground, loads)
    assert after <= best * 1.5 + 1e-9


def _ways(ground: Map, load: Load) -> list[tuple[str, ...]]:
    """Every path that passes nothing drained, and () for the routes."""
    free = nx.Graph((*edge.ends,) for edge in ground.edges() if not edge.drained)
    free.remove_nodes_from([s.name for s in ground.sites() if s.drained and s.name not in {load.source, load.target}])
    if load.source not in free or load.target not in free:
        return [()]
    return [(), *map(tuple, nx.all_simple_paths(free, load.source, load.target))]


def _fullest(ground: Map, loads: Sequence[Load], choice: Sequence[tuple[str, ...]]) -> float:
    board = filled(mesh(ground), loads)
    for number, path in enumerate(choice):
        if path:
            board.move(number, board.shares(path))
    return board.fullest()
