"""What a flow does with a packet: values that carry their OpenFlow 1.5 bytes.

The bytes are those that OVS gives back for the same action, see ``controller.flow.fields``. Makers are cached, since a
large network repeats the same actions in thousands of flows.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

from controller.errors import Bug
from controller.flow.fields import CACHED, Field, Masked, Value, encoded

IN_PORT_RESERVED = 0xFFFFFFF8
"""OFPP_IN_PORT: back to where the packet came from, which plain output never does."""

_NICIRA_VENDOR = 0x00002320
_OUTPUT, _SET_FIELD, _COPY_FIELD, _EXPERIMENTER = 0, 25, 28, 0xFFFF
_NX_RESUBMIT_TABLE, _NX_OUTPUT_REG = 14, 15
_WHOLE_PACKET = 0xFFFF
_LONGEST = 0xFFFF - 8
_OFPP_IN_PORT_16 = 0xFFF8


@dataclass(frozen=True, slots=True)
class Output:
    """Send the packet out of a port."""

    port: int
    wire: bytes


@dataclass(frozen=True, slots=True)
class OutputField:
    """Send the packet out of the port whose number a register holds."""

    field: Field
    wire: bytes


@dataclass(frozen=True, slots=True)
class SetField:
    """Write a constant into a field, or into the bits of ``mask``."""

    field: Field
    value: int
    mask: int
    wire: bytes


@dataclass(frozen=True, slots=True)
class Copy:
    """Copy ``bits`` bits from one field to another, from bit ``source_at`` to bit ``target_at``."""

    source: Field
    target: Field
    bits: int
    source_at: int
    target_at: int
    wire: bytes


@dataclass(frozen=True, slots=True)
class Resubmit:
    """Let another table act, then go on with the next action of this flow."""

    table: int
    wire: bytes


@dataclass(frozen=True, slots=True)
class Goto:
    """Go on in a later table; always the last thing a flow does."""

    table: int
    wire: bytes


Action = Output | OutputField | SetField | Copy | Resubmit | Goto


@lru_cache(CACHED)
def output(port: int) -> Output:
    """OFPAT_OUTPUT."""
    return Output(port, struct.pack("!HHIH6x", _OUTPUT, 16, port, _WHOLE_PACKET))


@lru_cache(CACHED)
def output_field(field: Field) -> OutputField:
    """NXAST_OUTPUT_REG of a whole 32-bit register."""
    span = field.bits - 1
    header = field.header(masked=False)
    head = struct.pack("!HHIHH", _EXPERIMENTER, 24, _NICIRA_VENDOR, _NX_OUTPUT_REG, span)
    return OutputField(field, head + header + struct.pack("!H6x", _WHOLE_PACKET))


@lru_cache(CACHED)
def set_field(field: Field, value: Value | Masked) -> SetField:
    """OFPAT_SET_FIELD; a masked value leaves the other bits alone."""
    oxm = encoded(field, value)
    length = (4 + len(oxm) + 7) // 8 * 8
    wire = struct.pack("!HH", _SET_FIELD, length) + oxm + bytes(length - 4 - len(oxm))
    if isinstance(value, Masked):
        mask = field.parse(value.mask)
        return SetField(field, field.parse(value.value) & mask, mask, wire)
    return SetField(field, field.parse(value), field.all_ones, wire)


@lru_cache(CACHED)
def copy(source: Field, target: Field, bits: int | None = None, source_at: int = 0, target_at: int = 0) -> Copy:
    """OFPAT_COPY_FIELD; the whole of the narrower field unless told otherwise."""
    count = min(source.bits, target.bits) if bits is None else bits
    oxms = source.header(masked=False) + target.header(masked=False)
    length = (12 + len(oxms) + 7) // 8 * 8
    wire = struct.pack("!HHHHH2x", _COPY_FIELD, length, count, source_at, target_at) + oxms + bytes(length - 20)
    return Copy(source, target, count, source_at, target_at, wire)


@lru_cache(CACHED)
def resubmit(table: int) -> Resubmit:
    """NXAST_RESUBMIT_TABLE with the packet's own input port."""
    args = (_EXPERIMENTER, 16, _NICIRA_VENDOR, _NX_RESUBMIT_TABLE, _OFPP_IN_PORT_16, table)
    return Resubmit(table, struct.pack("!HHIHHB3x", *args))


@lru_cache(CACHED)
def goto(table: int) -> Goto:
    """OFPIT_GOTO_TABLE."""
    return Goto(table, struct.pack("!HHB3x", 1, 8, table))


def instructions(actions: tuple[Action, ...]) -> bytes:
    """The instructions of a flow: one APPLY_ACTIONS for all but a final goto. No actions: drop."""
    last = actions[-1] if actions else None
    applied = actions[:-1] if isinstance(last, Goto) else actions
    body = b"".join([action.wire for action in applied])
    if len(body) > _LONGEST:
        raise Bug(f"{len(applied)} actions are longer than an OpenFlow message")
    head = struct.pack("!HH4x", 4, 8 + len(body)) if body else b""
    return head + body + (last.wire if isinstance(last, Goto) else b"")
