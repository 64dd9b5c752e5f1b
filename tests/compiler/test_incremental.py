"""However the world came to be so, its flows are those of a clean build: same places, same bytes, same owners.

``NETLOOM_HISTORIES=2000 pytest tests/compiler/test_incremental.py`` plays so many of most kinds, not 24.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from apps import bearings, binding, courses, guards, identities
from controller.policy import numbers
from controller.policy.numbers import hashed
from tests.compiled import ModelSwitch, Owners, Watched, compiled, specified
from tests.compiler.broken_compilers import BROKEN, BROKEN_OF_POLICIES
from tests.fabric_worlds import steered_world
from tests.guarded_worlds import guarded_world
from tests.histories import History, after, histories, parted, reversed_where_free, split, squashed
from tests.outward_worlds import led_outside
from tests.routed_worlds import routed_world
from tests.steered_worlds import impaired
from tests.worlds import small_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from controller.compiler.catalogue import Delta
    from controller.flow.flow import Flow, Slot
    from tests.worlds import World

HISTORIES = int(os.environ.get("NETLOOM_HISTORIES", "24"))
HOSTS = ("hv1", "hv2", "hv3", "s1", "s2", "s3", "s4")
SHARED_BITS = 30
"""Hashes of identities and guards have no more."""
ENOUGH = 400
"""Histories among which each broken compiler must stand out."""


@pytest.fixture(scope="module", autouse=True)
def small_parts() -> Iterator[None]:
    """Flooding falls into parts at a few ports already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(binding, "PORTS_PER_LEAF", 2)
        yield


class Played:
    """A compiler and a switch for each host, taken through a history from a world on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.compiler = Watched()
        self.switches = {host: ModelSwitch() for host in HOSTS}
        self._apply(self.compiler.turn(self.world.values()))

    def play(self, history: History) -> Played:
        for turn in history:
            self.world = after(self.world, [turn])
            self._apply(self.compiler.turn(*parted(turn)))
            self.compare()
        assert remembered(self.compiler) == remembered(compiled(self.world)), "a reader is forgotten, or kept in vain"
        return self

    def _apply(self, deltas: dict[str, Delta]) -> None:
        for host, delta in deltas.items():
            self.switches[host].apply(delta)

    def compare(self) -> None:
        """Flows, owners and switches are as specified."""
        hosts = specified(self.world)
        for host in HOSTS:
            wanted = {slot: flow for slot, (flow, _) in hosts.get(host, {}).items()}
            flows = self.compiler.flows(host)
            assert flows == wanted
            assert held(self.switches[host]) == {slot: flow.cookie for slot, flow in wanted.items()}
            assert self.compiler.catalogue.count(host) == len(wanted)
            assert {s: self.compiler.owners(flow) for s, flow in flows.items()} == {
                slot: owners for slot, (_, owners) in hosts.get(host, {}).items()
            }


@pytest.mark.parametrize("world", [small_world, routed_world, guarded_world, steered_world, impaired, led_outside])
@given(data=st.data())
@settings(max_examples=HISTORIES * 3 // 4)
def test_what_is_only_looked_at_comes_true_and_changes_nothing(world: Callable[[], World], data: st.DataObject) -> None:
    history = data.draw(histories(turns=3, base=world))
    played = Played(world())
    for turn in history:
        before = (snapshot(played.compiler), remembered(played.compiler))
        tried = played.compiler.preview(*parted(turn))
        assert (snapshot(played.compiler), remembered(played.compiler)) == before
        played.world = after(played.world, [turn])
        deltas = played.compiler.turn(*parted(turn))
        assert tried is not None
        assert outlined(tried) == outlined(deltas)
    assert snapshot(played.compiler) == snapshot(compiled(played.world))


def test_a_look_that_would_take_too_long_is_given_up_and_leaves_no_trace() -> None:
    compiler = compiled(routed_world())
    before = (snapshot(compiler), remembered(compiler))
    for steps in range(0, 60, 7):
        assert compiler.preview(small_world().values(), (), steps) is None
        assert (snapshot(compiler), remembered(compiler)) == before


def snapshot(compiler: Watched) -> dict[str, dict[Slot, tuple[Flow, Owners]]]:
    """Every flow of every host, with who asked for it."""
    return {
        host: {slot: (flow, compiler.owners(flow)) for slot, flow in compiler.flows(host).items()} for host in HOSTS
    }


def outlined(deltas: dict[str, Delta]) -> dict[str, list[set[int]]]:
    """What a change means for each host, by cookies."""
    return {
        host: [{flow.cookie for flow in flows} for flows in (delta.new, delta.changed, delta.gone)]
        for host, delta in deltas.items()
    }


def held(switch: ModelSwitch) -> dict[Slot, int]:
    """What a switch has, by content: for which set of chassis a flow was made, it is not told."""
    return {slot: flow.cookie for slot, flow in switch.table.items()}


def remembered(compiler: Watched) -> dict[object, object]:
    """Who would run again for what: no reader is forgotten, none kept for nothing."""
    return dict(compiler.engine.readers.remembered())


def breaks(base: Callable[[], World], history: History) -> bool:
    """Whether a history from a world on comes out wrong."""
    try:
        Played(base()).play(history)
    except Exception:  # noqa: BLE001 - a broken compiler may do anything
        return True
    return False


@given(histories())
@settings(max_examples=HISTORIES)
def test_every_step_of_a_history_equals_a_clean_build(history: History) -> None:
    Played(small_world()).play(history)


@given(histories(base=guarded_world))
@settings(max_examples=HISTORIES)
def test_every_step_of_a_history_of_policies_equals_a_clean_build(history: History) -> None:
    Played(guarded_world()).play(history)


@given(histories(base=routed_world))
@settings(max_examples=HISTORIES)
def test_every_step_of_a_history_of_routers_equals_a_clean_build(history: History) -> None:
    Played(routed_world()).play(history)


@given(histories(base=steered_world))
@settings(max_examples=HISTORIES)
def test_every_step_of_a_history_of_links_equals_a_clean_build(history: History) -> None:
    Played(steered_world()).play(history)


@given(histories(base=impaired))
@settings(max_examples=HISTORIES // 2)
def test_every_step_of_a_history_of_steering_equals_a_clean_build(history: History) -> None:
    Played(impaired()).play(history)


@given(histories(base=led_outside))
@settings(max_examples=HISTORIES // 2)
def test_every_step_of_a_history_of_what_is_led_outside_equals_a_clean_build(history: History) -> None:
    Played(led_outside()).play(history)


@given(histories(turns=4, base=steered_world))
@settings(max_examples=20)
def test_bearings_that_collide_depend_on_who_there_is_and_not_on_who_came_first(history: History) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bearings, "place", _crowded)
        Played(steered_world()).play(history)


def _crowded(name: str) -> int:
    """Two places for all names."""
    return 1 + hashed(name, SHARED_BITS) % 2


@pytest.mark.parametrize("replayed", [split, squashed, reversed_where_free])
@given(history=histories(turns=5))
@settings(max_examples=12)
def test_a_history_told_otherwise_leads_to_the_same_flows(
    replayed: Callable[[History], History], history: History
) -> None:
    told, otherwise = Played(small_world()).play(history), Played(small_world()).play(replayed(history))
    assert told.world == otherwise.world
    for host in HOSTS:
        assert held(told.switches[host]) == held(otherwise.switches[host])


@pytest.mark.parametrize("salt", range(3))
@given(history=histories(turns=4, base=guarded_world))
@settings(max_examples=10)
def test_numbers_that_collide_depend_on_who_there_is_and_not_on_who_came_first(salt: int, history: History) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module in (numbers, identities, guards):
            patch.setattr(module, "hashed", partial(_scarce, salt))
        Played(guarded_world()).play(history)


@pytest.mark.parametrize("salt", range(3))
@given(history=histories(turns=4, base=impaired))
@settings(max_examples=5)
def test_numbers_of_courses_that_collide_depend_on_who_there_is(salt: int, history: History) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module in (numbers, identities, guards, courses):
            patch.setattr(module, "hashed", partial(_scarce, salt))
        Played(impaired()).play(history)


def _scarce(salt: int, name: str, bits: int, person: bytes = b"first") -> int:
    """Few numbers, so that names share them; second ones and those of rules are as good as ever."""
    number = hashed(f"{name}{salt}", bits, person)
    return number if person != b"first" or bits > SHARED_BITS else number % 3 + 1


@pytest.mark.parametrize(
    ("broken", "base"),
    [*((broken, small_world) for broken in BROKEN), *((broken, guarded_world) for broken in BROKEN_OF_POLICIES)],
)
def test_a_broken_compiler_is_caught(broken: Callable[[pytest.MonkeyPatch], None], base: Callable[[], World]) -> None:
    quick = settings(max_examples=ENOUGH, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
    with pytest.MonkeyPatch.context() as patch:
        broken(patch)
        try:
            find(histories(base=base), partial(breaks, base), settings=quick)
        except NoSuchExample:
            pytest.fail(f"{ENOUGH} histories do not tell {broken.__name__} from the real thing")
