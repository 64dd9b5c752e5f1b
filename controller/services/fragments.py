"""Fragments: an IPv4 packet cut to the size that a link carries (RFC 791, 3.2)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.services.frames import Ip

_LENGTH, _FLAGS, _CHECKSUM = 2, 6, 10
_MORE, _OFFSET = 0x2000, 0x1FFF
_UNIT = 8
_SHORTEST = 20
_COPIED = 0x80
_NO_MORE_OPTIONS, _NOTHING = 0, 1


def fragments(packet: Ip, largest: int) -> Iterator[bytes]:
    """The packet in pieces of at most ``largest`` bytes, each a packet; nothing where it cannot be cut."""
    first, rest = packet.whole[: packet.header], _short_header(packet.whole[: packet.header])
    flags = int.from_bytes(first[_FLAGS : _FLAGS + 2], "big")
    at = 0
    while at < len(packet.payload):
        header = rest if at else first
        room = (largest - len(header)) // _UNIT * _UNIT
        if room <= 0:
            return
        piece = packet.payload[at : at + room]
        more = at + len(piece) < len(packet.payload) or bool(flags & _MORE)
        place = (flags & _OFFSET) + at // _UNIT
        yield _header(header, len(piece), place | (_MORE if more else 0)) + piece
        at += len(piece)


def _header(header: bytes, length: int, flags: int) -> bytes:
    new = bytearray(header)
    struct.pack_into("!H", new, _LENGTH, len(header) + length)
    struct.pack_into("!HHH", new, _FLAGS, flags, int.from_bytes(header[8:10], "big"), 0)
    total = sum(struct.unpack(f"!{len(new) // 2}H", new))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    struct.pack_into("!H", new, _CHECKSUM, ~total & 0xFFFF)
    return bytes(new)


def _short_header(header: bytes) -> bytes:
    """The header of later pieces: of the options only those that are to be copied."""
    kept, at = b"", _SHORTEST
    while at < len(header) and header[at] != _NO_MORE_OPTIONS:
        length = 1 if header[at] == _NOTHING else max(header[at + 1], 2) if at + 1 < len(header) else 1
        if header[at] & _COPIED:
            kept += header[at : at + length]
        at += length
    padded = kept + bytes(-len(kept) % 4)
    return bytes((0x40 | (_SHORTEST + len(padded)) // 4,)) + header[1:_SHORTEST] + padded
