"""Marks on connections that live: the frame by which a switch is made to mark exactly one of them.

It is an ICMP error about the connection: a switch takes it as related to that and to no other, whatever its protocol
and however far its sequence numbers have come, and it changes nothing of the connection's state. It goes nowhere.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from controller.addresses import octets
from controller.flow.tracking import ct
from controller.policy.values import ICMP, ICMPV6
from controller.services import frames

if TYPE_CHECKING:
    from controller.flow.actions import Action
    from controller.live.connections import Connection

_MACS = ("02:6e:6c:00:00:01", "02:6e:6c:00:00:02")
_UNREACHABLE, _UNREACHABLE6 = b"\x03\x01" + bytes(6), b"\x01\x00" + bytes(6)
_TCP_HEADER = 20


def marking(found: Connection, mark: int) -> tuple[bytes, tuple[Action, ...]]:
    """A frame, and the actions that give the connection a mark when the switch of its chassis takes them."""
    six = ":" in found.source
    message = (_UNREACHABLE6 if six else _UNREACHABLE) + _first(found, six)
    frame = frames.icmp_frame(_MACS, (found.target, found.source), message)
    return frame, (ct(found.zone, commit=True, mark=mark),)


def _first(found: Connection, six: bool) -> bytes:  # noqa: FBT001 - which IP it is
    """As much of the connection's first packet as an error quotes."""
    if found.protocol in {ICMP, ICMPV6}:
        rest = struct.pack("!BBHHH", found.target_port >> 8, found.target_port & 0xFF, 0, found.identifier, 0)
    else:
        rest = struct.pack("!HH", found.source_port, found.target_port).ljust(_TCP_HEADER, b"\0")
    ends = octets(found.source) + octets(found.target)
    if six:
        return struct.pack("!IHBB", 6 << 28, len(rest), found.protocol, frames.LIMIT) + ends + rest
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(rest), 0, 0, frames.LIMIT, found.protocol, 0)
    return head + ends + rest
