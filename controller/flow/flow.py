"""A flow: where it should stand, what it matches and does, and the cookie that its content gives it.

Two flows of the same content have the same cookie on every bridge and after every restart, so that what a bridge
holds and what it should hold are compared as sets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from controller.errors import Bug
from controller.flow.fields import REGS, Field, Masked, Value, encoded, encoded_registers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controller.flow.groups import Group

COOKIE_TAG = 0x4E
"""The first byte of every cookie that is ours."""


@dataclass(frozen=True, slots=True)
class Here:
    """One chassis alone."""

    chassis: str


@dataclass(frozen=True, slots=True)
class Hosts:
    """Every chassis that has to know a realm: a network, or several that routers join."""

    realm: str


@dataclass(frozen=True, slots=True)
class Everywhere:
    """Every chassis."""


Scope = Here | Hosts | Everywhere
EVERYWHERE = Everywhere()

Match = dict[Field, Value | Masked]
Slot = tuple[int, int, bytes]
"""Table, priority and match: what a bridge holds at most one flow for."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow as it goes on the wire; ``match`` is OXM bytes, ``instructions`` OpenFlow 1.5 instructions.

    ``groups`` are those that its actions name, which a bridge must have before it; each once. ``late``: packets meet it
    after they have left the bridge where they began, on another one or when they come back. ``begins``: packets that
    had another way go over other bridges from it on.
    """

    scope: Scope
    table: int
    priority: int
    match: bytes
    instructions: bytes
    cookie: int
    groups: tuple[Group, ...] = ()
    late: bool = False
    begins: bool = False

    @property
    def slot(self) -> Slot:
        """What a bridge holds at most one flow for."""
        return (self.table, self.priority, self.match)


def cookie(table: int, priority: int, match: bytes, instructions: bytes, salt: int = 0) -> int:
    """The tag byte and 56 bits of a hash over the content; ``salt`` sets two apart whose hashes collide."""
    content = b"%d %d %d %d " % (table, priority, len(match), salt) + match + instructions
    return COOKIE_TAG << 56 | int.from_bytes(blake2b(content, digest_size=7).digest(), "big")


def salted(flow: Flow, salt: int) -> Flow:
    """The same flow under another cookie."""
    new = cookie(flow.table, flow.priority, flow.match, flow.instructions, salt)
    return replace(flow, cookie=new)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a match over a given set of fields is written: implied matches first told, registers paired, all in order.

    ``plain`` stand before the registers, ``late`` after them.
    """

    plain: tuple[Field, ...]
    implied: tuple[tuple[Field, int], ...]
    registers: tuple[tuple[int, Field | None, Field | None], ...]
    late: tuple[Field, ...]


@lru_cache(4096)
def layout(fields: tuple[Field, ...]) -> Layout:
    """The layout for these fields, with every match they need that is not among them."""
    implied: dict[Field, int] = {}
    for field in fields:
        for need, value in field.needs:
            if implied.setdefault(need, value) != value:
                raise Bug(f"{field} needs {need}={value:#x}, another field of the match needs {implied[need]:#x}")
    registers: dict[int, list[Field | None]] = {}
    for field in fields:
        if field.register is not None:
            registers.setdefault(field.register // 2, [None, None])[field.register % 2] = field
    others = sorted({field for field in fields if field.register is None} | set(implied), key=_rank)
    plain = tuple(field for field in others if field.rank < REGS[0].rank)
    pairs = tuple((pair, high, low) for pair, (high, low) in sorted(registers.items()))
    needed = tuple((field, value) for field, value in implied.items() if field not in fields)
    return Layout(plain, needed, pairs, tuple(others[len(plain) :]))


def _rank(field: Field) -> int:
    return field.rank


def encoded_match(match: Mapping[Field, Value | Masked]) -> bytes:
    """The OXM bytes of a match, with what its fields imply, in the order OVS gives it back."""
    plan = layout(tuple(match))
    whole = {**match, **dict(plan.implied)} if plan.implied else match
    parts = [encoded(field, whole[field]) for field in plan.plain]
    for pair, high, low in plan.registers:
        parts.append(encoded_registers(pair, high and whole[high], low and whole[low]))
    if plan.late:
        parts += [encoded(field, whole[field]) for field in plan.late]
    return b"".join(parts)
