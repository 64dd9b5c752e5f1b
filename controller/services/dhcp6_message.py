"""DHCPv6 messages as bytes (RFC 8415, 8 and 21; names of RFC 3646, time servers of RFC 5908)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.addresses import octets, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SERVER_PORT, CLIENT_PORT = 547, 546
SOLICIT, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY, RELEASE, DECLINE = range(1, 10)
INFORMATION_REQUEST = 11

CLIENT_ID, SERVER_ID, IA_NA, IA_ADDRESS, WANTED, STATUS, RAPID_COMMIT = 1, 2, 3, 5, 6, 13, 14
DNS, SEARCH, REFRESH, CLIENT_NAME, NTP = 23, 24, 32, 39, 56
SUCCESS, NO_ADDRESSES, NO_BINDING, NOT_ON_LINK = 0, 2, 3, 4
NTP_ADDRESS = 1

_OPTION = struct.Struct("!HH")
_IA = struct.Struct("!4sII")
_ADDRESS = struct.Struct("!16sII")
_LONGEST_DUID = 130

Options = tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A client's message; ``xid`` is three octets, ``options`` in their order."""

    kind: int
    xid: bytes
    options: Options

    def option(self, code: int) -> bytes | None:
        """The first option of a kind."""
        return next((value for found, value in self.options if found == code), None)

    def wants(self, code: int) -> bool:
        """Whether the client asked for an option, or for none in particular."""
        told = self.option(WANTED)
        return told is None or code.to_bytes(2, "big") in {told[at : at + 2] for at in range(0, len(told), 2)}

    def associations(self) -> Iterator[Association]:
        """The client's identity associations, as far as they can be read."""
        for code, value in self.options:
            if code == IA_NA and len(value) >= _IA.size:
                held = _addresses(value[_IA.size :])
                yield Association(value[:4], tuple(held))


@dataclass(frozen=True, slots=True)
class Association:
    """One identity association (IA_NA): its identifier and the addresses that the client names in it."""

    identifier: bytes
    addresses: tuple[str, ...]


def parse(data: bytes) -> Message | None:
    """A client's message; None for what is none, or has no usable identifier of the client."""
    if len(data) < 4:  # noqa: PLR2004 - kind and transaction
        return None
    message = Message(data[0], data[1:4], tuple(_options(data[4:])))
    client = message.option(CLIENT_ID)
    nameless = client is None and message.kind != INFORMATION_REQUEST
    return None if nameless or (client is not None and not 0 < len(client) <= _LONGEST_DUID) else message


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _OPTION.size <= len(data):
        code, length = _OPTION.unpack_from(data, at)
        at += _OPTION.size
        if at + length > len(data):
            return
        yield code, data[at : at + length]
        at += length


def _addresses(data: bytes) -> Iterator[str]:
    for code, value in _options(data):
        if code == IA_ADDRESS and len(value) >= _ADDRESS.size:
            yield text(value[:16])


def written(kind: int, xid: bytes, options: Iterable[tuple[int, bytes]]) -> bytes:
    """A message."""
    return bytes((kind,)) + xid + packed(options)


def packed(options: Iterable[tuple[int, bytes]]) -> bytes:
    """Options one after another."""
    return b"".join(_OPTION.pack(code, len(value)) + value for code, value in options)


def address(of: str, preferred: int, valid: int) -> tuple[int, bytes]:
    """The option that gives an address for these times in seconds; 0 takes it back."""
    return IA_ADDRESS, _ADDRESS.pack(octets(of), preferred, valid)


def association(identifier: bytes, renew: int, rebind: int, options: Iterable[tuple[int, bytes]]) -> tuple[int, bytes]:
    """The option that answers an identity association; times in seconds."""
    return IA_NA, _IA.pack(identifier, renew, rebind) + packed(options)


def status(code: int, words: str) -> tuple[int, bytes]:
    """The option that says how it went."""
    return STATUS, code.to_bytes(2, "big") + words.encode()
