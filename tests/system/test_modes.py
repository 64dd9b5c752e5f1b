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

    from mininet_scenarios.modes import Scene

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("modes")]


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """One lab for the whole table."""
    assert os.geteuid() == 0, "these tests make network namespaces: run them as root, or make test-unit without them"
    with Lab() as lab:
        yield modes.build(lab)


@pytest.mark.parametrize("version", [4, 6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("mode", MODES)
def test_a_mode_is_what_it_promises(scene: Scene, mode: str, direction: str, version: int) -> None:
    claims = modes.claims(scene, mode, direction, version)
    assert claims
    assert modes.broken(claims) == []
