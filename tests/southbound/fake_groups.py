"""A switch's groups, from its specification: what is there is made anew, or changed by a command of Open vSwitch's."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from controller.flow.codec import flow_actions
from controller.flow.groups import ToGroup

OUT_OF_GROUPS = (6, 3)


@lru_cache(1 << 12)
def ways(instructions: bytes) -> frozenset[int]:
    """The groups without which a flow does not stand."""
    return frozenset(action.number for action in flow_actions(instructions) if isinstance(action, ToGroup))


@dataclass(frozen=True, slots=True)
class GroupMod:
    """OpenFlow 1.5.1, 7.3.4.3."""

    DELETE: ClassVar[int] = 2
    PUT: ClassVar[int] = 0x8000
    command: int
    number: int
    kind: int = 0
    wire: bytes = b""
    method: bytes = b""

    @classmethod
    def read(cls, message: bytes) -> GroupMod:
        command, kind, number, length, every = struct.unpack_from("!HBxIH2xI", message, 8)
        assert every == 0xFFFFFFFF
        return cls(command, number, kind, message[24 : 24 + length], message[24 + length :])


class FakeGroups:
    """Kind, buckets and method by number; there is ``room`` for so many."""

    def __init__(self) -> None:
        self.held: dict[int, tuple[int, bytes, bytes]] = {}
        self.room = 1 << 18
        self.mods = 0

    def apply(self, mod: GroupMod) -> tuple[int, int] | None:
        """Make the change; the type and code of the error where it cannot be."""
        if mod.command == GroupMod.DELETE:
            self.held.pop(mod.number, None)
            return None
        assert mod.command == GroupMod.PUT
        if mod.number not in self.held and len(self.held) >= self.room:
            return OUT_OF_GROUPS
        self.held[mod.number] = (mod.kind, mod.wire, mod.method)
        return None

    def entries(self) -> list[bytes]:
        """As a switch describes them (7.3.5.10)."""
        return [
            struct.pack("!HBxIH6x", 16 + len(wire) + len(method), kind, number, len(wire)) + wire + method
            for number, (kind, wire, method) in sorted(self.held.items())
        ]
