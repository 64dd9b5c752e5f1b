"""Steered packets take their tracks, and pass middleboxes there and back, on Open vSwitch itself."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from controller.flow import fields as f
from controller.links import TRACKS, Placed, Track
from controller.policy.values import UDP, Service
from tests.fabric_lab import FabricLab
from tests.fabric_worlds import Plan, bare
from tests.frames import wire
from tests.packets import answer, sized
from tests.steered_worlds import EVERYBODY, chain, fabric, policy, stream
from tests.worlds import with_more

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.packets import Packet
    from tests.real_switch import RealSwitch

pytestmark = pytest.mark.system
RING = Plan(
    tuple(bare(f"s{number}", number) for number in range(1, 5)),
    (("s1", "s2"), ("s1", "s4"), ("s2", "s4"), ("s1", "s3"), ("s2", "s3")),
    {},
)
"""From s1 to s2 straight, by s4 and by s3."""
STRAIGHT, TO_S4, TO_S3 = "s1-eth11", "s1-eth12", "s1-eth13"
STREAM_PORT, LAST, CONNECTION = 5004, 49999, 40000
BY_S4, BY_S3 = TRACKS + 1, TRACKS + 2
TRACKED = (
    Track("by-s4", BY_S4, ("s1", "s4", "s2"), (BY_S3, 0)),
    Track("by-s3", BY_S3, ("s1", "s3", "s2"), (0, 0)),
)
WORLD = fabric(RING, {"hv1": "s3", "hv2": "s3"})
PASSED = (("cam", "fw-in"), ("fw-out", "dpi-in"), ("dpi-out", "nvr"))
"""By which ports a packet goes in and comes out where it passes fw and dpi."""


@pytest.fixture(scope="module")
def lab(real_switch: RealSwitch) -> Iterator[FabricLab]:
    made = FabricLab(real_switch)
    try:
        made.start(with_more(WORLD, chain(["fw", "fw2"], ["dpi"])))
        yield made
    finally:
        made.stop()


def heard(lab: FabricLab, sender: str, packet: Packet, listener: str) -> list[bytes]:
    """What a port hears of a packet, which is sent from another."""
    port = f.UDP_SRC if packet[f.UDP_DST] == STREAM_PORT else f.UDP_DST
    closing = {f"acme/{listener}": wire(packet | {port: LAST})}
    return lab.fate(f"acme/{sender}", wire(packet), closing)[f"acme/{listener}"]


def test_packets_pass_middleboxes_in_order_and_answers_the_other_way_round(lab: FabricLab) -> None:
    lab.becomes(with_more(WORLD, chain(["fw"], ["dpi"])))
    packet = stream("cam", "nvr")
    for by, out in PASSED:
        assert heard(lab, by, packet, out) == [wire(packet)]
        assert heard(lab, out, answer(packet), by) == [wire(answer(packet))]


def test_the_longest_packet_reaches_a_middlebox_whole(lab: FabricLab) -> None:
    lab.becomes(with_more(WORLD, chain(["fw"])))
    packet = sized(stream("cam", "nvr"), 1514)
    assert heard(lab, "cam", packet, "fw-in") == [wire(packet)]


def test_instances_share_connections_and_answers_pass_the_same_one(lab: FabricLab) -> None:
    lab.becomes(with_more(WORLD, chain(["fw", "fw2"])))
    passed = []
    for source in range(42000, 42032):
        packet = stream("cam", "nvr", (source, STREAM_PORT))
        into = lab.first("acme/cam", wire(packet), ("acme/fw-in", "acme/fw2-in"))
        back = lab.first("acme/nvr", wire(answer(packet)), ("acme/fw-out", "acme/fw2-out"))
        assert back == into.replace("-in", "-out")
        passed.append(into)
    assert min(passed.count(into) for into in ("acme/fw-in", "acme/fw2-in")) > len(passed) / 5


def test_many_senders_receivers_and_services_are_told_as_lists(lab: FabricLab) -> None:
    many = tuple(Service(UDP, ((port, port),)) for port in range(7000, 7008))
    lab.becomes(with_more(WORLD, chain(["fw"], sources=(EVERYBODY,), targets=(EVERYBODY,), services=many)))
    for sender, target in (("cam", "nvr"), ("other", "far"), ("nvr", "other")):
        packet = stream(sender, target, (CONNECTION, 7005))
        assert lab.first(f"acme/{sender}", wire(packet), ("acme/fw-in", f"acme/{target}")) == "acme/fw-in"
        straight = stream(sender, target, (CONNECTION, 7009))
        assert lab.first(f"acme/{sender}", wire(straight), ("acme/fw-in", f"acme/{target}")) == f"acme/{target}"


@pytest.mark.parametrize("dead", [(STRAIGHT, TO_S3), (STRAIGHT, TO_S4)])
def test_steered_packets_take_their_track_and_go_round_a_dead_wire_by_themselves(
    lab: FabricLab, dead: tuple[str, str]
) -> None:
    placed = Placed("acme/video|s1|s2", "acme/video", "s1", "s2", BY_S4)
    lab.becomes(with_more(WORLD, policy(), placed, *TRACKED))
    packet = stream("cam", "nvr")
    try:
        for wires in pairwise(((), dead, ())):
            for name in dead:
                lab.cut(name, mended=name not in wires[1])
            assert heard(lab, "cam", packet, "nvr") == [wire(packet)]
    finally:
        for name in dead:
            lab.cut(name, mended=True)
