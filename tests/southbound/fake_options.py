"""A switch's table of Geneve options, as Open vSwitch keeps it: an option has one field, and a field one option."""

from __future__ import annotations

import struct

from controller.southbound import options, wire

EXPERIMENTER_ERROR, FIELD_TAKEN, OPTION_TAKEN = 0xFFFF, 20, 21
FIELDS, SPACE = 64, 256


class FakeOptions:
    """Class, type and length by field; ``mods`` counts the changes that were asked for."""

    def __init__(self) -> None:
        self.held: dict[int, tuple[int, int, int]] = {}
        self.mods = 0

    @staticmethod
    def about(message: bytes) -> bool:
        """Whether a message is about options."""
        experimenter, kind = struct.unpack_from("!II", message, 8)
        return experimenter == options.NICIRA and kind in {options.TABLE_MOD, options.TABLE_REQUEST}

    def answers(self, message: bytes) -> list[bytes]:
        """What the switch says to that: the table, or nothing unless it refuses."""
        xid, _, kind = struct.unpack_from("!III", message, 4)
        if kind == options.TABLE_REQUEST:
            return [self._table(xid)]
        self.mods += 1
        command, *option, field = struct.unpack_from("!H6xHBBH", message, 16)
        assert command == 0
        error = FIELD_TAKEN if field in self.held else OPTION_TAKEN if tuple(option) in self.held.values() else None
        if error is None:
            self.held[field] = (option[0], option[1], option[2])
            return []
        return [struct.pack("!BBHIHHI", wire.VERSION, wire.ERROR, 16, xid, EXPERIMENTER_ERROR, error, options.NICIRA)]

    def _table(self, xid: int) -> bytes:
        maps = b"".join(struct.pack("!HBBH2x", *option, field) for field, option in self.held.items())
        body = struct.pack("!IH10x", SPACE, FIELDS) + maps
        head = (wire.VERSION, options.EXPERIMENTER, 16 + len(body), xid, options.NICIRA, options.TABLE_REPLY)
        return struct.pack("!BBHIII", *head) + body
