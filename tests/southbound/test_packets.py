"""A packet comes with what its flows wrote of it, and goes out through the actions that it is given."""

from __future__ import annotations

import struct

import pytest

from controller.flow.actions import CONTROLLER_RESERVED, output, resubmit, set_field
from controller.flow.fields import REGS
from controller.southbound import inbound
from controller.southbound.packets import PacketIn, packet_out
from tests.southbound.punts import FRAME, PUNTED


def test_a_packet_comes_with_its_port_its_registers_and_its_flow() -> None:
    registers = {0: 0x77, 3: 5, 10: 9, 12: 0xFE800000, 15: 1}
    assert inbound.received(PUNTED) == PacketIn(FRAME, 1, registers, table=1, cookie=0x99)


def test_a_packet_that_does_not_say_where_it_came_in_is_refused() -> None:
    head = bytes.fromhex("00000000 ffffffff 00000101 0000000000000099 0001 0004 00000000 0000")
    with pytest.raises(ValueError, match="where the packet came in"):
        inbound.received(struct.pack("!BBH", 6, 10, 4 + len(head)) + head)


def test_a_match_that_reaches_beyond_its_message_is_refused() -> None:
    longer = bytearray(PUNTED)
    longer[26:28] = struct.pack("!H", 0xFFF0)
    with pytest.raises(ValueError, match="truncated packet-in"):
        inbound.received(bytes(longer))


def test_a_packet_goes_out_through_its_actions_and_in_no_buffer() -> None:
    actions = (set_field(REGS[0], 5), resubmit(7), output(2))
    message = packet_out(FRAME, actions, xid=9)
    _, kind, length, xid, buffer, actions_length = struct.unpack_from("!BBHIIH", message)
    assert (kind, length, xid, buffer) == (13, len(message), 9, 0xFFFFFFFF)
    assert message[16:32] == bytes.fromhex("0001000c 80000004") + struct.pack("!I4x", CONTROLLER_RESERVED)
    assert message[32:] == b"".join(action.wire for action in actions) + FRAME
    assert actions_length == len(message) - 32 - len(FRAME)


def test_a_frame_that_no_message_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="more than one message holds"):
        packet_out(bytes(0xFFF0), (output(2),), xid=1)
