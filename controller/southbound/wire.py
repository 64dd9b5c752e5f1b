"""OpenFlow 1.5 messages that netloom writes and reads itself, because flow programming is the hot path.

The framework keeps the sessions, handshakes, echoes and port messages; flow-mods, bundles, the flow monitor and errors
pass through here as bytes, packets through ``packets``, meters and groups through ``beside``. Structures: OpenFlow
1.5.1, chapter 7; every reader treats its input as hostile and raises ``ValueError`` when it is truncated.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.flow.codec import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from controller.flow.flow import Flow, Slot

VERSION = 6
ERROR, FLOW_MOD, MULTIPART_REQUEST, MULTIPART_REPLY, BUNDLE_CONTROL, BUNDLE_ADD = 1, 14, 18, 19, 33, 34
FLOW_MONITOR = 16
OPEN_REQUEST, COMMIT_REQUEST, COMMIT_REPLY = 0, 4, 5
ATOMIC_ORDERED = 0b11
EVENT_INITIAL, EVENT_ADDED, EVENT_REMOVED, EVENT_MODIFIED = range(4)
_ADD, _DELETE_STRICT = 0, 4
_ANY = 0xFFFFFFFF
_ALL_TABLES = 0xFF
_MORE = 1
_ALL_COOKIE_BITS = (1 << 64) - 1
ANY_COOKIE = _ALL_COOKIE_BITS
"""No flow can have this cookie; to delete a flow with it is to delete whatever stands in its place."""
_MONITOR_WHAT = 0b0000_1111 | 0b0001_0000
"""INITIAL, ADD, REMOVED, MODIFY; with INSTRUCTIONS."""

_FLOW_MOD = struct.Struct("!BBHIQQBBHHHIIIHH")
_BUNDLE_ADD = struct.Struct("!BBHII2xH")
_FLOW_MOD_SIZE = 48
_BUNDLE_ADD_SIZE = 16
LARGEST = 0xFFFF - _BUNDLE_ADD_SIZE
"""The longest flow-mod that fits a bundle, in bytes."""


def match_struct(oxms: bytes) -> bytes:
    """The bytes of a match (OFPMT_OXM) with the padding that follows."""
    length = 4 + len(oxms)
    return struct.pack("!HH", 1, length) + oxms + bytes(-length % 8)


def flow_mod(flow: Flow, xid: int, *, delete: bool = False) -> bytes:
    """The message that puts the flow in its place (replacing what stood there), or takes away exactly this flow."""
    match = match_struct(flow.match)
    instructions = b"" if delete else flow.instructions
    length = _FLOW_MOD_SIZE + len(match) + len(instructions)
    if length > LARGEST:
        raise ValueError(f"flow of {length} bytes in table {flow.table}: more than one message holds")
    mask = _ALL_COOKIE_BITS if delete and flow.cookie != ANY_COOKIE else 0
    command = _DELETE_STRICT if delete else _ADD
    head = _FLOW_MOD.pack(
        *(VERSION, FLOW_MOD, length, xid, flow.cookie, mask, flow.table, command, 0, 0, flow.priority),
        *(_ANY, _ANY, _ANY, 0, 0),
    )
    return head + match + instructions


def bundle_control(kind: int, bundle: int, xid: int) -> bytes:
    """OFPT_BUNDLE_CONTROL for an atomic, ordered bundle."""
    return struct.pack("!BBHIIHH", VERSION, BUNDLE_CONTROL, 16, xid, bundle, kind, ATOMIC_ORDERED)


def bundle(identifier: int, xid: int, puts: Sequence[Flow], deletes: Sequence[Flow]) -> Iterator[bytes]:
    """A whole bundle, message by message, with xids counting from ``xid``: open, changes, commit."""
    yield bundle_control(OPEN_REQUEST, identifier, xid)
    for place, flow in enumerate((*puts, *deletes), 1):
        message = flow_mod(flow, xid + place, delete=place > len(puts))
        head = (VERSION, BUNDLE_ADD, _BUNDLE_ADD_SIZE + len(message), xid + place, identifier, ATOMIC_ORDERED)
        yield _BUNDLE_ADD.pack(*head) + message
    yield bundle_control(COMMIT_REQUEST, identifier, xid + len(puts) + len(deletes) + 1)


def monitor_request(monitor: int, xid: int) -> bytes:
    """Ask for every flow there is, and to be told of every later change that is not our own (OFPMP_FLOW_MONITOR)."""
    body = struct.pack("!IIIHBB", monitor, _ANY, _ANY, _MONITOR_WHAT, _ALL_TABLES, 0) + match_struct(b"")
    return multipart_request(FLOW_MONITOR, xid, body)


def multipart_request(kind: int, xid: int, body: bytes) -> bytes:
    """A request in one part, whose answer may have several."""
    return struct.pack("!BBHIHH4x", VERSION, MULTIPART_REQUEST, 16 + len(body), xid, kind, 0) + body


@dataclass(frozen=True, slots=True)
class FlowEvent:
    """One flow as the switch has it; ``kind`` is INITIAL, ADDED, REMOVED or MODIFIED, timeouts are in seconds."""

    kind: int
    table: int
    priority: int
    cookie: int
    match: bytes
    instructions: bytes
    idle_timeout: int = 0
    hard_timeout: int = 0

    @property
    def slot(self) -> Slot:
        """Where it stands."""
        return (self.table, self.priority, self.match)

    def holds(self, flow: Flow) -> bool:
        """Whether it is this flow, by name and content, and for good."""
        fleeting = self.idle_timeout or self.hard_timeout
        return self.cookie == flow.cookie and self.instructions == flow.instructions and not fleeting


@dataclass(frozen=True, slots=True)
class FlowReport:
    """A part of what the flow monitor tells; ``more`` while the answer to the request goes on."""

    xid: int
    events: tuple[FlowEvent, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class BundleReply:
    """The switch's answer to a bundle control message."""

    xid: int
    kind: int
    bundle: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """OFPT_ERROR: the switch would not do what message ``xid`` asked."""

    xid: int
    type: int
    code: int
    data: bytes


def bundle_reply(message: bytes) -> BundleReply:
    """Read OFPT_BUNDLE_CONTROL."""
    bundle_id, kind = unpacked("!IH", message, 8)
    return BundleReply(unpacked("!I", message, 4)[0], kind, bundle_id)


def refusal(message: bytes) -> Refusal:
    """Read OFPT_ERROR."""
    xid, kind, code = unpacked("!IHH", message, 4)
    return Refusal(xid, kind, code, message[12:])


def flow_report(message: bytes) -> FlowReport:
    """Read an answer to ``monitor_request``, or what the flow monitor tells later."""
    xid, _, flags = unpacked("!IHH", message, 4)
    return FlowReport(xid, tuple(_events(message)), bool(flags & _MORE))


def _events(message: bytes) -> Iterator[FlowEvent]:
    at = 16
    while at < len(message):
        length, event = unpacked("!HH", message, at)
        if length < 8 or at + length > len(message):  # noqa: PLR2004 - the least length of an update
            raise ValueError("truncated flow update")
        if event in {EVENT_INITIAL, EVENT_ADDED, EVENT_REMOVED, EVENT_MODIFIED}:
            yield _flow_event(message, at, length, event)
        at += length


def _flow_event(message: bytes, at: int, length: int, event: int) -> FlowEvent:
    """ofp_flow_update_full: length, event, table, reason, timeouts, priority, zeros, cookie, match, instructions."""
    table, _, idle, hard, priority, cookie = unpacked("!BBHHH4xQ", message, at + 4)
    match_length = unpacked("!H", message, at + 26)[0]
    start = at + 28
    match = message[start : start + match_length - 4]
    end = at + 24 + (match_length + 7) // 8 * 8
    if match_length < 4 or end > at + length:  # noqa: PLR2004 - the least length of a match
        raise ValueError("truncated flow update")
    return FlowEvent(event, table, priority, cookie, match, message[end : at + length], idle, hard)
