"""Whatever links and bridges do: paths are whole at once, and once things are quiet the best there are."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from controller.links import Wanted
from tests.atlas.steered import HOLD, Scene, passed
from topology.map import Map, Site
from topology.paths import Question, best, weighed

if TYPE_CHECKING:
    from controller.atlas.steering import Plan

NAMES = [f"s{number}" for number in range(1, 9)]
PAIRS = [(one, other) for at, one in enumerate(NAMES) for other in NAMES[at + 1 :]]
WISHES = (
    Wanted(),
    Wanted(objective="cost", protection="link"),
    Wanted(via=("s5",), protection="node"),
    Wanted(avoid_bridges=("s2",), max_hops=4),
    Wanted(objective="load"),
    Wanted(objective="load", avoid_links=("s1-s2",)),
)
EXACT = 4
"""So many of the wishes are for the best path by what is not measured."""


@pytest.mark.parametrize("seed", range(8))
def test_after_any_history_paths_are_whole_at_once_and_the_best_in_the_end(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - the same history every time
    scene = Scene(Map(), *WISHES)
    for name in NAMES:
        scene.ground.put(Site(name))
    for _ in range(40):
        scene.now += draw.choice((0.1, 1.0, HOLD))
        _change(scene, draw)
        plan = scene.steering.plan(scene.ground, scene.policies, scene.demands, scene.rates, scene.now)
        _assert_whole(scene, plan)
        _assert_whole(scene, scene.plan())
    scene.now += HOLD
    scene.plan()
    for number, wanted in enumerate(WISHES[:EXACT]):
        question = Question("s1", "s4", wanted)
        found, path = best(scene.ground, question).path, scene.path(f"acme/p{number}")
        assert bool(path) == (found is not None)
        if found is not None and wanted.protection == "none":
            assert weighed(scene.ground, question, path) == weighed(scene.ground, question, found.bridges)


@pytest.mark.parametrize("seed", range(8))
def test_after_any_history_a_restart_leaves_everything_as_it_is(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - the same history every time
    scene = Scene(Map(), *WISHES)
    for _ in range(40):
        scene.now += draw.choice((0.1, 1.0, HOLD))
        _change(scene, draw)
        scene.plan()
    scene.now += 2 * HOLD
    stood = scene.plan()
    again = Scene(scene.ground, *WISHES)
    again.steering.recall(stood.placed.values(), stood.tracks.values())
    plan = again.plan()
    assert (plan.tracks, plan.placed) == (stood.tracks, stood.placed)


def _change(scene: Scene, draw: random.Random) -> None:
    """Something happens to a link or a bridge."""
    one, other = draw.choice(PAIRS)
    match draw.randrange(6):
        case 0 | 1 | 2:
            scene.link(one, other, cost=draw.randint(1, 20), latency=draw.choice((None, 1.0, 5.0)))
        case 3:
            scene.ground.drop_edge(one, other)
        case 4:
            scene.ground.put(Site(one, drained=draw.random() < 0.5))
        case 5:
            if scene.ground.edge(one, other) is not None:
                scene.link(one, other, load=(draw.uniform(0, 90), 0.0), drained=draw.random() < 0.3)


def _assert_whole(scene: Scene, plan: Plan) -> None:
    """Every track that packets take, and every one they may be sent on, leads by links that are there, to its end."""
    for placed in plan.placed.values():
        path = passed(plan, placed.track)
        assert not path or (path[0], path[-1]) == (placed.source, placed.target)
        assert all(scene.ground.edge(*step) is not None for step in pairwise(path))
        wanted = scene.policies[placed.policy].wanted
        assert not set(path) & set(wanted.avoid_bridges)
        assert not path or set(wanted.via) <= set(path)
    numbers = {track.number for track in plan.tracks.values()}
    for track in plan.tracks.values():
        assert len(set(track.bridges)) == len(track.bridges)
        assert {*track.detours, track.then} - {0} <= numbers
