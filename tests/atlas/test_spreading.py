"""Spreading load over paths: once, and then calmly; what fails meanwhile takes the routes."""

from __future__ import annotations

from dataclasses import replace

from controller.links import Demand, Wanted
from tests.atlas.steered import HOLD, TWO_WAYS, Scene, passed
from tests.topology.grounds import drawn
from topology.map import Site


def test_loads_are_spread_and_then_stay_where_they_are() -> None:
    fish = drawn("s1-s2", "s2-s4", "s1-s3", "s3-s5", "s5-s4")
    scene = Scene(fish)
    for number in range(2):
        scene.wish(f"acme/p{number}", Wanted(objective="load"), demand=40.0)
    plan = scene.plan()
    assert sorted(passed(plan, each.track) for each in plan.placed.values()) == [(), ("s1", "s3", "s5", "s4")]
    for second in range(100, 500, 5):
        scene.now = float(second)
        scene.link("s1", "s2", load=(40.0 + second % 7, 0.0))
        scene.link("s1", "s3", load=(40.0 - second % 5, 0.0))
        assert scene.plan() == replace(plan, again=scene.plan().again)


def test_a_load_moves_again_after_hold_down_and_only_if_that_saves_enough() -> None:
    scene = Scene(drawn(*TWO_WAYS, "s1-s5", "s5-s4"))
    scene.wish("acme/p0", Wanted(objective="load", max_hops=2), demand=10.0)
    scene.wish("acme/p1", Wanted(objective="load", max_hops=2), demand=10.0)
    before = {scene.path("acme/p0"), scene.path("acme/p1")}
    assert len(before) == 2
    scene.now = 1.0
    for link in {link for path in before for link in (path[:2], path[1:])}:
        scene.link(*link, load=(12.0, 12.0))
    assert {scene.path("acme/p0"), scene.path("acme/p1")} == before
    scene.now = 2 * HOLD
    scene.link("s1", next(path[1] for path in before), load=(90.0, 0.0))
    scene.path()
    after = {scene.path("acme/p0"), scene.path("acme/p1")}
    assert after != before
    assert len(after) == 2


def test_a_load_whose_path_fails_takes_the_routes_meanwhile() -> None:
    scene = Scene(drawn("s1-s2", "s2-s4", "s1-s3", "s3-s5", "s5-s4"))
    for number in range(2):
        scene.wish(f"acme/p{number}", Wanted(objective="load"), demand=40.0)
    scene.plan()
    scene.now = 1.0
    scene.ground.drop_edge("s3", "s5")
    assert {each.track for each in scene.plan().placed.values()} == {0}
    assert scene.told() == {"Placed": "Shared"}


def test_a_load_leaves_what_is_drained_for_the_routes() -> None:
    scene = Scene(drawn("s1-s2", "s2-s4", "s1-s3", "s3-s5", "s5-s4"))
    for number in range(2):
        scene.wish(f"acme/p{number}", Wanted(objective="load"), demand=40.0)
    scene.plan()
    scene.now = 1.0
    scene.ground.put(Site("s5", drained=True))
    assert {each.track for each in scene.plan().placed.values()} == {0}
    assert scene.steering.status("acme/p1")["path"] == ["s1", "s2", "s4"]


def test_a_policys_rate_is_shared_by_the_bridges_that_it_is_between() -> None:
    scene = Scene(drawn("s1-s2", "s2-s4", "s1-s3", "s3-s5", "s5-s4", "s0-s1"))
    scene.wish("acme/p0", Wanted(objective="load"), demand=80.0)
    scene.demands["acme/p0|s0|s4"] = Demand("acme/p0|s0|s4", "acme/p0", "s0", "s4")
    plan = scene.plan()
    assert sorted(bool(each.track) for each in plan.placed.values()) == [False, True]
    assert len(scene.steering.status("acme/p0")["demands"]) == 2


def test_what_is_no_longer_measured_counts_as_it_did() -> None:
    scene = Scene(drawn("s1-s2", "s2-s4", "s1-s3", "s3-s5", "s5-s4"))
    scene.wish("acme/p0", Wanted(objective="load"))
    scene.wish("acme/p1", Wanted(objective="load"), demand=30.0)
    assert {each.track for each in scene.plan().placed.values()} == {0}
    scene.now, scene.rates = 1.0, {"acme/p0|s1|s4": 50.0}
    scene.plan()
    scene.now, scene.rates = 2 * HOLD, {}
    scene.link("s1", "s2", load=(80.0, 0.0))
    assert sorted(bool(each.track) for each in scene.plan().placed.values()) == [False, True]
