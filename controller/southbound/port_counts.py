"""What ports have counted (OFPMP_PORT_STATS, OpenFlow 1.5.1, 7.3.5.6)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.flow.codec import unpacked
from controller.southbound.wire import multipart_request

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT_STATS = 4
_ANY = 0xFFFFFFFF
_ENTRY = "!H2xIII16xQQ32x"
_LEAST_ENTRY = struct.calcsize(_ENTRY)
_FIRST = 16
_UNKNOWN = (1 << 64) - 1
_NANOSECONDS = 1e-9


@dataclass(frozen=True, slots=True)
class PortCount:
    """Octets that came in and went out by a port in the ``age`` seconds since it is there."""

    port: int
    age: float
    received: int
    sent: int


def ports_request(xid: int) -> bytes:
    """Of every port."""
    return multipart_request(PORT_STATS, xid, struct.pack("!I4x", _ANY))


def port_counts(message: bytes) -> Iterator[PortCount]:
    """Those of an answer, but for ports that do not count; raises ValueError where it is truncated."""
    at = _FIRST
    while at < len(message):
        length, port, seconds, nanoseconds, received, sent = unpacked(_ENTRY, message, at)
        if length < _LEAST_ENTRY or at + length > len(message):
            raise ValueError("truncated counts of a port")
        if _UNKNOWN not in {received, sent}:
            yield PortCount(port, seconds + nanoseconds * _NANOSECONDS, received, sent)
        at += length
