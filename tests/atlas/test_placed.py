"""What was chosen for a path policy counts only when it is for what the policy asks now, and has been compiled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from apps import registry
from controller.atlas.placements import LINGER, Placements
from controller.atlas.steering import Steering, never
from controller.links import Demand, PathPolicy, Placed, Track, Traffic, Wanted
from controller.policy.values import Machines
from controller.settings import Topology
from controller.store import Store
from topology.fabric import Turn
from topology.map import Edge, Map

if TYPE_CHECKING:
    from controller.entities import Entity

OWN = (Machines(("acme",)),)
VIDEO = PathPolicy("acme/video", "uid", "acme", Traffic(OWN, OWN), Wanted())
THERE, BACK = Demand("acme/video|s1|s2", VIDEO.key, "s1", "s2"), Demand("acme/video|s2|s1", VIDEO.key, "s2", "s1")


class Desk:
    """Placements over a store that takes in what they tell when a test says so."""

    def __init__(self) -> None:
        self.ground = Map()
        for one, other in (("s1", "s2"), ("s1", "s3"), ("s2", "s3")):
            self.ground.put(Edge(f"{one}-{other}", (one, other), 10))
        self.store = Store(registry.INDEXES)
        self.placements = Placements(Steering(Topology(), lambda: None), self.store, self.ground, never)

    def put(self, *entities: Entity) -> None:
        """These are compiled."""
        changed: set[tuple[Any, ...]] = set()
        for entity in entities:
            self.store.put(entity, changed)

    def planned(self, *deaf: str, now: float = 0.0) -> Turn:
        """What is told of a plan that is made now, and not compiled yet."""
        turn = Turn()
        self.placements.plan(now, turn, deaf)
        return turn

    def forgets(self, now: float) -> set[type]:
        """Which kinds are taken back of what was told, at this time."""
        return {kind for kind, _ in self.planned(now=now).deletes}

    def passed(self) -> tuple[str, ...]:
        """The bridges that packets to s2 pass, by what is compiled."""
        placed: Placed | None = self.store.get(Placed, THERE.key)
        assert placed is not None
        track: Track | None = self.store.get(Track, str(placed.track))
        return track.bridges if track is not None else ()

    def settled(self, *deaf: str) -> bool:
        """Plan, compile, and say whether that is all."""
        turn, changed = self.planned(*deaf), set[tuple[Any, ...]]()
        self.put(*turn.puts)
        for kind, key in turn.deletes:
            self.store.delete(kind, key, changed)
        return self.placements.current(VIDEO.key)


def test_a_policy_is_placed_when_its_plan_has_been_compiled() -> None:
    desk = Desk()
    desk.put(VIDEO, THERE)
    assert not desk.placements.current(VIDEO.key)
    turn = desk.planned()
    assert turn.puts
    assert not desk.placements.current(VIDEO.key)
    desk.put(*turn.puts)
    assert desk.placements.current(VIDEO.key)


def test_a_policy_that_asks_for_something_else_is_to_be_placed_again() -> None:
    desk = Desk()
    desk.put(VIDEO, THERE)
    assert desk.settled()
    desk.put(replace(VIDEO, wanted=Wanted(max_hops=1)))
    assert not desk.placements.current(VIDEO.key)
    assert desk.settled()


def test_a_policy_is_placed_when_all_its_demands_are() -> None:
    desk = Desk()
    desk.put(VIDEO, THERE)
    assert desk.settled()
    desk.put(BACK)
    assert not desk.placements.current(VIDEO.key)
    assert desk.settled()
    desk.store.delete(Demand, THERE.key, set())
    assert not desk.placements.current(VIDEO.key)
    assert desk.settled()


def test_a_policy_of_which_nobody_knows_is_not_placed() -> None:
    assert not Desk().placements.current(VIDEO.key)


def test_a_policy_without_traffic_is_placed_once_it_was_looked_at() -> None:
    desk = Desk()
    desk.put(VIDEO)
    assert not desk.placements.current(VIDEO.key)
    assert desk.settled()


def test_packets_stay_where_they_are_until_all_bridges_of_their_new_way_can_be_told_of_it() -> None:
    desk = Desk()
    desk.put(VIDEO, THERE)
    assert desk.settled()
    desk.put(replace(VIDEO, wanted=Wanted(via=("s3",))))
    assert not desk.settled("s3")
    assert desk.passed() == ("s1", "s2")
    assert desk.placements.held == {THERE.key}
    assert not desk.planned("s3").puts
    assert desk.settled()
    assert desk.passed() == ("s1", "s3", "s2")
    assert not desk.placements.held


def test_who_is_not_on_the_new_way_is_not_waited_for() -> None:
    desk = Desk()
    desk.put(replace(VIDEO, wanted=Wanted(via=("s3",))), THERE)
    assert desk.settled()
    desk.put(VIDEO)
    assert desk.settled("s3")
    assert desk.passed() == ("s1", "s2")


def test_packets_leave_a_way_that_fails_whoever_cannot_be_told() -> None:
    desk = Desk()
    desk.put(VIDEO, THERE)
    assert desk.settled()
    desk.ground.drop_edge("s1", "s2")
    assert desk.settled("s3")
    assert desk.passed() == ("s1", "s3", "s2")


def test_a_way_that_an_earlier_daemon_chose_is_kept_until_the_bridges_are_there() -> None:
    before, desk = Desk(), Desk()
    before.put(VIDEO, THERE)
    turn = before.planned()
    desk.put(*turn.puts, replace(VIDEO, wanted=Wanted(via=("s3",))), THERE)
    desk.placements.recall(turn.puts)
    assert not desk.settled("s1", "s2", "s3")
    assert desk.passed() == ("s1", "s2")
    assert desk.settled()
    assert desk.passed() == ("s1", "s3", "s2")


def test_a_way_stays_for_packets_that_are_led_there_though_their_policy_is_gone() -> None:
    desk = Desk()
    desk.put(VIDEO, THERE)
    assert desk.settled()
    for kind, key in ((PathPolicy, VIDEO.key), (Demand, THERE.key)):
        desk.store.delete(kind, key, set())
    assert desk.forgets(0.0) == {Placed}
    assert desk.placements.again == LINGER
    assert desk.forgets(LINGER - 0.1) == set()
    assert desk.forgets(LINGER) == {Track}
    assert desk.placements.again is None


def test_a_way_that_is_wanted_again_meanwhile_stays() -> None:
    desk = Desk()
    desk.put(VIDEO, THERE)
    assert desk.settled()
    desk.store.delete(PathPolicy, VIDEO.key, set())
    desk.store.delete(Demand, THERE.key, set())
    desk.planned()
    desk.put(VIDEO, THERE)
    assert desk.forgets(0.1) == set()
    assert desk.forgets(LINGER) == set()
