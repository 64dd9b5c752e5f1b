"""Where BFD begins, switches take ports for dead by which everything goes: their wires stay up for that time."""

from __future__ import annotations

import pytest

from controller.atlas.excused import Excused
from controller.inventory import News
from controller.southbound.ports import PortDescription
from tests.atlas.test_probing import DOWN, WIRE, Panel, port

DEAD, CUT = (PortDescription(1, "s1-eth1", "02:00:00:00:01:01", up=False, linked=linked) for linked in (True, False))


@pytest.fixture
def panel() -> Panel:
    """Two bare switches with a cable between them, of which a wire is known."""
    made = Panel()
    made.cable(("s1", 1), ("s2", 1))
    made.switch("s1", port("s1", 1))
    made.switch("s2", port("s2", 1))
    made.settle(0.1)
    assert made.found == [News([WIRE])]
    made.found.clear()
    return made


@pytest.fixture
def excused(panel: Panel) -> Excused:
    return Excused(panel.probing.ports)


def test_a_dead_port_takes_its_wire_down(panel: Panel, excused: Excused) -> None:
    excused.ports("s1", [DEAD])
    assert panel.found == [News([DOWN])]


def test_a_port_that_is_dead_because_bfd_begins_leaves_its_wire_up(panel: Panel, excused: Excused) -> None:
    excused.begin(WIRE)
    excused.ports("s1", [DEAD])
    panel.settle(3)
    excused.ports("s1", [port("s1", 1)])
    excused.end(WIRE)
    assert panel.found == []
    excused.ports("s1", [DEAD])
    assert panel.found == [News([DOWN])]


def test_a_port_that_is_still_dead_when_bfd_should_have_begun_takes_its_wire_down(
    panel: Panel, excused: Excused
) -> None:
    excused.begin(WIRE)
    excused.ports("s1", [DEAD])
    excused.end(WIRE)
    assert panel.found == [News([DOWN])]


def test_a_cut_cable_is_no_wire_whatever_begins(panel: Panel, excused: Excused) -> None:
    excused.begin(WIRE)
    excused.ports("s1", [CUT])
    assert panel.found == [News([DOWN])]


def test_silence_while_bfd_begins_is_noticed_by_probes(panel: Panel, excused: Excused) -> None:
    excused.begin(WIRE)
    excused.ports("s1", [DEAD])
    panel.cables.clear()
    panel.settle(6)
    assert panel.found == [News([DOWN])]
