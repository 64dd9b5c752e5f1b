"""Machines on bridges that are wired to one another hear each other, on Open vSwitch itself, whatever they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controller.links import Route
from tests.fabric_lab import FabricLab
from tests.fabric_worlds import Plan, bare
from tests.frames import wire
from tests.packets import BROADCAST, sized, udp
from tests.worlds import mac, without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.packets import Packet
    from tests.real_switch import RealSwitch

pytestmark = pytest.mark.system
TRIANGLE = Plan(
    tuple(bare(f"s{number}", number) for number in (1, 2, 3)),
    (("s1", "s2"), ("s1", "s2"), ("s2", "s3"), ("s1", "s3")),
    {"acme/web": ("s1", "s2", "s3")},
)
"""A ring of three bridges, two of which are joined twice, with a machine on each."""


def to(number: int, port: int = 6000) -> Packet:
    """A packet of machine 1's."""
    return udp(mac(1), mac(number), "10.0.0.1", f"10.0.0.{number}", (5000, port))


LAST = {f"acme/web-{number}": wire(to(number, 9999)) for number in (2, 3)}


@pytest.fixture(scope="module")
def lab(real_switch: RealSwitch) -> Iterator[FabricLab]:
    made = FabricLab(real_switch)
    try:
        made.start(TRIANGLE.world())
        yield made
    finally:
        made.stop()


def test_packets_cross_to_whom_they_are_for_as_they_were_sent(lab: FabricLab) -> None:
    for number in (2, 3):
        sent = wire(to(number))
        heard = lab.fate("acme/web-1", sent, LAST)
        assert heard == {name: [sent] if name == f"acme/web-{number}" else [] for name in LAST}


def test_a_broadcast_reaches_each_machine_once_though_bridges_stand_in_a_ring(lab: FabricLab) -> None:
    sent = wire(udp(mac(1), BROADCAST, "10.0.0.1", "255.255.255.255"))
    assert lab.fate("acme/web-1", sent, LAST) == {name: [sent] for name in LAST}


def test_the_longest_packet_crosses_whole(lab: FabricLab) -> None:
    sent = wire(sized(to(2), 1514))
    assert lab.fate("acme/web-1", sent, LAST)["acme/web-2"] == [sent]


def test_connections_share_two_wires_and_keep_to_one_when_the_other_is_pulled_out(lab: FabricLab) -> None:
    sent = [wire(to(2, port)) for port in range(6000, 6032)]
    try:
        lab.cut("s1-eth11")
        assert all(lab.fate("acme/web-1", one, LAST)["acme/web-2"] == [one] for one in sent)
        lab.cut("s1-eth11", mended=True)
        lab.cut("s1-eth12")
        assert all(lab.fate("acme/web-1", one, LAST)["acme/web-2"] == [one] for one in sent)
    finally:
        lab.cut("s1-eth11", mended=True)
        lab.cut("s1-eth12", mended=True)


def test_a_broadcast_reaches_the_others_where_one_cannot_be_reached(lab: FabricLab) -> None:
    """Of the three copies the one in the middle goes nowhere, behind its header."""
    sent = wire(udp(mac(1), BROADCAST, "10.0.0.1", "255.255.255.255"))
    reachable = {"acme/web-3": LAST["acme/web-3"]}
    try:
        lab.cut("s1-eth11")
        lab.cut("s1-eth12")
        assert lab.fate("acme/web-1", sent, reachable) == {"acme/web-3": [sent]}
        lost = (Route, "s1>s2/0")
        lab.becomes(without(TRIANGLE.world(), *lost))
        assert lab.fate("acme/web-1", sent, reachable) == {"acme/web-3": [sent]}
    finally:
        lab.becomes(TRIANGLE.world())
        lab.cut("s1-eth11", mended=True)
        lab.cut("s1-eth12", mended=True)


def test_bridges_come_to_other_ways_and_machines_hear_each_other_by_those(lab: FabricLab) -> None:
    sent = wire(to(2))
    try:
        lab.becomes(TRIANGLE.world(down=("s1.11-s2.11", "s1.12-s2.12"), version=1))
        for name in ("s1-eth11", "s1-eth12"):
            lab.cut(name)
        assert lab.fate("acme/web-1", sent, LAST) == {"acme/web-2": [sent], "acme/web-3": []}
    finally:
        lab.becomes(TRIANGLE.world())
        for name in ("s1-eth11", "s1-eth12"):
            lab.cut(name, mended=True)
