"""The table of modes, cell by cell and for both versions of IP, with packets on emulated hypervisors."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mininet_scenarios import modes
from mininet_scenarios.lab import Lab
from mininet_scenarios.modes import DIRECTIONS, MODES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mininet_scenarios.modes import Cell

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def table() -> Iterator[dict[Cell, list[str]]]:
    """The claims of each cell that do not hold, from one lab for the whole table; each worker has its own."""
    assert os.geteuid() == 0, "these tests make network namespaces: run them as root, or make test-unit without them"
    with Lab() as lab:
        yield modes.table(modes.build(lab))


@pytest.mark.parametrize("version", [4, 6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("mode", MODES)
def test_a_mode_is_what_it_promises(table: dict[Cell, list[str]], mode: str, direction: str, version: int) -> None:
    assert table[mode, direction, version] == []
