"""From OpenFlow bytes back to values.

What a switch sends may hold fields and actions that netloom never writes (somebody's own flow): those come back as
``Unknown``, they are never an error. Truncated bytes are: ``ValueError``.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from controller.flow import actions as act
from controller.flow import headers as head
from controller.flow import openflow as of
from controller.flow import tracking as track
from controller.flow.cloning import Clone, clone
from controller.flow.fields import BY_HEADER, CT_MARK, EXPERIMENTER, REGS, XREGS, Field, Masked
from controller.flow.groups import to_group

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADERS = {
    made.wire: made
    for made in (
        *(head.push_vlan(), head.pop_vlan()),
        *(head.encap_nsh(), head.encap_ethernet(), head.decap(), head.dec_nsh_ttl()),
    )
}
"""Actions that are always the same."""
_CLONE = (of.EXPERIMENTER, of.CLONE)
_SHORT, _LONG = 4, 8
"""Bytes of an OXM header, without and with a vendor's number."""
_KINDS = {flag: kind for kind, flag in track.KINDS.items()}


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
        tag, length = unpacked("!2xBB", oxms, at)
        body = oxms[at + 4 : at + 4 + length]
        if len(body) != length:
            raise ValueError("truncated match")
        field, named = _named(oxms, at)
        if field is None or length != named - 4 + field.size * (1 + (tag & 1)):
            yield Unknown("field", oxms[at : at + 4 + length])
        else:
            value = int.from_bytes(body[named - 4 :][: field.size], "big")
            mask = int.from_bytes(body[named - 4 + field.size :], "big") if tag & 1 else field.all_ones
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
        if length < of.SHORTEST or at + length > len(instructions):
            raise ValueError("truncated instruction")
        if kind == of.APPLY_ACTIONS:
            yield from _applied(instructions[at + 8 : at + length])
        elif kind == of.GOTO_TABLE:
            yield act.goto(instructions[at + 4])
        else:
            yield Unknown("instruction", instructions[at : at + length])
        at += length


def _applied(wire: bytes) -> Iterator[act.Action | Unknown]:
    for action in _divided(wire):
        known = _action(action)
        yield known if known is not None and known.wire == action else Unknown("action", action)


def _divided(wire: bytes) -> Iterator[bytes]:
    """One action after the other."""
    at = 0
    while at < len(wire):
        _, length = unpacked("!HH", wire, at)
        if length < of.SHORTEST or at + length > len(wire):
            raise ValueError("truncated action")
        yield wire[at : at + length]
        at += length


def _action(wire: bytes) -> act.Action | None:  # noqa: PLR0911 - one line an action
    if wire in _HEADERS:
        return _HEADERS[wire]
    match unpacked("!H", wire)[0]:
        case of.OUTPUT if len(wire) == len(act.output(0).wire):
            return _output(wire)
        case of.SET_FIELD:
            return _set_field(wire)
        case of.COPY_FIELD if len(wire) >= of.SHORTEST_COPY:
            return _copy(wire)
        case of.DEC_TTL:
            return act.dec_ttl()
        case of.METER:
            return act.meter(unpacked("!I", wire, 4)[0])
        case of.GROUP:
            return to_group(unpacked("!I", wire, 4)[0])
        case of.EXPERIMENTER if len(wire) >= of.SHORTEST_NICIRA and unpacked("!I", wire, 4)[0] == of.NICIRA:
            return _nicira(wire)
    return None


def _output(wire: bytes) -> act.Output:
    """How much of the packet counts towards the controller only, other ports get all of it whatever is said."""
    (port,) = unpacked("!I", wire, 4)
    return act.output(port) if port == act.CONTROLLER_RESERVED else act.Output(port, wire)


def _set_field(wire: bytes) -> act.SetField | None:
    field, named = _named(wire, 4)
    if field is None:
        return None
    at, size = 4 + named, act.written(field).size
    value = int.from_bytes(wire[at : at + size], "big")
    if not wire[6] & 1:
        return act.set_field(field, value)
    return act.set_field(field, Masked(value, int.from_bytes(wire[at + size : at + 2 * size], "big")))


def _copy(wire: bytes) -> act.Copy | None:
    bits, source_at, target_at = unpacked("!HHH", wire, 4)
    source, named = _named(wire, 12)
    target, _ = _named(wire, 12 + named)
    return act.copy(source, target, bits, source_at, target_at) if source and target else None


def _nicira(wire: bytes) -> act.Action | None:  # noqa: PLR0911 - one line an action
    match unpacked("!H", wire, 8)[0]:
        case of.RESUBMIT_TABLE:
            return act.resubmit(wire[12])
        case of.OUTPUT_REG:
            field = _field(wire, 12)
            return act.output_field(field) if field else None
        case of.CHECK_LARGER:
            size, bit = unpacked("!HH", wire, 10)
            field = _field(wire, 14)
            return act.check_larger(size, field, bit) if field else None
        case of.MULTIPATH:
            algorithm, last, span = unpacked("!HH6xH", wire, 16)
            field = _field(wire, 28)
            bits = (span & 0x3F) + 1
            return act.multipath(last + 1, field, span >> 6, bits, modulo=not algorithm) if field else None
        case of.CT:
            return _ct(wire)
        case of.CONTROLLER2:
            return act.to_controller(unpacked("!I", wire, 20)[0])
        case of.CONJUNCTION:
            return _conjunction(wire)
        case of.CLONE:
            return _clone(wire)
    return None


def _clone(wire: bytes) -> Clone | None:
    """A copy; None for a copy of a copy, which may be nested as deep as bytes reach."""
    inside = wire[of.SHORTEST_NICIRA :]
    if any(unpacked("!HHIH", action.ljust(of.SHORTEST_NICIRA))[::3] == _CLONE for action in _divided(inside)):
        return None
    known = [action for action in _applied(inside) if not isinstance(action, Unknown)]
    return clone(*known)


def _conjunction(wire: bytes) -> act.Conjunction | None:
    clause, clauses, number = unpacked("!BBI", wire, 10)
    return act.conjunction(number, clause + 1, clauses) if act.sound_clause(clause + 1, clauses) else None


def _ct(wire: bytes) -> track.Ct | None:
    flags, source, value, table, alg = unpacked("!HIHB3xH", wire, 10)
    zone = _field(wire, 12) if source else value
    nat, mark = None, None
    for inside in _divided(wire[track.LENGTH :]):
        match unpacked("!H", inside)[0]:
            case of.EXPERIMENTER:
                nat = _nat(inside)
            case of.SET_FIELD if _field(inside, 4) is CT_MARK:
                (mark,) = unpacked("!I", inside, 8)
            case of.COPY_FIELD if len(inside) >= of.SHORTEST_COPY:
                mark = _field(inside, 12)
    commit = bool(flags & track.COMMIT)
    if zone is None or track.flaw(nat, commit=commit, remembers=mark is not None or alg != 0):
        return None
    return track.ct(
        zone, table=None if table == track.NO_TABLE else table, commit=commit, nat=nat, mark=mark, alg=alg or None
    )


def _nat(wire: bytes) -> track.Nat | None:
    """A translation; None for one of a sort that we never write."""
    flags, present = unpacked("!HH", wire, 12)
    if flags not in _KINDS:
        return None
    at, ends = track.NAT_LENGTH, {}
    for bit, form in track.ENDS.items():
        if present & bit:
            (ends[bit],) = unpacked(form, wire, at)
            at += struct.calcsize(form)
    low, high = (_address(ends.get(v4), ends.get(v6)) for v4, v6 in track.ADDRESSES)
    first = ends.get(track.PORT_LOW)
    ports = None if first is None else (first, ends.get(track.PORT_HIGH, first))
    return track.Nat(_KINDS[flags], low, high, ports)


def _address(v4: bytes | None, v6: bytes | None) -> str | None:
    packed = v4 or v6
    return None if packed is None else str(ipaddress.ip_address(packed))


def _field(wire: bytes, at: int) -> Field | None:
    """The field whose OXM header stands there, in four bytes."""
    field, named = _named(wire, at)
    return field if named == _SHORT else None


def _named(wire: bytes, at: int) -> tuple[Field | None, int]:
    """The field whose OXM header stands there, and the bytes of that, which a vendor's number makes more."""
    oxm_class, tag = unpacked("!HB", wire, at)
    field = BY_HEADER.get((oxm_class, tag >> 1))
    if oxm_class != EXPERIMENTER:
        return field, _SHORT
    (vendor,) = unpacked("!I", wire, at + _SHORT)
    return field if field is not None and field.vendor == vendor else None, _LONG
