"""Topologies that others publish, as the benchmark reads them: odd ones too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bench.least_load import least_load
from tests.bench.repetita import cases
from tests.boards import filled
from topology.dijkstra import mesh
from topology.placing import place

if TYPE_CHECKING:
    from pathlib import Path

GRAPH = """NODES 5
label x y
a 0 0
b 0 0
c 0 0
d 0 0
e 0 0

EDGES 8
label src dest weight bw delay
one 0 1 10 1000000 5
two 1 0 10 1000000 7
beside 0 1 10 3000000 5
back 1 0 10 3000000 5
other 0 2 10 1000000 5
rehto 2 0 10 1000000 5
third 2 1 10 500000 5
driht 1 2 10 1000000 5
"""
DEMANDS = """DEMANDS 4
label src dest bw
far 0 1 1500000
none 0 2 0
nowhere 0 3 700000
itself 1 1 9
"""


def test_wires_beside_each_other_are_one_link_and_what_differs_by_the_way_counts_as_the_worse(tmp_path: Path) -> None:
    (tmp_path / "odd.graph").write_text(GRAPH)
    (tmp_path / "odd.0000.demands").write_text(DEMANDS)
    ((name, ground, loads),) = cases(tmp_path)
    assert name == "odd.0000"
    found = {edge.name: (edge.cost, edge.latency, edge.capacity, edge.wires) for edge in ground.edges()}
    assert found == {"b0-b1": (10, 0.007, 2000.0, 2), "b0-b2": (10, 0.005, 1000.0, 1), "b1-b2": (10, 0.005, 500.0, 1)}
    assert [(load.source, load.target, load.rate) for load in loads] == [
        ("b0", "b1", 1500.0),
        ("b0", "b2", 0.0),
        ("b0", "b3", 700.0),
    ]


def test_demands_that_nothing_leads_to_are_placed_nowhere_and_bound_nothing(tmp_path: Path) -> None:
    (tmp_path / "odd.graph").write_text(GRAPH)
    (tmp_path / "odd.0000.demands").write_text(DEMANDS)
    ((_, ground, loads),) = cases(tmp_path)
    board = filled(mesh(ground), loads)
    assert board.fullest() == pytest.approx(0.75)
    for _ in place(board):
        continue
    assert board.fullest() == pytest.approx(0.75)
    assert board.path(2) == ()
    assert 0.59 < least_load(board) <= 0.6


def test_where_nothing_is_sent_nothing_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "odd.graph").write_text(GRAPH)
    (tmp_path / "odd.0000.demands").write_text("DEMANDS 1\nlabel src dest bw\nnone 0 1 0\n")
    ((_, ground, loads),) = cases(tmp_path)
    board = filled(mesh(ground), loads)
    for _ in place(board):
        continue
    assert board.fullest() == least_load(board) == 0.0
