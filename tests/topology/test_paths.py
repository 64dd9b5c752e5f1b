"""Paths: the best of all that keep what is asked for, held against looking at each; and why there is none."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

import networkx as nx
import pytest
from hypothesis import given, settings

from controller.links import Wanted
from tests.topology.grounds import MARK, cabled, drawn, grounds, questions
from topology import reasons, search, solving
from topology.dijkstra import mesh
from topology.map import Edge, Map, Site
from topology.paths import Question, best, figured, seek_several
from topology.rings import between
from topology.steps import finished

if TYPE_CHECKING:
    from collections.abc import Iterator

    from topology.paths import Path
    from topology.steps import Steps

RING = ("s1-s2", "s2-s3", "s3-s4", "s4-s1")


def bridges(ground: Map, source: str, target: str, wanted: Wanted) -> tuple[str, ...]:
    """Those of the best path."""
    path = best(ground, Question(source, target, wanted)).path
    assert path is not None
    return path.bridges


def refusal(ground: Map, wanted: Wanted, source: str = "s1", target: str = "s3") -> str:
    """Why there is no path, in a word and a sentence."""
    answer = best(ground, Question(source, target, wanted))
    assert answer.path is None
    assert answer.problem is not None
    return f"{answer.problem.reason}: {answer.problem.message}"


def edges_of(ground: Map, path: tuple[str, ...]) -> list[Edge]:
    found = [ground.edge(one, other) for one, other in pairwise(path)]
    return [edge for edge in found if edge is not None]


def permitted(ground: Map, question: Question) -> Iterator[tuple[str, ...]]:
    """Every path without a bridge twice that keeps everything asked for."""
    wanted = question.wanted
    for found in nx.all_simple_paths(ground.graph, question.source, question.target):
        edges, ahead = edges_of(ground, tuple(found)), iter(found)
        avoided = {*wanted.avoid_links, *("-".join(reversed(name.split("-"))) for name in wanted.avoid_links)}
        marked = [*(edge.labels for edge in edges), *(ground.site(name).labels for name in found)]
        latencies, capacities = [edge.latency for edge in edges], [edge.capacity for edge in edges]
        if (
            all(name in ahead for name in wanted.via)
            and not set(found) & set(wanted.avoid_bridges)
            and not {edge.name for edge in edges} & avoided
            and not any(set(labels) & set(wanted.avoid_labels) for labels in marked)
            and (wanted.max_hops is None or len(edges) <= wanted.max_hops)
            and (wanted.max_latency is None or (None not in latencies and sum(latencies) <= wanted.max_latency))  # type: ignore[arg-type]
            and (wanted.min_bandwidth is None or all(each and each >= wanted.min_bandwidth for each in capacities))
        ):
            yield tuple(found)


def price(ground: Map, question: Question, path: tuple[str, ...]) -> tuple[float, ...]:
    """What paths are chosen by, the first part first."""
    edges, objective = edges_of(ground, path), question.wanted.objective
    slowest = max((edge.latency for edge in ground.edges() if edge.latency is not None), default=1.0)
    narrowest = min((edge.capacity for edge in ground.edges() if edge.capacity is not None), default=1000.0)
    drained = sum(edge.drained for edge in edges)
    heavy = sum(ground.site(name).drained for name in path[1:-1] if name not in question.wanted.via)
    hops, cost = len(edges), sum(edge.cost for edge in edges)
    if objective == "cost":
        return drained + heavy, cost, hops
    if objective == "latency":
        return drained + heavy, round(sum(slowest if e.latency is None else e.latency for e in edges), 6), hops
    if objective == "hops":
        return drained + heavy, hops, cost
    sent = [edge.load[edge.ends[0] != at] / (edge.capacity or narrowest) for at, edge in zip(path, edges, strict=False)]
    fullest = max(
        max(1, ceil(each * 20)) + (1000 if edge.drained else 0) for each, edge in zip(sent, edges, strict=True)
    )
    return fullest, drained + heavy, hops, cost


@settings(max_examples=250)
@given(grounds(), questions())
def test_the_path_is_the_best_of_all_that_keep_what_is_asked_for(ground: Map, question: Question) -> None:
    answer = best(ground, question)
    prices = [price(ground, question, path) for path in permitted(ground, question)]
    if not prices:
        assert answer.path is None or len(set(answer.path.bridges)) < len(answer.path.bridges)
        assert answer.path is not None or answer.problem is not None
        return
    assert answer.path is not None, answer.problem
    assert answer.path.bridges in set(permitted(ground, question))
    assert price(ground, question, answer.path.bridges) == min(prices)


@settings(max_examples=80)
@given(grounds(), questions())
def test_the_next_paths_come_in_order_and_none_is_left_out(ground: Map, question: Question) -> None:
    found = finished(seek_several(ground, question, 50))
    assert {path.bridges for path in found} == set(permitted(ground, question))
    if question.wanted.objective != "load":
        prices = [price(ground, question, path.bridges) for path in found]
        assert prices == sorted(prices)


@settings(max_examples=80)
@given(grounds(), questions())
def test_a_path_that_meets_a_bridge_twice_still_keeps_everything(ground: Map, question: Question) -> None:
    path: Path | None = best(ground, question).path
    if path is None or len(set(path.bridges)) == len(path.bridges):
        return
    wanted, ahead = question.wanted, iter(path.bridges)
    assert all(name in ahead for name in wanted.via)
    assert wanted.max_hops is None or path.hops <= wanted.max_hops
    assert wanted.max_latency is None or (path.latency or 0) <= wanted.max_latency
    assert not set(path.bridges) & set(wanted.avoid_bridges)


@settings(max_examples=80)
@given(grounds())
def test_bridges_between_two_are_those_on_a_ring_with_a_link_between_them(ground: Map) -> None:
    net, graph = mesh(ground), ground.graph.copy()
    graph.add_edge("s1", "s2")
    legs = [[(to, 1, 1) for to, _, _ in each] for each in net.arcs]
    found = {net.names[at] for at in between(legs, net.index["s1"], net.index["s2"])}
    assert found == next(ring for ring in nx.biconnected_components(graph) if {"s1", "s2"} <= ring)


def test_waypoints_are_met_in_their_order() -> None:
    ground = drawn("s1-s2", "s2-s3", "s3-s4", "s1-s3", "s2-s4")
    assert bridges(ground, "s1", "s4", Wanted(via=("s2", "s3"))) == ("s1", "s2", "s3", "s4")
    assert bridges(ground, "s1", "s4", Wanted(via=("s3", "s2"))) == ("s1", "s3", "s2", "s4")


def test_a_waypoint_at_the_end_of_a_stub_is_gone_to_and_come_back_from() -> None:
    ground = drawn("s1-s2", "s2-s3", "s2-s9")
    assert bridges(ground, "s1", "s3", Wanted(via=("s9",))) == ("s1", "s2", "s9", "s2", "s3")


def test_what_begins_and_ends_at_one_bridge_makes_a_round_by_the_waypoint() -> None:
    for objective in ("hops", "load"):
        assert bridges(drawn(*RING), "s1", "s1", Wanted(via=("s3",), objective=objective))[0::2] == ("s1", "s3", "s1")


def test_no_bridge_is_met_twice_where_a_longer_way_spares_it() -> None:
    ground = drawn("s1-s2", "s2-s3", "s2-s9", "s9-s5", "s5-s6", "s6-s3")
    assert bridges(ground, "s1", "s3", Wanted(via=("s9",))) == ("s1", "s2", "s9", "s5", "s6", "s3")


def test_what_is_drained_is_used_only_where_nothing_else_leads_on() -> None:
    ground = drawn("s1-s2", "s2-s3", "s1-s4", "s4-s5", "s5-s3")
    ground.put(Site("s2", drained=True))
    assert bridges(ground, "s1", "s3", Wanted()) == ("s1", "s4", "s5", "s3")
    assert bridges(ground, "s1", "s2", Wanted()) == ("s1", "s2")
    ground.drop_edge("s4", "s5")
    assert bridges(ground, "s1", "s3", Wanted()) == ("s1", "s2", "s3")


def test_equal_paths_are_told_apart_by_names_and_not_by_the_order_in_which_links_came() -> None:
    cables = ("s1-s2", "s2-s4", "s1-s3", "s3-s4", "s1-s10", "s10-s4")
    forwards, backwards = drawn(*cables), drawn(*reversed(cables))
    assert bridges(forwards, "s1", "s4", Wanted()) == bridges(backwards, "s1", "s4", Wanted()) == ("s1", "s2", "s4")


def test_links_with_a_name_are_avoided_in_either_order_of_its_ends() -> None:
    for name in ("s1-s2", "s2-s1"):
        assert bridges(drawn(*RING), "s1", "s3", Wanted(avoid_links=(name,))) == ("s1", "s4", "s3")


def test_the_figures_of_a_path_are_those_of_its_links() -> None:
    ground = cabled([("s1", "s2", 5, 1.5, 100.0), ("s2", "s3", 7, 2.0, 40.0), ("s3", "s4", 1, None, None)])
    path = figured(ground, ("s1", "s2", "s3"))
    assert (path.hops, path.cost, path.latency, path.bandwidth) == (2, 12, 3.5, 40.0)
    path = figured(ground, ("s1", "s2", "s3", "s4"))
    assert (path.latency, path.bandwidth) == (None, None)
    with pytest.raises(KeyError):
        figured(ground, ("s1", "s4"))


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(via=("s8", "s9")), "UnknownBridge: via names s8 and s9, and no such bridge is known"),
        (Wanted(avoid_bridges=("s1",)), "Contradiction: the path has to meet s1, which it has to avoid"),
        (Wanted(max_hops=1), "TooManyHops: no path from s1 to s3 of at most 1 hop: the best has 2"),
        (Wanted(max_latency=1.5), "TooSlow: no path from s1 to s3 within 1.5 ms: the quickest takes 2 ms"),
        (
            Wanted(min_bandwidth=200),
            "TooNarrow: no path from s1 to s3 has 200 Mbit/s all along: the widest has 100",
        ),
        (
            Wanted(avoid_bridges=("s2", "s4")),
            "Avoided: every path from s1 to s3 passes something that is to be avoided",
        ),
        (
            Wanted(via=("s2",), avoid_links=("s2-s3",), max_hops=2),
            "TooManyHops: no path from s1 to s3 by s2 of at most 2 hops: the best has 4",
        ),
    ],
)
def test_what_cannot_be_had_is_said_with_what_could_be(wanted: Wanted, said: str) -> None:
    assert refusal(drawn(*RING), wanted) == said


def test_what_stands_against_a_path_may_be_a_label_or_what_is_not_known() -> None:
    ground = drawn(*RING, latency=None, capacity=None)
    ground.put(Site("s3", MARK))
    labels = "Contradiction: the path has to meet s3, which has region=x, which it has to avoid"
    assert refusal(ground, Wanted(avoid_labels=MARK)) == labels
    unknown = "no path from s1 to s3 within 5 ms: the latency of some link on each is not known yet"
    assert refusal(ground, Wanted(max_latency=5)) == f"LatencyUnknown: {unknown}"
    assert refusal(ground, Wanted(min_bandwidth=5)).endswith("that of some link on each is not known")
    assert refusal(ground, Wanted(), target="s7") == "NotConnected: no link to s7 is known"
    ground.put(Site("s7"))
    assert refusal(ground, Wanted(), target="s7") == "NotConnected: no links lead from s1 to s7"


class Counted:
    """Searches as they are, and how many."""

    def __init__(self) -> None:
        self.searches = 0

    def solve(self, ground: Map, question: Question) -> Steps[solving.Solved]:
        self.searches += 1
        return solving.solve(ground, question)


def test_the_widest_path_is_found_by_trying_few_of_the_capacities(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = [(f"s{at}", f"s{at + 1}", 10, 1.0, 100.0 + at) for at in range(1, 200)]
    counted = Counted()
    monkeypatch.setattr(reasons, "solve", counted.solve)
    said = refusal(cabled(chain), Wanted(min_bandwidth=200.5), target="s200")
    assert said == "TooNarrow: no path from s1 to s200 has 200.5 Mbit/s all along: the widest has 101"
    assert counted.searches < 12


def test_limits_that_only_together_are_too_narrow_are_said_together() -> None:
    ground = cabled([("s1", "s3", 1, 9.0, None), ("s1", "s2", 1, 1.0, None), ("s2", "s3", 1, 1.0, None)])
    said = refusal(ground, Wanted(max_latency=5, max_hops=1))
    assert said == "TooSlow: no path from s1 to s3 within 5 ms: the quickest of at most 1 hop takes 9 ms"


def test_a_search_that_gets_too_long_gives_a_good_path_and_how_far_it_may_be_from_the_best(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cables = [(f"s{a}", f"s{a + 1}", 1 + a % 3, 2.0 + a % 5, None) for a in range(1, 30)]
    cables += [(f"s{a}", f"s{a + 2}", 4 + a % 2, 1.0 + a % 3, None) for a in range(1, 29)]
    ground, question = cabled(cables), Question("s1", "s30", Wanted(max_latency=30, objective="cost"))
    exact = best(ground, question)
    monkeypatch.setattr(search, "PATIENCE", 20)
    rough = best(ground, question)
    assert exact.path is not None
    assert rough.path is not None
    assert exact.gap == 0
    assert rough.path.latency is not None
    assert rough.path.latency <= 30
    assert exact.path.cost >= rough.path.cost / (1 + rough.gap) * (1 - 0.02)


def test_numbers_of_bridges_are_made_again_when_the_map_changes() -> None:
    ground = drawn("s1-s2", "s2-s3")
    assert bridges(ground, "s1", "s3", Wanted()) == ("s1", "s2", "s3")
    ground.put(Edge("s1-s3", ("s1", "s3"), 10))
    assert bridges(ground, "s1", "s3", Wanted()) == ("s1", "s3")
    assert finished(solving.solve(ground, Question("s1", "s3"))).way == (0, 2)
