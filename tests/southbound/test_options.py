"""The option that carries identities is mapped before any flow that needs it, once, and nobody else's is touched."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from controller.flow import fields as f
from controller.flow.actions import copy, instructions, set_field
from controller.flow.fields import Masked
from controller.flow.flow import EVERYWHERE, Flow, encoded_match
from controller.southbound import inbound, options
from controller.southbound.beside import Option, Report
from tests.southbound.rig import Rig
from tests.southbound.storm import HOSTS
from tests.worlds import small_world

if TYPE_CHECKING:
    from tests.southbound.fake_switch import FakeSwitch

OURS = {0: (0x6E6C, 0x01, 4)}
FROM_OVS = bytes.fromhex("06040028 00000009 00002320 0000001a 00000100 0040 00000000000000000000 6e6c0104 00000000")
"""What Open vSwitch 3.1 answers when the option is mapped."""


@pytest.fixture
def rig() -> Rig:
    """Two hosts that have not connected yet."""
    made = Rig(HOSTS)
    made.turn(small_world().values())
    return made


def switch(rig: Rig) -> FakeSwitch:
    return rig.hosts["hv1"].switch


def flow(place: int, match: bytes, *actions: bytes) -> Flow:
    return Flow(EVERYWHERE, 1, place, match, b"".join(actions), place)


def test_the_option_is_mapped_before_any_flow_is_sent(rig: Rig) -> None:
    rig.connect()
    while not switch(rig).flow_mods:
        for move in rig.hosts["hv1"].moves():
            move()
    assert switch(rig).options.held == OURS


def test_a_mapping_that_is_there_is_left_alone_and_one_that_was_lost_is_made_again(rig: Rig) -> None:
    for mods in (1, 1):
        rig.connect()
        rig.settle()
        assert switch(rig).options.mods == mods
        line = rig.hosts["hv1"].line
        assert line is not None
        line.close()
        rig.settle()
    switch(rig).options.held.clear()
    rig.connect()
    rig.settle()
    assert (switch(rig).options.held, switch(rig).options.mods) == (OURS, 2)
    assert rig.refusals == []


def test_options_of_others_are_not_touched(rig: Rig) -> None:
    switch(rig).options.held = {7: (0x0102, 0x80, 8)}
    rig.connect()
    rig.settle()
    assert switch(rig).options.held == {7: (0x0102, 0x80, 8)} | OURS
    assert rig.refusals == []


@pytest.mark.parametrize("held", [{0: (0x0102, 0x80, 4)}, {5: (0x6E6C, 0x01, 4)}, {0: (0x6E6C, 0x01, 8)}])
def test_where_another_stands_in_its_place_that_is_told_once_and_flows_that_need_it_are_not_sent(
    rig: Rig, held: dict[int, tuple[int, int, int]]
) -> None:
    switch(rig).options.held = dict(held)
    rig.connect()
    rig.settle()
    told = [flow for chassis, flow in rig.refusals if chassis == "hv1"]
    needing = [one for one in rig.compiler.flows("hv1").values() if options.carries_identity(one)]
    assert told[0] is None
    assert told[1:] == needing
    assert switch(rig).options.held == held
    assert set(switch(rig).table) == rig.compiler.flows("hv1").keys() - {one.slot for one in needing}
    assert rig.hosts["hv1"].bridge.in_sync


def test_what_open_vswitch_answers_is_read() -> None:
    assert inbound.received(FROM_OVS) == Report(9, (options.IDENTITY,), more=False)
    assert inbound.received(FROM_OVS[:2] + struct.pack("!H", 32) + FROM_OVS[4:32]) == Report(9, (), more=False)
    other = FROM_OVS[:12] + struct.pack("!I", 7) + FROM_OVS[16:]
    assert inbound.received(other) is None
    with pytest.raises(ValueError, match="truncated"):
        inbound.received(FROM_OVS[:2] + struct.pack("!H", 35) + FROM_OVS[4:35])


def test_only_what_stands_in_the_way_of_the_option_is_its_rival() -> None:
    other, elsewhere = Option(1, 2, 4, 3), Option(0x6E6C, 0x01, 4, 3)
    assert options.rival([options.IDENTITY, other]) is None
    assert options.rival([other, elsewhere]) == elsewhere


def test_a_flow_carries_identities_where_it_matches_sets_or_copies_the_option() -> None:
    number = int.from_bytes(f.TUN_METADATA0.header(masked=False), "big")
    needing = (
        flow(1, encoded_match({f.TUN_METADATA0: 5})),
        flow(2, encoded_match({f.TUN_METADATA0: Masked(1, 1)})),
        flow(3, b"", instructions((set_field(f.TUN_METADATA0, 5),))),
        flow(4, b"", instructions((copy(f.TUN_METADATA0, f.REGS[1]),))),
        flow(5, b"", instructions((copy(f.REGS[1], f.TUN_METADATA0),))),
    )
    not_needing = (flow(6, encoded_match({f.REGS[1]: number})), flow(7, b"", instructions((set_field(f.REGS[1], 5),))))
    assert [options.carries_identity(one) for one in (*needing, *not_needing)] == [True] * 5 + [False] * 2
