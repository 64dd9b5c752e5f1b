"""A switch's meters, from its specification: what is there is not added, what is not there is not changed."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from controller.flow.actions import Meter, ToController
from controller.flow.codec import flow_actions
from controller.southbound import beside

ALL = {beside.METER_CONFIG: 0xFFFFFFFF, beside.GROUP_DESC: 0xFFFFFFFC}
"""How a request says that it means all of them."""
EXISTS, UNKNOWN, NO_ROOM = (12, 1), (12, 7), (12, 10)


@lru_cache(1 << 12)
def limits(instructions: bytes) -> frozenset[int]:
    """The meters without which a flow does not stand."""
    return frozenset(action.meter for action in flow_actions(instructions) if isinstance(action, Meter))


@lru_cache(1 << 12)
def copies(instructions: bytes) -> frozenset[int]:
    """The meters that a flow copies within, and stands without."""
    return frozenset(action.meter for action in flow_actions(instructions) if isinstance(action, ToController))


@dataclass(frozen=True, slots=True)
class MeterMod:
    """OpenFlow 1.5.1, 7.3.4.4."""

    ADD: ClassVar[int] = 0
    MODIFY: ClassVar[int] = 1
    DELETE: ClassVar[int] = 2
    command: int
    number: int
    flags: int = 0b0001
    bands: bytes = struct.pack("!HHII4x", 1, 16, 7, 7)

    @classmethod
    def read(cls, message: bytes) -> MeterMod:
        command, flags, number = struct.unpack_from("!HHI", message, 8)
        return cls(command, number, flags, message[16:])


class FakeMeters:
    """Flags and bands by number; there is ``room`` for so many."""

    def __init__(self) -> None:
        self.held: dict[int, tuple[int, bytes]] = {}
        self.room = 1 << 18
        self.mods = 0

    def apply(self, mod: MeterMod) -> tuple[int, int] | None:
        """Make the change; the type and code of the error where it cannot be."""
        if mod.command == mod.DELETE:
            self.held.pop(mod.number, None)
            return None
        there = mod.number in self.held
        if mod.command == mod.ADD and there:
            return EXISTS
        if mod.command == mod.MODIFY and not there:
            return UNKNOWN
        if not there and len(self.held) >= self.room:
            return NO_ROOM
        self.held[mod.number] = (mod.flags, mod.bands)
        return None

    def entries(self) -> list[bytes]:
        """As a switch describes them (7.3.5.15)."""
        return [
            struct.pack("!HHI", 8 + len(bands), flags, number) + bands for number, (flags, bands) in self.held.items()
        ]
