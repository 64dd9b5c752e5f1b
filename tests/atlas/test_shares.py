"""What placing takes links to carry is what switches make of it: by their flows, of as many wires as there are."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from itertools import permutations

import pytest

from tests.atlas.country import Country
from tests.boards import filled
from topology.board import Load
from topology.dijkstra import mesh

Parts = dict[tuple[str, str], float]


def parted(country: Country, source: str, target: str) -> Parts:
    """The part of what is for a target that goes over each link, every port of a bridge alike."""
    label, found, moving = country.headed(source, target), defaultdict[tuple[str, str], float](float), [(source, 1.0)]
    while moving:
        at, part = moving.pop()
        ports = country.switches[at].flows.onward[label] if at != target else ()
        ends = [end[0] for port in ports if (end := country.alive(at, port)) is not None]
        for other in ends:
            found[at, other] += part / len(ends)
            moving.append((other, part / len(ends)))
    return found


def placed(country: Country, source: str, target: str) -> Parts:
    """The same as placing has it."""
    net = mesh(country.atlas.map)
    board = filled(net, [Load("", source, target, 1.0)])
    ends = [(net.edges[arc // 2].ends, arc % 2, part) for arc, part in board.taken[0]]
    return {(pair[way], pair[1 - way]): part for pair, way, part in ends}


@pytest.mark.parametrize("seed", range(6))
def test_routes_share_out_over_wires_and_placing_knows(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - the same cables every time
    country = Country(6)
    for _ in range(14):
        country.cable(*draw.sample(country.names, 2))
    country.begin()
    country.take_all()
    for failing in (None, draw.choice(sorted(country.wires))):
        if failing is not None:
            country.tell(replace(country.wires[failing], up=False))
            country.take_all()
        for source, target in permutations(country.names, 2):
            if country.headed(source, target):
                parts = parted(country, source, target)
                assert placed(country, source, target) == pytest.approx(parts), (source, target)
    assert any(edge.wires > 1 for edge in country.atlas.map.edges())
