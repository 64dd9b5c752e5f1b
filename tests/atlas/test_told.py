"""What users are told of paths: figures of the ways that packets take, and sentences that say what is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from controller.atlas.choices import Choice
from controller.atlas.told import NONE, conditions, figures
from controller.links import Demand, Wanted
from tests.atlas.steered import POLICY, TWO_WAYS
from tests.topology.grounds import drawn
from topology.protect import Protected
from topology.reasons import Problem

DEMAND = Demand("acme/video|s1|s4", POLICY.key, "s1", "s4")
GUARDED = replace(POLICY, wanted=Wanted(protection="link"))
OVER_S3 = ("s1", "s3", "s4")
TOO_FAR = Problem("TooManyHops", "it is too far")


def told(choice: Choice, **policy: Any) -> list[tuple[bool, str, str]]:
    """The conditions of a policy with this one demand."""
    found = conditions(replace(GUARDED, **policy), [(DEMAND, choice)])
    return [(each["status"], each["reason"], each["message"]) for each in found]


def test_a_path_has_its_own_figures_and_not_those_of_the_routes() -> None:
    found = figures(drawn(*TWO_WAYS), "s1", "s4", Choice(Protected(OVER_S3)))
    assert (found["path"], found["hops"], found["cost"]) == (list(OVER_S3), 2, 20)


def test_a_demand_that_shares_the_routes_has_the_figures_of_one_of_them() -> None:
    found = figures(drawn(*TWO_WAYS), "s1", "s4", Choice())
    assert (found["path"], found["backup"]) == (["s1", "s2", "s4"], [])


def test_where_there_is_no_path_or_a_link_of_it_is_gone_this_moment_there_are_no_figures() -> None:
    ground = drawn(*TWO_WAYS)
    assert figures(ground, "s1", "s4", Choice(problem=TOO_FAR)) == NONE
    ground.drop_edge("s3", "s4")
    assert figures(ground, "s1", "s4", Choice(Protected(OVER_S3))) == NONE


def test_what_is_not_there_is_said_with_what_becomes_of_packets() -> None:
    fallback, drop = (told(Choice(problem=TOO_FAR), on_no_path=choice)[0] for choice in ("fallback", "drop"))
    shortest = "it is too far; packets take the shortest way, as if nothing were asked for"
    assert fallback == (False, "TooManyHops", shortest)
    assert drop == (False, "TooManyHops", "it is too far; packets are dropped")


def test_how_far_a_path_may_be_from_the_best_is_said_where_the_search_left_that_open() -> None:
    placed, _ = told(Choice(Protected(OVER_S3), gap=0.125))
    close = "there is a path for each of 1; the best may be better by up to 12.5%, which the search left open"
    assert placed == (True, "Placed", close)
    assert told(Choice(Protected(OVER_S3)))[0] == (True, "Placed", "there is a path for each of 1")


def test_a_path_counts_as_protected_once_each_step_has_its_way_round() -> None:
    pending = Protected(OVER_S3)
    ready = replace(pending, detours=(("s1", "s2", "s4"), ("s3", "s1", "s2", "s4")))
    reasons = {
        "Pending": (False, pending),
        "Protected": (True, ready),
        "BeyondLimits": (True, replace(ready, lapses=("it is far",))),
        "NoWayRound": (False, replace(ready, gaps=("there is none",))),
    }
    for reason, (holds, found) in reasons.items():
        assert told(Choice(found))[1][:2] == (holds, reason)
