"""Steering: paths stay while they do, go round what fails at once, and move calmly to what is better."""

from __future__ import annotations

from controller.atlas.steering import Steering
from controller.atlas.told import UNTOLD
from controller.links import Wanted
from controller.settings import Topology
from tests.atlas.steered import HOLD, TWO_WAYS, Scene, passed
from tests.topology.grounds import cabled, drawn
from topology.map import Site
from topology.paths import Question


def test_packets_take_the_path_that_is_asked_for() -> None:
    scene = Scene(drawn(*TWO_WAYS), Wanted(via=("s3",)), Wanted(avoid_bridges=("s3",)))
    assert scene.path("acme/p0") == ("s1", "s3", "s4")
    assert scene.path("acme/p1") == ("s1", "s2", "s4")


def test_nothing_changes_where_nothing_did() -> None:
    scene = Scene(drawn(*TWO_WAYS), Wanted(protection="link"), Wanted(objective="load"))
    first = scene.plan()
    scene.now = 1000.0
    assert scene.plan() == first
    assert first.again is None


def test_a_path_of_which_a_link_fails_is_chosen_anew_in_the_same_breath() -> None:
    scene = Scene(drawn(*TWO_WAYS), Wanted())
    assert scene.path() == ("s1", "s2", "s4")
    scene.ground.drop_edge("s2", "s4")
    plan = scene.steering.plan(scene.ground, scene.policies, scene.demands, {}, scene.now)
    assert passed(plan, plan.placed["acme/p0|s1|s4"].track) == ("s1", "s3", "s4")


def test_a_link_that_comes_back_is_trusted_only_after_a_while() -> None:
    scene = Scene(drawn("s1-s4", "s1-s2", "s2-s4"), Wanted())
    assert scene.path() == ("s1", "s4")
    scene.ground.drop_edge("s1", "s4")
    assert scene.path() == ("s1", "s2", "s4")
    scene.link("s1", "s4")
    assert scene.path() == ("s1", "s2", "s4")
    assert scene.plan().again == HOLD
    scene.now = HOLD
    assert scene.path() == ("s1", "s4")


def test_a_link_that_comes_back_is_used_at_once_where_it_is_the_only_way() -> None:
    scene = Scene(drawn("s1-s2", "s2-s4"), Wanted())
    scene.plan()
    scene.ground.drop_edge("s2", "s4")
    assert scene.path() == ()
    assert scene.told() == {"Placed": "NotConnected"}
    scene.link("s2", "s4")
    assert scene.path() == ("s1", "s2", "s4")


def test_a_link_that_comes_and_goes_moves_packets_only_away_from_it() -> None:
    scene = Scene(drawn("s1-s4", "s1-s2", "s2-s4"), Wanted())
    scene.plan()
    paths = []
    for second in range(1, 25):
        scene.now = float(second)
        if second % 2:
            scene.ground.drop_edge("s1", "s4")
        else:
            scene.link("s1", "s4")
        paths.append(scene.path())
    assert set(paths) == {("s1", "s2", "s4")}


def test_a_new_link_and_a_lower_cost_are_taken_at_once() -> None:
    scene = Scene(drawn("s1-s2", "s2-s3", "s3-s4"), Wanted(), Wanted(objective="cost"))
    assert scene.path() == ("s1", "s2", "s3", "s4")
    scene.link("s2", "s4")
    assert scene.path() == ("s1", "s2", "s4")
    scene.link("s2", "s4", cost=100)
    assert (scene.path("acme/p0"), scene.path("acme/p1")) == (("s1", "s2", "s4"), ("s1", "s2", "s3", "s4"))


def test_what_is_drained_is_left_at_once_whatever_the_objective() -> None:
    wishes = [Wanted(objective=each) for each in ("hops", "latency", "cost")]
    scene = Scene(drawn(*TWO_WAYS), *wishes, Wanted(objective="load", max_hops=9))
    assert {scene.path(f"acme/p{number}") for number in range(4)} == {("s1", "s2", "s4")}
    scene.ground.put(Site("s2", drained=True))
    assert {scene.path(f"acme/p{number}") for number in range(4)} == {("s1", "s3", "s4")}


def test_a_path_by_latency_moves_only_for_a_good_part_of_it_and_not_too_often() -> None:
    scene = Scene(drawn(*TWO_WAYS, latency=5.0), Wanted(objective="latency"), improvement=0.1)
    assert scene.path() == ("s1", "s2", "s4")
    scene.link("s1", "s3", latency=4.5)
    assert scene.path() == ("s1", "s2", "s4")
    scene.link("s1", "s3", latency=2.0)
    assert scene.path() == ("s1", "s3", "s4")
    scene.now = 10.0
    scene.link("s1", "s3", latency=50.0)
    assert scene.path() == ("s1", "s3", "s4")
    assert scene.plan().again == HOLD
    scene.now = HOLD
    assert scene.path() == ("s1", "s2", "s4")


def test_a_path_that_gets_too_slow_is_left_at_once_and_its_packets_do_as_the_policy_says() -> None:
    scene = Scene(drawn("s1-s4"))
    scene.wish("acme/p0", Wanted(max_latency=2.0), on_no_path="drop")
    assert scene.path() == ("s1", "s4")
    scene.link("s1", "s4", latency=2.5)
    assert scene.path() == ()
    assert scene.plan().placed["acme/p0|s1|s4"].otherwise == "drop"
    assert scene.told() == {"Placed": "TooSlow"}
    scene.now = 5.0
    scene.link("s1", "s4", latency=1.9)
    assert scene.path() == ()
    scene.now = HOLD
    assert scene.path() == ("s1", "s4")


def test_latencies_that_are_not_known_yet_take_no_path_away() -> None:
    scene = Scene(drawn(*TWO_WAYS), Wanted(max_latency=2.5, objective="latency"))
    assert scene.path() == ("s1", "s2", "s4")
    scene.link("s1", "s2", latency=None)
    assert scene.path() == ("s1", "s2", "s4")


def test_a_policy_that_asks_for_something_else_gets_it_at_once() -> None:
    scene = Scene(drawn(*TWO_WAYS), Wanted(via=("s2",)))
    assert scene.path() == ("s1", "s2", "s4")
    scene.wish("acme/p0", Wanted(via=("s3",)))
    assert scene.path() == ("s1", "s3", "s4")
    scene.wish("acme/p0", Wanted(via=("s9",)))
    assert scene.path() == ()
    assert scene.told() == {"Placed": "UnknownBridge"}
    scene.policies.clear()
    plan = scene.plan()
    assert (plan.tracks, plan.placed) == ({}, {})
    assert scene.steering.status("acme/p0") == UNTOLD


def test_a_restart_chooses_what_stood_and_lays_the_same_tracks() -> None:
    scene = Scene(drawn(*TWO_WAYS, "s4-s5", "s3-s5"), Wanted(protection="link"), Wanted(protection="node", via=("s5",)))
    scene.ground.drop_edge("s2", "s4")
    scene.plan()
    scene.now = 1.0
    scene.link("s2", "s4")
    stood = scene.plan()
    again = Scene(scene.ground)
    again.policies, again.demands = scene.policies, scene.demands
    again.steering.recall(stood.placed.values(), stood.tracks.values())
    plan = again.plan()
    assert (plan.tracks, plan.placed) == (stood.tracks, stood.placed)
    assert again.steering.status("acme/p0")["backup"] == scene.steering.status("acme/p0")["backup"] != []


def test_a_restart_moves_nothing_for_what_is_measured_then() -> None:
    """Not by the first figures, nor by loads of which nothing is known; later as at any other time."""
    scene = Scene(drawn(*TWO_WAYS), Wanted(objective="latency"), Wanted(objective="load"), Wanted(objective="load"))
    scene.rates = {"acme/p1|s1|s4": 90.0, "acme/p2|s1|s4": 0.0}
    scene.plan()
    scene.now = 2 * HOLD
    stood = scene.plan()
    again = Scene(scene.ground)
    again.policies, again.demands = scene.policies, scene.demands
    again.now = 3 * HOLD
    again.steering.recall(stood.placed.values(), stood.tracks.values(), again.now)
    again.link("s1", "s2", latency=9.0)
    assert again.plan().placed == stood.placed
    again.link("s2", "s4", capacity=10.0)
    assert again.plan().placed == stood.placed
    again.now = 4 * HOLD
    assert again.path() == ("s1", "s3", "s4")


def test_a_path_that_rests_is_protected_meanwhile() -> None:
    scene = Scene(drawn(*TWO_WAYS), Wanted(objective="latency", protection="link"))
    stood = scene.plan()
    again = Scene(scene.ground)
    again.policies, again.demands = scene.policies, scene.demands
    again.steering.recall(stood.placed.values(), stood.tracks.values(), 0.0)
    assert again.plan().tracks == stood.tracks
    assert again.steering.status("acme/p0")["backup"] == ["s1", "s3", "s4"]
    again.ground.drop_edge("s1", "s3")
    assert (again.path(), again.told()["Protected"]) == (("s1", "s2", "s4"), "NoWayRound")


def test_a_path_of_which_the_width_is_not_known_now_stays() -> None:
    """Ports tell their speed when their switch connects: until then a daemon that starts knows of none."""
    quick = Wanted(min_bandwidth=50, objective="latency")
    scene = Scene(drawn(*TWO_WAYS), Wanted(min_bandwidth=50, via=("s2",)), quick)
    stood = scene.plan()
    for ends in (("s1", "s2"), ("s2", "s4")):
        scene.link(*ends, capacity=None)
    assert scene.plan().placed == stood.placed
    scene.link("s1", "s2", capacity=40.0)
    assert scene.path("acme/p1") == ("s1", "s3", "s4")
    assert scene.told("acme/p0") == {"Placed": "TooNarrow"}


def test_where_there_is_no_path_nothing_is_said_to_be_protected() -> None:
    scene = Scene(drawn("s1-s2", "s3-s4"), Wanted(protection="link"))
    assert scene.path() == ()
    assert scene.told() == {"Placed": "NotConnected", "Protected": "NoPath"}


def test_detours_are_laid_anew_when_what_they_need_goes_and_when_it_comes() -> None:
    scene = Scene(drawn(*TWO_WAYS), Wanted(protection="link"))
    assert scene.path() == ("s1", "s2", "s4")
    assert scene.told() == {"Placed": "Placed", "Protected": "Protected"}
    scene.ground.drop_edge("s1", "s3")
    assert scene.path() == ("s1", "s2", "s4")
    assert scene.told()["Protected"] == "NoWayRound"
    scene.link("s1", "s3")
    assert scene.path() == ("s1", "s2", "s4")
    assert scene.told()["Protected"] == "Protected"


def test_many_paths_are_looked_at_a_few_at_a_time_and_failures_go_first() -> None:
    scene = Scene(drawn(*TWO_WAYS), *[Wanted(objective="cost")] * 150)
    scene.plan()
    scene.now = 1.0
    scene.link("s2", "s4", cost=50)
    plan = scene.steering.plan(scene.ground, scene.policies, scene.demands, {}, scene.now)
    ways = [passed(plan, each.track) for each in plan.placed.values()]
    assert 0 < ways.count(("s1", "s3", "s4")) < 150
    assert plan.again == scene.now
    scene.ground.drop_edge("s2", "s4")
    plan = scene.steering.plan(scene.ground, scene.policies, scene.demands, {}, scene.now)
    assert {passed(plan, each.track) for each in plan.placed.values()} == {("s1", "s3", "s4")}


def test_where_many_paths_are_needed_at_once_what_protects_them_comes_after() -> None:
    scene = Scene(drawn(*TWO_WAYS), *[Wanted(protection="link")] * 40)
    first = scene.steering.plan(scene.ground, scene.policies, scene.demands, {}, scene.now)
    assert {passed(first, each.track) for each in first.placed.values()} == {("s1", "s2", "s4")}
    assert scene.told()["Protected"] == "Pending"
    plan = scene.plan()
    assert {scene.told(key)["Protected"] for key in scene.policies} == {"Protected"}
    assert {plan.tracks[str(each.track)].detours.count(0) for each in plan.placed.values()} == {0}


def test_the_status_says_the_path_with_its_figures_and_its_backup() -> None:
    ground = cabled([("s1", "s2", 1, 1.25, 100.0), ("s2", "s4", 2, 2.0, 40.0), ("s1", "s4", 9, 9.0, 10.0)])
    scene = Scene(ground, Wanted(objective="latency", protection="link"))
    scene.plan()
    status = scene.steering.status("acme/p0")
    row = {"path": ["s1", "s2", "s4"], "backup": ["s1", "s4"], "hops": 2, "latency_ms": 3.25, "cost": 3}
    row["bandwidth_mbps"] = 40.0
    assert {name: status[name] for name in row} == row
    assert status["demands"] == [{"source": "s1", "target": "s4", **row}]
    assert all(each["status"] is True for each in status["conditions"])


def test_what_if_answers_with_figures_or_with_the_reason() -> None:
    steering, ground = Steering(Topology(), lambda: None), drawn(*TWO_WAYS)
    got = steering.compute(ground, Question("s1", "s4", Wanted(objective="load", protection="node"), 5.0))
    assert (got["path"], got["backup"], got["latency_ms"]) == (["s1", "s2", "s4"], ["s1", "s3", "s4"], 2.0)
    got = steering.compute(ground, Question("s1", "s4", Wanted(via=("s9",))))
    assert (got["path"], got["reason"]) == ([], "UnknownBridge")
    assert got["message"] == "via names s9, and no such bridge is known"
    got = steering.compute(drawn("s1-s2", "s2-s3"), Question("s1", "s3", Wanted(protection="link")))
    assert (got["path"], got["backup"], got["reason"]) == (["s1", "s2", "s3"], [], "NoWayRound")
    assert got["message"].startswith("there is no way round the link from s1 to s2")
