"""Path policies to and from outside: packets take a track to the exit of their router, or from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controller.entities import Seat
from controller.flow import fields as f
from controller.flow.fields import ipv4_text
from controller.links import TRACKS, Demand, Placed, Track, Wanted
from controller.policy.values import Block, Rule
from tests.compiled import compiled
from tests.guarded_worlds import policy as guard
from tests.outward_worlds import (
    ANYWHERE,
    BROWSERS,
    IN,
    OUT,
    SEGMENT,
    SERVER,
    SHOP,
    back,
    inward_policy,
    out,
    outward_policy,
    outward_world,
    placed_on,
)
from tests.packets import tcp
from tests.routed_worlds import EDGE_MAC
from tests.steered_worlds import policy, steered
from tests.worlds import mac, with_more

if TYPE_CHECKING:
    from controller.entities import Entity
    from tests.interpreter import Journey

WORLDS = {"tunnels": outward_world(), "links": outward_world(links=True)}
BY = {"tunnels": "hv3", "links": "s9"}
"""A chassis that the shortest way does not pass, or not alone."""
GOING, RETURN_BY = TRACKS + 3, TRACKS + 4


def tracks(between: str) -> tuple[Track, ...]:
    """There and back by one bridge, and a round from the seat."""
    return (
        Track("out", OUT, ("hv1", between, "hv2"), (0, 0)),
        Track("in", IN, ("hv2", between, "hv1"), (0, 0)),
        Track("going", GOING, ("hv2", between), (0,), RETURN_BY),
        Track("return", RETURN_BY, (between, "hv2"), (0,)),
    )


def way(journey: Journey) -> list[str]:
    """The bridges that a packet passed."""
    return [journey.crossings[0][0], *(there for _, there, *_ in journey.crossings)] if journey.crossings else []


def demanded(*more: Entity) -> set[tuple[str, str]]:
    """Between which chassis paths are asked for."""
    known = compiled(with_more(WORLDS["tunnels"], *more)).store
    found = [known.get(Demand, key) for key in known.keys(Demand)]
    return {(one.source, one.target) for one in found if one is not None}


SENT = tcp(mac(5), EDGE_MAC, "10.0.0.5", SERVER)
"""By the shop, on hv1."""


@pytest.mark.parametrize("joined", list(WORLDS))
def test_what_leaves_takes_its_track_to_the_routers_exit_and_is_translated_there(joined: str) -> None:
    by = BY[joined]
    plane = steered(WORLDS[joined], outward_policy(), placed_on(OUT, "out", "hv1", "hv2"), *tracks(by))
    for port in range(40000, 40010):
        there = out(plane, "acme/shop", tcp(mac(5), EDGE_MAC, "10.0.0.5", SERVER, (port, 80)))
        assert way(there.journeys[0])[:3] == ["hv1", by, "hv2"]
        assert (there.names, there.places) == ([SEGMENT], ["hv2"])
        assert ipv4_text(there.packets[0][f.IPV4_SRC]) == "192.0.2.10"
    assert back(plane, there.packets[0]).names == ["shop"]


@pytest.mark.parametrize("joined", list(WORLDS))
def test_what_comes_in_takes_its_track_from_the_exit(joined: str) -> None:
    by = BY[joined]
    plane = steered(WORLDS[joined], inward_policy(), placed_on(IN, "in", "hv2", "hv1"), *tracks(by))
    there = out(plane, "acme/shop", SENT)
    here = back(plane, there.packets[0])
    assert here.names == ["shop"]
    assert ["hv2", by, "hv1"] == way(here.journeys[0])[-3:]


def test_only_what_the_policy_speaks_of_is_steered() -> None:
    near = policy("out", (SHOP,), (Block("203.0.113.0/24"),), ())
    plane = steered(WORLDS["tunnels"], near, placed_on(OUT, "out", "hv1", "hv2"), *tracks("hv3"))
    assert way(out(plane, "acme/shop", SENT).journeys[0]) == ["hv1", "hv3", "hv2"]
    elsewhere = tcp(mac(5), EDGE_MAC, "10.0.0.5", "198.18.0.1")
    assert way(out(plane, "acme/shop", elsewhere).journeys[0]) == ["hv1", "hv2"]
    other = tcp(mac(3), EDGE_MAC, "10.0.0.3", SERVER)
    assert way(out(plane, "acme/web-3", other).journeys[0]) == ["hv1", "hv2"]


def test_paths_are_asked_for_between_senders_and_exits() -> None:
    assert demanded(policy("out", (SHOP,), (Block("203.0.113.0/24"),), ())) == {("hv1", "hv2")}
    assert demanded(policy("in", (Block("203.0.113.0/24"),), (SHOP,), ())) == {("hv2", "hv1")}
    moved = Seat("acme/edge", "hv1")
    assert demanded(policy("out", (SHOP,), (Block("203.0.113.0/24"),), ()), moved) == set()
    assert demanded(policy("out", (BROWSERS,), (Block("203.0.113.0/24"),), ())) == {("hv1", "hv2")}
    by_others = Wanted(via=("hv3",))
    near = (Block("203.0.113.0/24"),)
    assert demanded(policy("out", (BROWSERS,), near, (), wanted=by_others)) == {
        ("hv1", "hv2"),
        ("hv1", "hv1"),
        ("hv2", "hv2"),
    }


def test_without_a_path_packets_leave_as_all_others_or_not_at_all() -> None:
    assert out(steered(WORLDS["tunnels"], outward_policy()), "acme/shop", SENT).names == [SEGMENT]
    strict = steered(WORLDS["tunnels"], outward_policy(on_no_path="drop"))
    assert out(strict, "acme/shop", SENT).names == []
    assert out(strict, "acme/web-3", tcp(mac(3), EDGE_MAC, "10.0.0.3", SERVER)).names == [SEGMENT]


def test_who_is_at_the_exit_leaves_at_once_or_makes_a_round() -> None:
    asked = policy("out", (BROWSERS,), ANYWHERE, (), wanted=Wanted(via=("hv3",)), on_no_path="drop")
    sent = tcp(mac(2), EDGE_MAC, "10.0.0.2", SERVER)
    plain = steered(WORLDS["tunnels"], policy("out", (BROWSERS,), ANYWHERE, (), on_no_path="drop"))
    assert out(plain, "acme/web-2", sent).names == [SEGMENT]
    plane = steered(WORLDS["tunnels"], asked, placed_on(GOING, "out", "hv2", "hv2"), *tracks("hv3"))
    there = out(plane, "acme/web-2", sent)
    assert (way(there.journeys[0]), there.names) == (["hv2", "hv3", "hv2"], [SEGMENT])
    assert ipv4_text(there.packets[0][f.IPV4_SRC]) == "192.0.2.10"
    none = Placed("acme/out|hv2|hv2", "acme/out", "hv2", "hv2", 0, "drop")
    assert out(steered(WORLDS["tunnels"], asked, none), "acme/web-2", sent).names == []


def test_whoever_may_not_talk_outside_still_cannot() -> None:
    silent = guard("Policy", "acme/silent", "application", (SHOP,), egress=(Rule("no", "deny", None),))
    placed = placed_on(OUT, "out", "hv1", "hv2")
    plane = steered(WORLDS["tunnels"], outward_policy(), placed, *tracks("hv3"), silent)
    there = out(plane, "acme/shop", SENT)
    assert (there.names, way(there.journeys[0])) == ([], [])
