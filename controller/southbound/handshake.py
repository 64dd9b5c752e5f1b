"""What a peer says beyond flow messages, made plain before the framework reads it.

The framework's parsers trust the lengths inside a message: a hello with an element of length 0 keeps them busy, and
eating memory, for ever. So they are given only what netloom needs, rewritten to its plainest form.
"""

from __future__ import annotations

import struct

from controller.southbound.ports import PORT_DESCRIPTION
from controller.southbound.wire import ERROR, MULTIPART_REPLY, VERSION

HELLO, ECHO_REQUEST, ECHO_REPLY, FEATURES_REPLY = 0, 2, 3, 6
MOST_PORTS = 65_536
_HEADER = struct.Struct("!BBHI")
_BITMAP = 1
_FEATURES_SIZE = 32
_MULTIPART_HEAD = 16
_SPOKEN = {1: "1.0", 2: "1.1", 3: "1.2", 4: "1.3", 5: "1.4", 6: "1.5"}


def plain(message: bytes) -> bytes | None:
    """The message as the framework may have it, None where nobody needs it; raises ValueError with what is wrong."""
    version, kind, length, xid = _HEADER.unpack_from(message)
    if length != len(message):
        raise ValueError(f"a message that says it has {length} bytes")
    if kind == HELLO:
        _must_speak(versions(message))
        return _HEADER.pack(VERSION, HELLO, _HEADER.size, xid)
    if version != VERSION:
        raise ValueError(f"a message of OpenFlow version {version:#04x} where 1.5 was agreed on")
    match kind:
        case x if x in {ECHO_REQUEST, ECHO_REPLY}:
            return message
        case x if x == FEATURES_REPLY:
            return _features(message)
        case x if x == MULTIPART_REPLY and _part(message) == PORT_DESCRIPTION:
            return _without_ports(message)
    return None


def versions(hello: bytes) -> frozenset[int]:
    """The versions that a hello offers (OpenFlow 1.5.1, 7.5.1); raises ValueError where it is broken."""
    at = _HEADER.size
    while at < len(hello):
        kind, length = struct.unpack_from("!HH", hello, at)
        if length < 4 or at + length > len(hello):  # noqa: PLR2004 - the least length of an element
            raise ValueError(f"a hello with an element of {length} bytes")
        if kind == _BITMAP:
            bits = int.from_bytes(hello[at + 4 : at + length][:4], "big")
            return frozenset(number for number in range(32) if bits >> number & 1)
        at += (length + 7) // 8 * 8
    return frozenset(range(1, hello[0] + 1))


def refusal(reason: str, version: int) -> bytes:
    """OFPT_ERROR, hello failed, in the version of who is refused."""
    body = struct.pack("!HH", 0, 0) + reason.encode("ascii", "replace")
    return _HEADER.pack(min(max(version, 1), VERSION), ERROR, _HEADER.size + len(body), 0) + body


def _must_speak(offered: frozenset[int]) -> None:
    if VERSION not in offered:
        spoken = ", ".join(_SPOKEN.get(number, f"version {number}") for number in sorted(offered)) or "nothing"
        raise ValueError(f"it speaks OpenFlow {spoken} and not 1.5: ovs-vsctl set bridge NAME protocols=OpenFlow15")


def _part(message: bytes) -> int:
    return int(struct.unpack_from("!H", message, _HEADER.size)[0])


def _features(message: bytes) -> bytes:
    if len(message) != _FEATURES_SIZE:
        raise ValueError(f"features of {len(message)} bytes")
    if message[21]:
        raise ValueError("an auxiliary connection, which netloom does not use")
    return message


def _without_ports(message: bytes) -> bytes:
    """All that the framework has to know of ports: whether more are told, or it may go on."""
    if len(message) < _MULTIPART_HEAD:
        raise ValueError("truncated description of ports")
    version, kind, _, xid = _HEADER.unpack_from(message)
    return _HEADER.pack(version, kind, _MULTIPART_HEAD, xid) + message[_HEADER.size : _MULTIPART_HEAD]
