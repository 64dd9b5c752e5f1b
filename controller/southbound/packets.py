"""Packets that a switch hands to netloom, and packets that netloom hands to a switch (OpenFlow 1.5.1, 7.4.1, 7.3.6).

A packet comes with the registers that its flows wrote before they sent it, so that they can say why they did.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.flow.actions import CONTROLLER_RESERVED
from controller.flow.codec import Term, match_terms, unpacked
from controller.flow.fields import IN_PORT, encoded
from controller.southbound.wire import VERSION, match_struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from controller.flow.actions import Action

PACKET_IN, PACKET_OUT = 10, 13
_NO_BUFFER = 0xFFFFFFFF
_PACKET_IN_MATCH = 24


@dataclass(frozen=True, slots=True)
class PacketIn:
    """One packet that a flow of ours sent; ``registers`` by number, those that hold 0 are left out."""

    frame: bytes
    in_port: int
    registers: Mapping[int, int]
    table: int
    cookie: int


def packet_in(message: bytes) -> PacketIn:
    """Read OFPT_PACKET_IN; raises ValueError where it is truncated or does not say where the packet came in."""
    _, _, _, table, cookie = unpacked("!IHBBQ", message, 8)
    kind, length = unpacked("!HH", message, _PACKET_IN_MATCH)
    start = _PACKET_IN_MATCH + (length + 7) // 8 * 8 + 2
    if kind != 1 or length < 4 or start > len(message):  # noqa: PLR2004 - the least length of a match
        raise ValueError("truncated packet-in")
    in_port, registers = None, {}
    for term in match_terms(message[_PACKET_IN_MATCH + 4 : _PACKET_IN_MATCH + length]):
        match term:
            case Term(field=field, value=value) if field is IN_PORT:
                in_port = value
            case Term(field=field, value=value) if field.register is not None and value:
                registers[field.register] = value
    if in_port is None:
        raise ValueError("a packet-in that does not say where the packet came in")
    return PacketIn(message[start:], in_port, registers, table, cookie)


def packet_out(frame: bytes, actions: Iterable[Action], xid: int, in_port: int = CONTROLLER_RESERVED) -> bytes:
    """OFPT_PACKET_OUT: have a frame go through ``actions`` as if it had come in at ``in_port``."""
    does = b"".join([action.wire for action in actions])
    match = match_struct(encoded(IN_PORT, in_port))
    length = 16 + len(match) + len(does) + len(frame)
    if length > 0xFFFF:  # noqa: PLR2004 - what a length field can say
        raise ValueError(f"a frame of {len(frame)} bytes: more than one message holds")
    head = struct.pack("!BBHIIHH", VERSION, PACKET_OUT, length, xid, _NO_BUFFER, len(does), 0)
    return head + match + does + frame
