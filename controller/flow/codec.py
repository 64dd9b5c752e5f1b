"""From OpenFlow bytes back to values, and to the text that ovs-ofctl would print.

What a switch sends may hold fields and actions that netloom never writes (somebody's own flow): those come back as
``Unknown`` and read as hexadecimal, they are never an error. Truncated bytes are: ``ValueError``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from controller.flow import actions as act
from controller.flow.fields import BY_HEADER, ETH_TYPE, REGS, XREGS, Field, Masked

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXPERIMENTER_CLASS = 0xFFFF
_ETHERNET_TYPES = {0x0800: "ip", 0x0806: "arp", 0x86DD: "ipv6"}


@dataclass(frozen=True, slots=True)
class Unknown:
    """A field, action or instruction outside our tables, as it stood on the wire."""

    kind: str
    wire: bytes


@dataclass(frozen=True, slots=True)
class Term:
    """One field of a match; ``mask`` is all ones where the match is exact."""

    field: Field
    value: int
    mask: int


def unpacked(form: str, wire: bytes, at: int = 0) -> tuple[Any, ...]:
    """What ``struct`` finds there; ``ValueError`` where the bytes do not reach."""
    try:
        return struct.unpack_from(form, wire, at)
    except struct.error as error:
        raise ValueError("truncated") from error


def match_terms(oxms: bytes) -> Iterator[Term | Unknown]:
    """The terms of a match in the order they stand; register pairs come as the single registers they are made of."""
    at = 0
    while at < len(oxms):
        oxm_class, tag, length = unpacked("!HBB", oxms, at)
        body = oxms[at + 4 : at + 4 + length]
        if len(body) != length:
            raise ValueError("truncated match")
        field = None if oxm_class == _EXPERIMENTER_CLASS else BY_HEADER.get((oxm_class, tag >> 1))
        if field is None or length != field.size * (1 + (tag & 1)):
            yield Unknown("field", oxms[at : at + 4 + length])
        else:
            value = int.from_bytes(body[: field.size], "big")
            mask = int.from_bytes(body[field.size :], "big") if tag & 1 else field.all_ones
            yield from _single(Term(field, value, mask))
        at += 4 + length


def _single(term: Term) -> Iterator[Term]:
    if term.field not in XREGS:
        yield term
        return
    pair = term.field.number
    for register, shift in ((REGS[2 * pair], 32), (REGS[2 * pair + 1], 0)):
        mask = term.mask >> shift & 0xFFFFFFFF
        if mask:
            yield Term(register, term.value >> shift & mask, mask)


def flow_actions(instructions: bytes) -> Iterator[act.Action | Unknown]:
    """What a flow does, in order: its applied actions, then its goto."""
    at = 0
    while at < len(instructions):
        kind, length = unpacked("!HH", instructions, at)
        if length < 8 or at + length > len(instructions):  # noqa: PLR2004 - an instruction's least length
            raise ValueError("truncated instruction")
        if kind == 4:  # noqa: PLR2004 - OFPIT_APPLY_ACTIONS
            yield from _applied(instructions[at + 8 : at + length])
        elif kind == 1:
            yield act.goto(instructions[at + 4])
        else:
            yield Unknown("instruction", instructions[at : at + length])
        at += length


def _applied(wire: bytes) -> Iterator[act.Action | Unknown]:
    at = 0
    while at < len(wire):
        _, length = unpacked("!HH", wire, at)
        if length < 8 or at + length > len(wire):  # noqa: PLR2004 - an action's least length
            raise ValueError("truncated action")
        action = wire[at : at + length]
        known = _action(action)
        yield known if known is not None and known.wire == action else Unknown("action", action)
        at += length


def _action(wire: bytes) -> act.Action | None:
    match unpacked("!H", wire)[0]:
        case 0:
            return act.output(unpacked("!I", wire, 4)[0])
        case 25:
            return _set_field(wire)
        case 28 if len(wire) >= 20:  # noqa: PLR2004 - without padding
            return _copy(wire)
        case 0xFFFF if len(wire) >= 16:  # noqa: PLR2004 - likewise
            return _nicira(wire)
    return None


def _set_field(wire: bytes) -> act.SetField | None:
    field = _field(wire, 4)
    if field is None:
        return None
    value = int.from_bytes(wire[8 : 8 + field.size], "big")
    if not wire[6] & 1:
        return act.set_field(field, value)
    return act.set_field(field, Masked(value, int.from_bytes(wire[8 + field.size : 8 + 2 * field.size], "big")))


def _copy(wire: bytes) -> act.Copy | None:
    bits, source_at, target_at = unpacked("!HHH", wire, 4)
    source, target = _field(wire, 12), _field(wire, 16)
    return act.copy(source, target, bits, source_at, target_at) if source and target else None


def _nicira(wire: bytes) -> act.Action | None:
    vendor, subtype = unpacked("!IH", wire, 4)
    if vendor != 0x2320:  # noqa: PLR2004 - Nicira's, now Open vSwitch's
        return None
    if subtype == 14:  # noqa: PLR2004 - NXAST_RESUBMIT_TABLE
        return act.resubmit(wire[12])
    field = _field(wire, 12)
    return act.output_field(field) if subtype == 15 and field else None  # noqa: PLR2004 - NXAST_OUTPUT_REG


def _field(wire: bytes, at: int) -> Field | None:
    """The field whose OXM header stands there."""
    oxm_class, tag = unpacked("!HB", wire, at)
    return BY_HEADER.get((oxm_class, tag >> 1))


def match_text(oxms: bytes) -> str:
    """The match as ovs-ofctl writes it, ``ip``, ``arp`` and ``ipv6`` for their ethertypes."""
    words = []
    for term in match_terms(oxms):
        match term:
            case Unknown():
                words.append(f"field({term.wire.hex()})")
            case Term(field=field, value=value) if field is ETH_TYPE and value in _ETHERNET_TYPES:
                words.append(_ETHERNET_TYPES[value])
            case Term(field=field, value=value, mask=mask) if mask == field.all_ones:
                words.append(f"{field}={field.show(value)}")
            case Term(field=field, value=value, mask=mask):
                words.append(f"{field}={field.show(value)}/{field.show(mask)}")
    return ",".join(words)


def actions_text(instructions: bytes, table_name: dict[int, str] | None = None) -> str:
    """The actions as ovs-ofctl writes them; tables by name where names are given."""
    words = [_action_text(action, table_name or {}) for action in flow_actions(instructions)]
    return ",".join(words) or "drop"


def _action_text(action: act.Action | Unknown, names: dict[int, str]) -> str:  # noqa: PLR0911 - one line an action
    match action:
        case act.Output(port=port):
            return "IN_PORT" if port == act.IN_PORT_RESERVED else f"output:{port}"
        case act.OutputField(field=field):
            return f"output:{field}"
        case act.SetField(field=field, value=value, mask=mask):
            bits = "" if mask == field.all_ones else f"/{field.show(mask)}"
            return f"set_field:{field.show(value)}{bits}->{field}"
        case act.Copy():
            return f"move:{_span(action.source, action.source_at, action.bits)}->" + _span(
                action.target, action.target_at, action.bits
            )
        case act.Resubmit(table=table):
            return f"resubmit(,{names.get(table, table)})"
        case act.Goto(table=table):
            return f"goto_table:{names.get(table, table)}"
        case Unknown(kind=kind, wire=wire):
            return f"{kind}({wire.hex()})"


def _span(field: Field, at: int, bits: int) -> str:
    return f"{field}[]" if bits == field.bits else f"{field}[{at}..{at + bits - 1}]"
