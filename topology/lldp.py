"""Probes of links: LLDP frames (IEEE 802.1AB) that a port sends, signed, so that nobody else can have sent them.

Standard parts tell other tools the bridge and the port; what counts stands in a part of our own: a nonce, and a
signature over it and them. Readers take every byte as hostile.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LLDP = 0x88CC
"""The EtherType."""
NEAREST = "01:80:c2:00:00:0e"
"""Where LLDP is sent to; no bridge hands it on (IEEE 802.1Q, 8.6.3)."""
NONCE_BYTES = 16
_HEADER = struct.Struct("!6s6sH")
_LIFETIME = 3
_END, _CHASSIS, _PORT, _TTL, _PRIVATE = 0, 1, 2, 3, 127
_LOCALLY_ASSIGNED = b"\x07"
_OURS = b"\x02nl\x01"
"""A locally administered organisation, and the one kind of part that it has."""
_SIGNATURE_BYTES = 16
_BODY = struct.Struct(f"!{NONCE_BYTES}s{_SIGNATURE_BYTES}s")
_LARGEST_PORT = 0xFFFFFFFF
_MOST_PARTS = 32
_LONGEST = 1600


@dataclass(frozen=True, slots=True)
class Probe:
    """What one probe says: the port of a bridge that sent it, and what no other probe says."""

    bridge: str
    port: int
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """A probe as it was read; whether it was signed by us is for ``genuine`` to say."""

    probe: Probe
    signature: bytes


def encode(probe: Probe, source: str, key: bytes) -> bytes:
    """The frame of a probe, sent in the name of its port's own MAC."""
    body = _BODY.pack(probe.nonce, _signature(probe, key))
    parts = (
        _part(_CHASSIS, _LOCALLY_ASSIGNED + probe.bridge.encode()),
        _part(_PORT, _LOCALLY_ASSIGNED + str(probe.port).encode()),
        _part(_TTL, struct.pack("!H", _LIFETIME)),
        _part(_PRIVATE, _OURS + body),
        _part(_END, b""),
    )
    return _HEADER.pack(_mac(NEAREST), _mac(source), LLDP) + b"".join(parts)


def genuine(signed: Signed, key: bytes) -> bool:
    """Whether who has the key has sent it."""
    return hmac.compare_digest(_signature(signed.probe, key), signed.signature)


def parse(frame: bytes) -> Signed | None:
    """Read a probe; None for LLDP of others. Raises ValueError for what says to be ours and cannot be."""
    if len(frame) > _LONGEST:
        raise ValueError(f"an LLDP frame of {len(frame)} bytes")
    parts = dict(_parts(frame[_HEADER.size :]))
    ours = parts.get(_PRIVATE, b"")
    if not ours.startswith(_OURS):
        return None
    body = ours[len(_OURS) :]
    if len(body) != _BODY.size:
        raise ValueError(f"a probe with {len(body)} bytes of ours")
    nonce, signature = _BODY.unpack(body)
    return Signed(Probe(_text(parts, _CHASSIS), _number(_text(parts, _PORT)), nonce), signature)


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and value of each part up to the end; of what is cut off, as much as is whole."""
    at = 0
    for _ in range(_MOST_PARTS):
        if at + 2 > len(data):
            return
        head = int.from_bytes(data[at : at + 2], "big")
        kind, length = head >> 9, head & 0x1FF
        if kind == _END or at + 2 + length > len(data):
            return
        yield kind, data[at + 2 : at + 2 + length]
        at += 2 + length


def _text(parts: dict[int, bytes], kind: int) -> str:
    value = parts.get(kind, b"")
    if not value.startswith(_LOCALLY_ASSIGNED):
        raise ValueError("a probe that does not say where it comes from")
    try:
        return value[1:].decode()
    except UnicodeDecodeError as error:
        raise ValueError("a probe of a bridge whose name is no text") from error


def _number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST_PORT)) else None
    if number is None or number > _LARGEST_PORT:
        raise ValueError("a probe of a port that no switch can have")
    return number


def _signature(probe: Probe, key: bytes) -> bytes:
    said = struct.pack(f"!{NONCE_BYTES}sI", probe.nonce, probe.port)
    return hmac.digest(key, said + probe.bridge.encode(), hashlib.sha256)[:_SIGNATURE_BYTES]


def _part(kind: int, value: bytes) -> bytes:
    return struct.pack("!H", kind << 9 | len(value)) + value


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))
