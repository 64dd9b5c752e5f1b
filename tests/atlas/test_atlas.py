"""Wired bridges find their ways by themselves, go round what fails, and lose nothing over what is planned."""

from __future__ import annotations

from dataclasses import replace

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
