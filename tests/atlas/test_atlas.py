"""Wired bridges find their ways by themselves, go round what fails, and lose nothing over what is planned."""

from __future__ import annotations

from dataclasses import replace

from controller.links import BridgeSettings, Heading
from tests.atlas.country import Country


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


def test_a_daemon_that_starts_wants_what_it_wanted_before_by_the_time_a_switch_can_connect() -> None:
    country = line(4)
    country.tell(country.cable("s0", "s3"))
    country.tell(BridgeSettings("s1", maintenance=True))
    country.take_all()
    kept = {(type(e), e.key): e for news in country.remembered for e in news.puts if isinstance(e, Heading)}
    assert {entity.version for entity in kept.values()} == {0, 1}, "nothing to remember"
    fresh = Country(4)
    fresh.wires = country.wires
    seen: list[dict[str, set[int]]] = []
    fresh.atlas.recall(kept.values())
    fresh.core.submit(
        [*fresh.world(), *fresh.wires.values(), BridgeSettings("s1", maintenance=True), *kept.values()], ()
    )
    fresh.core.ask(fresh.atlas.begin)
    fresh.core.ask(lambda: seen.append(wanted(fresh)))
    fresh.settle()
    held = {n: {flow.cookie for flow in switch.flows.table.values()} for n, switch in country.switches.items()}
    assert seen == [held]
    assert wanted(fresh) == held


def wanted(country: Country) -> dict[str, set[int]]:
    """The flows that each bridge should have, by what they are."""
    return {name: {flow.cookie for flow in country.core.compiler.catalogue.flows(name)} for name in country.names}
