"""Wired bridges find their ways by themselves, go round what fails, and lose nothing over what is planned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from controller.atlas import planner
from controller.links import BridgeSettings, Heading, LinkSettings, PathPolicy, Placed, Route, Track, Wanted
from tests.atlas.country import Country
from tests.steered_worlds import EVERYBODY, policy
from topology.map import Edge

if TYPE_CHECKING:
    from controller.entities import Entity

PROTECTED = Wanted(protection="link")
EDGE = Edge("s2-s3", ("s2", "s3"), 10)


def line(bridges: int) -> Country:
    """Bridges in a row, begun."""
    country = Country(bridges)
    for one, other in zip(country.names, country.names[1:], strict=False):
        country.cable(one, other)
    country.begin()
    country.take_all()
    return country


def all_reach(country: Country) -> bool:
    return all(
        country.reaches(source, target, country.headed(source, target))
        for source in country.names
        for target in country.names
        if source != target
    )


def test_bridges_in_a_row_reach_each_other() -> None:
    assert all_reach(line(2))
    assert all_reach(line(5))


def test_a_ring_is_passed_the_other_way_when_a_cable_is_cut() -> None:
    country = line(5)
    country.tell(country.cable("s0", "s4"))
    country.take_all()
    assert all_reach(country)
    for wire in list(country.wires.values()):
        country.tell(replace(wire, up=False))
        country.take_all()
        assert all_reach(country)
        country.tell(wire)
        country.take_all()
        assert all_reach(country)


@pytest.mark.parametrize("asked", [(), (policy(sources=(EVERYBODY,), targets=(EVERYBODY,), wanted=PROTECTED),)])
def test_a_daemon_that_starts_wants_what_it_wanted_before_by_the_time_a_switch_can_connect(
    asked: tuple[PathPolicy, ...],
) -> None:
    country = line(4)
    country.tell(country.cable("s0", "s3"), *asked)
    country.tell(BridgeSettings("s1", maintenance=True))
    country.take_all()
    kept: dict[tuple[type, str], Entity] = {}
    for news in country.remembered:
        kept |= {(type(e), e.key): e for e in news.puts if isinstance(e, Heading | Track | Placed)}
        kept = {place: entity for place, entity in kept.items() if place not in news.deletes}
    assert {entity.version for entity in kept.values() if isinstance(entity, Heading)} == {0, 1}, "nothing to remember"
    assert bool(asked) == any(isinstance(entity, Placed) and entity.track for entity in kept.values())
    fresh = Country(4)
    fresh.wires, fresh.away = country.wires, True
    seen: list[dict[str, set[int]]] = []
    fresh.atlas.recall(kept.values())
    intent = [*fresh.world(), *asked, BridgeSettings("s1", maintenance=True)]
    fresh.core.submit([*intent, *fresh.wires.values(), *kept.values()], ())
    fresh.core.ask(fresh.atlas.begin)
    fresh.core.ask(lambda: seen.append(wanted(fresh)))
    fresh.settle()
    held = {n: {flow.cookie for flow in switch.flows.table.values()} for n, switch in country.switches.items()}
    assert seen == [held]
    assert wanted(fresh) == held


def test_a_plan_waits_for_a_bridge_that_cannot_be_told_and_would_send_frames_back() -> None:
    country = line(4)
    country.tell(country.cable("s0", "s3"))
    country.take_all()
    country.switches["s1"].in_sync = False
    country.tell(LinkSettings("s2-s3", cost=100))
    assert country.atlas.map.edge("s2", "s3") == replace(EDGE, cost=100)
    assert not any(switch.inbox.waiting for switch in country.switches.values())
    country.switches["s1"].in_sync = True
    country.atlas.settled("s1")
    country.settle()
    assert any(switch.inbox.waiting for switch in country.switches.values())
    country.take_all()
    assert hops(country, "s2", "s3") == ("s1",)
    assert all_reach(country)


def test_a_plan_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    country = line(4)
    country.tell(country.cable("s0", "s3"))
    country.switches["s1"].in_sync = False
    country.tell(LinkSettings("s2-s3", cost=100))
    assert hops(country, "s2", "s3") == ("s3",)
    told = len(country.remembered)
    monkeypatch.setattr(planner, "PATIENCE", 0)
    country.atlas.measured({})
    country.settle()
    assert hops(country, "s2", "s3") == ("s1",)
    assert not any(isinstance(entity, Heading) for news in country.remembered[told:] for entity in news.puts), (
        "frames are headed for another version, which one bridge does not know"
    )


def test_what_waits_is_used_at_once_where_something_fails() -> None:
    country = line(4)
    spare = country.cable("s0", "s3")
    country.switches["s1"].in_sync = False
    country.tell(spare)
    assert hops(country, "s0", "s3") == ("s1",)
    country.tell(replace(country.wires["s2.11-s3.10"], up=False))
    assert hops(country, "s0", "s3") == ("s3",)


def test_a_bridge_that_is_new_is_joined_while_another_cannot_be_told() -> None:
    country = Country(4)
    country.cable("s0", "s1")
    country.cable("s1", "s2")
    country.begin()
    country.take_all()
    country.switches["s1"].in_sync = False
    country.tell(country.cable("s2", "s3"))
    assert hops(country, "s2", "s3") == ("s3",)


def hops(country: Country, bridge: str, target: str) -> tuple[str, ...]:
    """To whom a bridge sends what is for another."""
    store = country.core.compiler.store
    routes = [store.get(Route, f"{bridge}>{target}/{version}") for version in (0, 1)]
    return next(route.next_hops for route in routes if route is not None)


def wanted(country: Country) -> dict[str, set[int]]:
    """The flows that each bridge should have, by what they are."""
    return {name: {flow.cookie for flow in country.core.compiler.catalogue.flows(name)} for name in country.names}
