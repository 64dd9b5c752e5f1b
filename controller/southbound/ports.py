"""A switch's ports as OpenFlow tells of them (OpenFlow 1.5.1, 7.2.1, 7.3.5.11, 7.4.3), and whether they can be used."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.flow.codec import unpacked
from controller.southbound.wire import MULTIPART_REPLY

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT_STATUS = 12
PORT_DESCRIPTION = 13
_PORT = struct.Struct("!IH2x6s2x16sII")
_PROPERTY = struct.Struct("!HH")
_ETHERNET, _ETHERNET_SIZE, _SPEED_AT = 0, 32, 24
_GONE = 1
_TAKEN_DOWN, _NO_LINK, _LIVE = 1, 1, 4
_FIRST = 16
"""Where the first port of a message stands."""
_KBIT = 1e-3


@dataclass(frozen=True, slots=True)
class PortDescription:
    """One port. ``up``: it has a link, and what watches that (BFD) says that it works; ``speed`` in Mbit/s.

    ``linked``: it has a link, whatever is said of that.
    """

    number: int
    name: str
    address: str = ""
    up: bool = True
    speed: float | None = None
    linked: bool = True


@dataclass(frozen=True, slots=True)
class PortNews:
    """Ports that there are, and the number of one that went."""

    there: tuple[PortDescription, ...]
    gone: int | None = None


def told(message: bytes) -> PortNews | None:
    """What a message says of ports; None where it says nothing of them. Raises ValueError, struct.error."""
    if message[1] == PORT_STATUS:
        ports = tuple(_ports(message))
        if not ports:
            raise ValueError("a port status without a port")
        return PortNews((), ports[0].number) if message[8] == _GONE else PortNews(ports[:1])
    if message[1] == MULTIPART_REPLY and unpacked("!H", message, 8)[0] == PORT_DESCRIPTION:
        return PortNews(tuple(_ports(message)))
    return None


def _ports(message: bytes) -> Iterator[PortDescription]:
    at = _FIRST
    while at < len(message):
        number, length, address, name, config, state = _PORT.unpack_from(message, at)
        if length < _PORT.size or at + length > len(message):
            raise ValueError(f"a port of {length} bytes")
        linked = not config & _TAKEN_DOWN and not state & _NO_LINK
        speed = _speed(message[at + _PORT.size : at + length])
        called, up = name.rstrip(b"\0").decode("utf-8", "replace"), linked and bool(state & _LIVE)
        yield PortDescription(number, called, address.hex(":"), up, speed, linked)
        at += length


def _speed(properties: bytes) -> float | None:
    """What the port can send now, by its Ethernet property; None where it does not say."""
    at = 0
    while at + _PROPERTY.size <= len(properties):
        kind, length = _PROPERTY.unpack_from(properties, at)
        if length < _PROPERTY.size:
            raise ValueError(f"a port's property of {length} bytes")
        if kind == _ETHERNET and length == _ETHERNET_SIZE and at + length <= len(properties):
            return int(unpacked("!I", properties, at + _SPEED_AT)[0]) * _KBIT or None
        at += (length + 7) // 8 * 8
    return None
