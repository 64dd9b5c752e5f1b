"""Choosing paths takes long, and what fails does not wait for it: it is left off, and gone on with afterwards."""

from __future__ import annotations

import random
import sys
from contextlib import suppress
from dataclasses import replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import pytest

from controller.atlas.steering import Steering
from controller.links import Demand, Placed, Route, Wanted
from controller.settings import Topology
from tests.atlas.country import Country, Idle
from tests.atlas.steered import POLICY, Scene
from tests.bench.maps import grown
from tests.steered_worlds import EVERYBODY, STREAM, policy
from topology.paths import Question, bridges

if TYPE_CHECKING:
    from types import FrameType

    from topology.map import Map

BRIDGES, LINKS = 60, 80
WISHES = (
    Wanted(protection="link"),
    Wanted(objective="load"),
    Wanted(objective="latency", protection="node"),
    Wanted(objective="load", max_hops=30, protection="link"),
    Wanted(objective="cost", max_latency=400.0, avoid_bridges=("b3",)),
    Wanted(via=("b7", "b9")),
)
SEARCHES = 12
"""Times that the whole map may be searched between two breaths: within limits, by waypoints, at each level of load."""


def mixed(ground: Map, count: int) -> Scene:
    """Policies of all sorts between bridges drawn by chance."""
    draw, scene, names = random.Random(7), Scene(ground), sorted(ground.graph)  # noqa: S311 - the same every time
    for number in range(count):
        one, other = draw.sample(names, 2)
        key = f"acme/p{number}"
        scene.policies[key] = replace(POLICY, key=key, wanted=WISHES[number % len(WISHES)])
        scene.demands[f"{key}|{one}|{other}"] = Demand(f"{key}|{one}|{other}", key, one, other)
    return scene


class Effort:
    """Counts what is taken off heaps, by which all searches go, from one breath to the next."""

    def __init__(self) -> None:
        self.since = self.most = self.breaths = 0

    def breathe(self) -> None:
        self.most, self.since = max(self.most, self.since), 0
        self.breaths += 1

    def follow(self, _frame: FrameType, event: str, what: Any) -> None:
        """As of ``sys.setprofile``."""
        self.since += event == "c_call" and what.__name__ == "heappop"


def test_between_two_breaths_the_map_is_searched_a_few_times_however_many_paths_there_are() -> None:
    effort = Effort()
    scene = mixed(grown(BRIDGES, LINKS, BRIDGES), 60)
    scene.steering = Steering(scene.settings, effort.breathe)
    sys.setprofile(effort.follow)
    try:
        scene.plan()
        scene.ground.drop_edge(*max(scene.ground.graph.edges, key=str))
        scene.now = 1.0
        scene.plan()
    finally:
        sys.setprofile(None)
    assert effort.breaths > 500
    assert 0 < effort.most <= SEARCHES * BRIDGES


@pytest.mark.parametrize("seed", range(3))
def test_plans_that_are_left_off_come_to_the_same_in_the_end(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - the same interruptions every time
    whole, broken = (mixed(grown(BRIDGES, LINKS, BRIDGES), 24) for _ in range(2))
    for scene in (whole, broken):
        scene.plan()
    for ends in draw.sample(sorted(whole.ground.graph.edges), 3):
        whole.now = broken.now = whole.now + 100.0
        for scene in (whole, broken):
            scene.ground.drop_edge(*ends)
        for _ in range(20):
            plan = broken.steering.plan(
                broken.ground, broken.policies, broken.demands, {}, broken.now, presses=lambda: draw.random() < 0.2
            )
            assert plan.again is not None
        plan = broken.plan()
        assert plan == whole.plan()
        steps = [step for track in plan.tracks.values() for step in pairwise(track.bridges)]
        assert all(broken.ground.edge(*step) is not None for step in steps)


@pytest.mark.parametrize("changes", [0, 1, 2, 50])
def test_what_if_is_answered_for_the_map_as_it_is_though_that_changes_all_the_time(changes: int) -> None:
    ground = grown(BRIDGES, LINKS, BRIDGES)
    question = Question("b0", "b40", Wanted(protection="link"))
    left = iter(range(changes))
    answer = Steering(Topology(), lambda: _changed(ground, question, next(left, None))).compute(ground, question)
    assert answer == Steering(Topology(), lambda: None).compute(ground, question)
    assert all(ground.edge(*step) is not None for step in pairwise(answer["path"]))


def _changed(ground: Map, question: Question, turn: int | None) -> None:
    """The first link of the best path is gone, or dearer."""
    path = bridges(ground, question) if turn is not None else None
    if path and turn == 0:
        ground.drop_edge(path[-2], path[-1])
    elif path and (edge := ground.edge(path[0], path[1])) is not None:
        ground.put(replace(edge, cost=edge.cost + 1))


class Cut:
    """The first cable of a country is cut as soon as anybody breathes, which the core hears of at once."""

    def __init__(self, country: Country) -> None:
        self.country = country
        self.wire = replace(next(iter(country.wires.values())), up=False)

    def __call__(self) -> None:
        self.country.core.submit([self.wire], ())
        with suppress(Idle):
            self.country.core.run()


def test_what_fails_while_paths_are_chosen_is_told_before_the_rest_of_them() -> None:
    country = Country(5)
    for one, other in combinations(country.names, 2):
        country.cable(one, other)
    country.begin()
    country.remembered.clear()
    country.meanwhile.append(Cut(country))
    country.tell(*(policy(f"p{number}", (EVERYBODY,), (EVERYBODY,), STREAM) for number in range(3)))
    kinds = [{type(entity) for entity in news.puts} for news in country.remembered]
    failed = next(at for at, found in enumerate(kinds) if Route in found)
    chosen = [sum(isinstance(entity, Placed) for entity in news.puts) for news in country.remembered]
    assert sum(chosen[:failed]) <= 1
    assert sum(chosen[failed:]) >= 3 * 5 * 4 - 1
