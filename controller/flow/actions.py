"""What a flow does with a packet: values that carry their OpenFlow 1.5 bytes.

The bytes are those that OVS gives back for the same action, see ``controller.flow.fields``. Makers are cached, since a
large network repeats the same actions in thousands of flows.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

from controller.errors import Bug
from controller.flow import openflow as of
from controller.flow.cloning import Clone
from controller.flow.fields import CACHED, IN_PORT, SHORT_IN_PORT, Field, Masked, Value, encoded
from controller.flow.groups import ToGroup
from controller.flow.headers import HeaderChange
from controller.flow.tracking import Ct

IN_PORT_RESERVED = 0xFFFFFFF8
"""OFPP_IN_PORT: back to where the packet came from, which plain output never does."""
CONTROLLER_RESERVED = 0xFFFFFFFD
"""OFPP_CONTROLLER: the whole packet, with its registers, to whoever controls the switch."""

_SYMMETRIC_L3L4_UDP, _MODULO, _HIGHEST_WEIGHT, _METER_PROPERTY = 3, 0, 2, 5
_OTHER_HASH = 1024
"""The basis by which what is counted modulo is independent of what is picked by highest weight."""
_WHOLE_PACKET, _OFPP_IN_PORT_16 = 0xFFFF, 0xFFF8
_LONGEST = 0xFFFF - 8
_FEWEST_CLAUSES, _MOST_CLAUSES = 2, 64


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


@dataclass(frozen=True, slots=True)
class DecTtl:
    """One hop less to live. A packet with none left ends here, as a switch drops it: match that before."""

    wire: bytes


@dataclass(frozen=True, slots=True)
class Meter:
    """What exceeds the meter's rate ends here."""

    meter: int
    wire: bytes


@dataclass(frozen=True, slots=True)
class ToController:
    """A copy of the packet to the controller, with its registers; what exceeds the meter's rate is not copied."""

    meter: int
    wire: bytes


@dataclass(frozen=True, slots=True)
class Conjunction:
    """The packet meets one of ``clauses``. Who meets all at one priority has ``number`` in ``CONJ_ID`` there."""

    number: int
    clause: int
    clauses: int
    wire: bytes


@dataclass(frozen=True, slots=True)
class Multipath:
    """Write one of ``paths`` numbers, from 0, into a field: the same for both directions of a connection.

    ``modulo``: by another hash than what is picked without it.
    """

    paths: int
    field: Field
    at: int
    bits: int
    modulo: bool
    wire: bytes


@dataclass(frozen=True, slots=True)
class CheckLarger:
    """Set one bit of a field where the frame, with its tag, is longer than ``size`` bytes; clear it where not."""

    size: int
    field: Field
    bit: int
    wire: bytes


Action = (
    Output
    | OutputField
    | SetField
    | Copy
    | Resubmit
    | Goto
    | DecTtl
    | Meter
    | ToController
    | Conjunction
    | Multipath
    | CheckLarger
    | Ct
    | Clone
    | HeaderChange
    | ToGroup
)


@lru_cache(CACHED)
def output(port: int) -> Output:
    """OFPAT_OUTPUT."""
    return Output(port, struct.pack("!HHIH6x", of.OUTPUT, 16, port, _WHOLE_PACKET))


@lru_cache(CACHED)
def output_field(field: Field) -> OutputField:
    """NXAST_OUTPUT_REG of a whole 32-bit register."""
    span = field.bits - 1
    head = struct.pack("!HHIHH", of.EXPERIMENTER, 24, of.NICIRA, of.OUTPUT_REG, span)
    return OutputField(field, head + _short_header(field) + struct.pack("!H6x", _WHOLE_PACKET))


def written(field: Field) -> Field:
    """The field by the name under which OVS lets it be set."""
    return SHORT_IN_PORT if field is IN_PORT else field


@lru_cache(CACHED)
def set_field(field: Field, value: Value | Masked) -> SetField:
    """OFPAT_SET_FIELD; a masked value leaves the other bits alone."""
    oxm = encoded(written(field), value)
    length = (4 + len(oxm) + 7) // 8 * 8
    wire = struct.pack("!HH", of.SET_FIELD, length) + oxm + bytes(length - 4 - len(oxm))
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
    head = struct.pack("!HHHHH2x", of.COPY_FIELD, length, count, source_at, target_at)
    wire = head + oxms + bytes(length - len(head) - len(oxms))
    return Copy(source, target, count, source_at, target_at, wire)


@lru_cache(CACHED)
def resubmit(table: int) -> Resubmit:
    """NXAST_RESUBMIT_TABLE with the packet's own input port."""
    args = (of.EXPERIMENTER, 16, of.NICIRA, of.RESUBMIT_TABLE, _OFPP_IN_PORT_16, table)
    return Resubmit(table, struct.pack("!HHIHHB3x", *args))


@lru_cache(CACHED)
def goto(table: int) -> Goto:
    """OFPIT_GOTO_TABLE."""
    return Goto(table, struct.pack("!HHB3x", of.GOTO_TABLE, 8, table))


@lru_cache(CACHED)
def dec_ttl() -> DecTtl:
    """OFPAT_DEC_NW_TTL."""
    return DecTtl(struct.pack("!HH4x", of.DEC_TTL, 8))


@lru_cache(CACHED)
def meter(number: int) -> Meter:
    """OFPAT_METER, since OpenFlow 1.5 an action like others. The switch refuses a meter that it does not have."""
    return Meter(number, struct.pack("!HHI", of.METER, 8, number))


@lru_cache(CACHED)
def to_controller(meter_number: int) -> ToController:
    """NXAST_CONTROLLER2 of whole packets with a meter, which the switch must have: it refuses the flow otherwise."""
    head = struct.pack("!HHIH6x", of.EXPERIMENTER, 24, of.NICIRA, of.CONTROLLER2)
    return ToController(meter_number, head + struct.pack("!HHI", _METER_PROPERTY, 8, meter_number))


def sound_clause(clause: int, clauses: int) -> bool:
    """Whether a conjunction of so many clauses has this one."""
    return 1 <= clause <= clauses and _FEWEST_CLAUSES <= clauses <= _MOST_CLAUSES


@lru_cache(CACHED)
def conjunction(number: int, clause: int, clauses: int) -> Conjunction:
    """NXAST_CONJUNCTION, ``clause`` counted from 1 (ovs-fields(7), Conjunctive Match Fields).

    A flow may be a clause of several, but does nothing else. ``Bug`` where there is no such clause.
    """
    if not sound_clause(clause, clauses):
        raise Bug(f"clause {clause} of {clauses}: a conjunction has from {_FEWEST_CLAUSES} to {_MOST_CLAUSES}")
    args = (of.EXPERIMENTER, 16, of.NICIRA, of.CONJUNCTION, clause - 1, clauses, number)
    return Conjunction(number, clause, clauses, struct.pack("!HHIHBBI", *args))


@lru_cache(CACHED)
def multipath(paths: int, field: Field, at: int, bits: int, *, modulo: bool = False) -> Multipath:
    """NXAST_MULTIPATH by highest random weight: one path more or less moves only the connections it must.

    ``modulo`` is for many paths, since the switch looks at each of them otherwise.
    """
    basis, algorithm = (_OTHER_HASH, _MODULO) if modulo else (0, _HIGHEST_WEIGHT)
    args = (of.EXPERIMENTER, 32, of.NICIRA, of.MULTIPATH, _SYMMETRIC_L3L4_UDP, basis, algorithm, paths - 1)
    target = struct.pack("!IHH", 0, 0, at << 6 | bits - 1) + _short_header(field)
    return Multipath(paths, field, at, bits, modulo, struct.pack("!HHIHHH2xHH", *args) + target)


@lru_cache(CACHED)
def check_larger(size: int, field: Field, bit: int) -> CheckLarger:
    """NXAST_CHECK_PKT_LARGER; ``size`` in bytes of the frame from its destination MAC on."""
    head = struct.pack("!HHIHHH", of.EXPERIMENTER, 24, of.NICIRA, of.CHECK_LARGER, size, bit)
    return CheckLarger(size, field, bit, head + _short_header(field) + bytes(6))


def _short_header(field: Field) -> bytes:
    """The four bytes that name a field; ``Bug`` for one that has more of them, where no more fit."""
    if field.vendor:
        raise Bug(f"{field} does not fit into this action")
    return field.header(masked=False)


def instructions(actions: tuple[Action, ...]) -> bytes:
    """The instructions of a flow: one APPLY_ACTIONS for all but a final goto. No actions: drop."""
    last = actions[-1] if actions else None
    applied = actions[:-1] if isinstance(last, Goto) else actions
    body = b"".join([action.wire for action in applied])
    if len(body) > _LONGEST:
        raise Bug(f"{len(applied)} actions are longer than an OpenFlow message")
    head = struct.pack("!HH4x", of.APPLY_ACTIONS, 8 + len(body)) if body else b""
    return head + body + (last.wire if isinstance(last, Goto) else b"")
