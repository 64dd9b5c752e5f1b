"""Service chains: packets pass middleboxes in order, there and back, wherever those are, and only these packets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.packets import answer
from tests.steered_worlds import chain, fabric, overlay, steered, stream, visited

if TYPE_CHECKING:
    from tests.worlds import World

WORLDS = {"fabric": fabric(), "overlay": overlay()}


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


def test_packets_pass_the_middleboxes_in_order_and_answers_the_other_way_round(world: World) -> None:
    plane = steered(world, chain(["fw"], ["ids"], ["dpi"]))
    for target in ("nvr", "far", "beside"):
        packet = stream("cam", target)
        assert visited(plane, "cam", packet) == ["fw-in", "ids-in", "dpi-in", target]
        assert visited(plane, target, answer(packet)) == ["dpi-out", "ids-out", "fw-out", "cam"]
