"""What was chosen for a path policy counts only when it is for what the policy asks now, and has been compiled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from apps import registry
from controller.atlas.placements import Placements
from controller.atlas.steering import Steering
from controller.links import Demand, PathPolicy, Traffic, Wanted
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
        ground = Map()
        ground.put(Edge("s1-s2", ("s1", "s2"), 10))
        self.store = Store(registry.INDEXES)
        self.placements = Placements(Steering(Topology(), lambda: None), self.store, ground)

    def put(self, *entities: Entity) -> None:
        """These are compiled."""
        changed: set[tuple[Any, ...]] = set()
        for entity in entities:
            self.store.put(entity, changed)

    def planned(self) -> Turn:
        """What is told of a plan that is made now, and not compiled yet."""
        turn = Turn()
        self.placements.plan(0.0, turn)
        return turn

    def settled(self) -> bool:
        """Plan, compile, and say whether that is all."""
        turn, changed = self.planned(), set[tuple[Any, ...]]()
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
