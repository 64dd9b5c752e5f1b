"""What fails goes first: routes ahead of paths that were chosen meanwhile, paths that lack a link ahead of others."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from controller.atlas.placements import HELD_BACK, Placements
from controller.core import World
from controller.links import PathPolicy, Placed, Route, Wanted
from tests.atlas.country import Country
from tests.atlas.steered import TWO_WAYS, Scene
from tests.steered_worlds import EVERYBODY, STREAM, policy
from topology.fabric import Turn
from topology.map import Edge, Map

if TYPE_CHECKING:
    import pytest

HALF = 0.5 * HELD_BACK


def scene(*wishes: Wanted) -> Scene:
    ground = Map()
    for name in TWO_WAYS:
        one, other = name.split("-")
        ground.put(Edge(name, (one, other), 10, 1.0, 100.0))
    return Scene(ground, *wishes)


def test_a_path_that_lacks_a_link_is_mended_in_haste_and_no_other_is_moved_so() -> None:
    made = scene(Wanted(), Wanted(avoid_labels=(("region", "x"),)))
    assert not made.plan().mends
    made.link("s1", "s2", labels=(("region", "x"),))
    moved = made.steering.plan(made.ground, made.policies, made.demands, {}, made.now)
    assert not moved.mends
    made.ground.drop_edge("s1", "s2")
    assert made.steering.plan(made.ground, made.policies, made.demands, {}, made.now).mends
    assert not made.plan().mends


class Facts:
    """What placements read: the policies and demands of a scene."""

    def __init__(self, made: Scene) -> None:
        self.made = made

    def all(self, kind: type) -> list[object]:
        return [*(self.made.policies if kind is PathPolicy else self.made.demands).values()]


def test_while_wires_come_and_go_what_is_chosen_is_kept_back_but_not_for_long() -> None:
    made, pressed = scene(Wanted()), [True]
    placements = Placements(made.steering, Facts(made), made.ground, lambda: pressed[0])  # type: ignore[arg-type]
    turn, later = Turn(), Turn()
    for now in (0.0, HALF):
        assert not placements.plan(now, turn)
        assert (turn.puts, placements.again) == ([], HELD_BACK)
    placements.plan(HELD_BACK, turn)
    assert [entity.key for entity in turn.puts if isinstance(entity, Placed)] == ["acme/p0|s1|s4"]
    made.ground.drop_edge("s1", "s2")
    assert not placements.plan(1.0, later)
    pressed[0] = False
    assert placements.plan(1.0 + HALF, later)
    assert later.puts


def test_what_fails_while_paths_are_chosen_is_told_ahead_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    country, told = Country(5), list[World]()
    for one, other in combinations(country.names, 2):
        country.cable(one, other)
    country.begin()
    wire = replace(next(iter(country.wires.values())), up=False)
    monkeypatch.setattr(country.core, "hasten", told.append)
    country.meanwhile.append(lambda: country.core.advance(World([wire])))
    country.tell(*(policy(f"p{number}", (EVERYBODY,), (EVERYBODY,), STREAM) for number in range(3)))
    first, *others = [world for world in told if world.puts]
    assert first.urgent
    assert any(isinstance(entity, Route) for entity in first.puts)
    assert not any(isinstance(entity, Placed) for entity in first.puts)
    assert sum(isinstance(entity, Placed) for world in others for entity in world.puts) == 3 * 5 * 4
