"""What stands in a switch beside its flows: meters, groups and options, and how netloom hears that others touched them.

Structures: OpenFlow 1.5.1, 7.3.4.3 (groups), 7.3.4.4 (meters), 7.3.10 (what a
switch tells of its own accord), 7.4.6 (requests of other controllers that a switch forwards).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.flow import groups
from controller.flow.codec import unpacked
from controller.flow.meters import meter_spec
from controller.southbound.wire import VERSION, multipart_request
from controller.southbound.xids import Concern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.flow.meters import Limit

GROUP_MOD, SET_ASYNC, METER_MOD, REQUEST_FORWARD = 15, 28, 29, 32
GROUP_DESC, METER_CONFIG = 7, 10
METER_EXISTS = (12, 1)
"""The type and code of the error about a meter that is there already."""
_ALL_METERS, _ALL_GROUPS = 0xFFFFFFFF, 0xFFFFFFFC
_PER_PACKET, _BURST = 0b0010, 0b0100
_DROP = 1
_PACKETS_BY_ACTION = 1 << 1
_GROUPS_AND_METERS = 0b11
_PACKET_IN, _FLOW_REMOVED, _FORWARDED = 1, 5, 11
_COMMANDS = {Concern.METER_ADD: 0, Concern.METER_MODIFY: 1, Concern.METER_DELETE: 2}
_MAKE_OR_CHANGE, _TAKE_AWAY = 0x8000, 2
"""Commands of a group-mod; the first is Open vSwitch's own (``OFPGC11_ADD_OR_MOD``)."""
_ALL_BUCKETS, _BUCKETS_AT = 0xFFFFFFFF, 16
_GROUP_KINDS = {0: "all", 1: "select", 2: "indirect", 3: "fast failover"}


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter as a switch has it; ``bands`` are its bytes."""

    number: int
    flags: int
    bands: bytes

    @property
    def right(self) -> bool:
        """Whether it is as its number says."""
        limit = meter_spec(self.number)
        return limit is not None and self == _meter(self.number, limit)

    def __str__(self) -> str:
        return f"meter={self.number} flags={self.flags:#x} bands={self.bands.hex()}"


@dataclass(frozen=True, slots=True)
class Group:
    """A group as a switch has it; ``wire`` are the bytes of its buckets, ``method`` those of how one is picked."""

    number: int
    kind: int
    wire: bytes = b""
    method: bytes = b""

    def does(self, group: groups.Group) -> bool:
        """Whether it does what this group should."""
        return (self.kind, self.wire, self.method) == (group.kind, group.wire, group.method)

    @property
    def right(self) -> bool:
        """Whether it is as its number says, as all are that netloom ever made."""
        return groups.numbered_for(self.number, self.kind, self.wire, self.method)

    def __str__(self) -> str:
        return f"group_id={self.number} type={_GROUP_KINDS.get(self.kind, self.kind)}"


@dataclass(frozen=True, slots=True)
class Option:
    """A Geneve option (RFC 8926, 3.5): class, type, bytes; and the number of the field that a bridge has it in."""

    option_class: int
    kind: int
    length: int
    field: int = 0

    def __str__(self) -> str:
        return f"option class={self.option_class:#06x} type={self.kind:#04x} length={self.length}"


Found = Meter | Group | Option


@dataclass(frozen=True, slots=True)
class Report:
    """A part of an answer about meters, groups or options; ``more`` while the answer goes on."""

    xid: int
    found: tuple[Found, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Somebody else changed a meter or a group."""


def settings() -> bytes:
    """OFPT_SET_ASYNC: tell of packets that a flow sent us, of no flow that went by itself, of others' requests.

    Packets that a packet-out brings to such a flow do not come back: what netloom sends cannot keep it busy.
    """
    told = ((_PACKET_IN, _PACKETS_BY_ACTION), (_FLOW_REMOVED, 0), (_FORWARDED, _GROUPS_AND_METERS))
    body = b"".join(struct.pack("!HHI", kind, 8, mask) for kind, mask in told)
    return struct.pack("!BBHI", VERSION, SET_ASYNC, 8 + len(body), Concern.SETTINGS.xid()) + body


def meters_request(xid: int) -> bytes:
    """Ask for every meter there is (OFPMP_METER_CONFIG)."""
    return multipart_request(METER_CONFIG, xid, struct.pack("!I4x", _ALL_METERS))


def groups_request(xid: int) -> bytes:
    """Ask for every group there is (OFPMP_GROUP_DESC)."""
    return multipart_request(GROUP_DESC, xid, struct.pack("!I4x", _ALL_GROUPS))


def meter_mod(concern: Concern, number: int) -> bytes:
    """Make a meter what its number says (METER_ADD, METER_MODIFY), or take it away with the flows that use it."""
    limit = meter_spec(number)
    meter = Meter(number, 0, b"") if concern is Concern.METER_DELETE or limit is None else _meter(number, limit)
    head = (VERSION, METER_MOD, 16 + len(meter.bands), concern.xid(number), _COMMANDS[concern], meter.flags, number)
    return struct.pack("!BBHIHHI", *head) + meter.bands


def group_mod(group: groups.Group) -> bytes:
    """OFPT_GROUP_MOD that makes a group, or makes it what it should be where one of its number is there."""
    content = group.wire + group.method
    fixed = struct.pack("!HBxIH2xI", _MAKE_OR_CHANGE, group.kind, group.number, len(group.wire), _ALL_BUCKETS)
    head = struct.pack("!BBHI", VERSION, GROUP_MOD, 8 + len(fixed) + len(content), Concern.GROUP.xid(group.number))
    return head + fixed + content


def no_group(number: int) -> bytes:
    """OFPT_GROUP_MOD that takes a group away, with the flows that use it."""
    head = (VERSION, GROUP_MOD, 24, Concern.GROUP.xid(number), _TAKE_AWAY, 0, number, 0, _ALL_BUCKETS)
    return struct.pack("!BBHIHBxIH2xI", *head)


def meters_report(message: bytes) -> Report:
    """Read an answer to ``meters_request``; raises ValueError where it is truncated."""
    return Report(*_head(message, tuple(_meters(message))))


def groups_report(message: bytes) -> Report:
    """Read an answer to ``groups_request``; raises ValueError where it is truncated."""
    return Report(*_head(message, tuple(_groups(message))))


def _meter(number: int, limit: Limit) -> Meter:
    band = struct.pack("!HHII4x", _DROP, 16, limit.rate, limit.burst)
    return Meter(number, _PER_PACKET | _BURST, band)


def _head(message: bytes, found: tuple[Found, ...]) -> tuple[int, tuple[Found, ...], bool]:
    xid, _, flags = unpacked("!IHH", message, 4)
    return xid, found, bool(flags & 1)


def _meters(message: bytes) -> Iterator[Meter]:
    for entry in _entries(message):
        flags, number = unpacked("!HI", entry, 2)
        yield Meter(number, flags, entry[8:])


def _groups(message: bytes) -> Iterator[Group]:
    for entry in _entries(message):
        kind, number, length = unpacked("!BxIH", entry, 2)
        buckets, rest = entry[_BUCKETS_AT : _BUCKETS_AT + length], entry[_BUCKETS_AT + length :]
        yield Group(number, kind, buckets, rest)


def _entries(message: bytes) -> Iterator[bytes]:
    """The parts of a multipart answer's body, each of which begins with its length."""
    at = 16
    while at < len(message):
        length = unpacked("!H", message, at)[0]
        if length < 8 or at + length > len(message):  # noqa: PLR2004 - the least length of an entry
            raise ValueError("truncated answer about meters or groups")
        yield message[at : at + length]
        at += length
