"""DHCPv4 messages as bytes (RFC 2131, 2; options of RFC 2132, 3396, 3397, 3442).

os-ken's own parser stops at the first pad option and refuses names that are not ASCII, so this one is ours.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.addresses import octets, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SERVER_PORT, CLIENT_PORT = 67, 68
BOOT_REQUEST, BOOT_REPLY = 1, 2
DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)
BROADCAST_FLAG = 0x8000

MASK, ROUTER, DNS, HOSTNAME, DOMAIN, MTU, NTP = 1, 3, 6, 12, 15, 26, 42
REQUESTED, LEASE_TIME, KIND, SERVER, WANTED, LARGEST = 50, 51, 53, 54, 55, 57
RENEWAL, REBINDING, CLIENT_ID, RELAY, SEARCH, ROUTES = 58, 59, 61, 82, 119, 121
_PAD, _END = 0, 255

_HEADER = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s")
_COOKIE = b"\x63\x82\x53\x63"
_ETHERNET = (1, 6)
_SHORTEST = 300
_LONGEST_OPTION = 255
_LEAST_DATAGRAM = 576
_HEADERS = 20 + 8 + _HEADER.size + len(_COOKIE) + 1
"""What of a datagram is not options: IP, UDP, BOOTP, the cookie and the end."""


@dataclass(frozen=True, slots=True)
class Message:
    """A client's message, or a relay's for it; addresses as text, ``options`` by code."""

    xid: int
    flags: int
    ciaddr: str
    giaddr: str
    chaddr: str
    options: Mapping[int, bytes]

    @property
    def kind(self) -> int:
        """DISCOVER, REQUEST and so on; 0 where it does not say."""
        told = self.options.get(KIND, b"")
        return told[0] if len(told) == 1 else 0

    def address(self, code: int) -> str | None:
        """The address in an option of exactly one."""
        told = self.options.get(code, b"")
        return text(told) if len(told) == 4 else None  # noqa: PLR2004 - octets of an IPv4 address

    @property
    def room(self) -> int:
        """Octets of options that the client takes (option 57, at least what RFC 2131 promises)."""
        told = self.options.get(LARGEST, b"")
        largest = int.from_bytes(told, "big") if len(told) == 2 else 0  # noqa: PLR2004 - a 16-bit number
        return max(largest, _LEAST_DATAGRAM) - _HEADERS


def parse(data: bytes) -> Message | None:
    """A client's message; None for anything else."""
    if len(data) < _HEADER.size + len(_COOKIE):
        return None
    op, *hardware, _, xid, _, flags, ciaddr, _, _, giaddr, chaddr, _, _ = _HEADER.unpack_from(data)
    if op != BOOT_REQUEST or tuple(hardware) != _ETHERNET or data[_HEADER.size :][: len(_COOKIE)] != _COOKIE:
        return None
    options = _options(data[_HEADER.size + len(_COOKIE) :])
    return Message(xid, flags, text(ciaddr), text(giaddr), chaddr[:6].hex(":"), options)


def _options(data: bytes) -> dict[int, bytes]:
    """As far as they can be read; those that come in several parts are put together (RFC 3396)."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data) and data[at] != _END:
        code = data[at]
        if code == _PAD:
            at += 1
            continue
        if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
            break
        found[code] = found.get(code, b"") + data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    return found


def reply(asked: Message, address: str, options: Iterable[tuple[int, bytes]], *, broadcast: bool = False) -> bytes:
    """The answer to a message; ``address`` is the client's own. Options that find no room are left out."""
    body, room = b"", asked.room
    for code, value in options:
        told = _told(code, value)
        if len(body) + len(told) <= room:
            body += told
    flags = asked.flags & BROADCAST_FLAG | (BROADCAST_FLAG if broadcast else 0)
    ends = (octets(asked.ciaddr), octets(address), bytes(4), octets(asked.giaddr))
    mac = bytes.fromhex(asked.chaddr.replace(":", ""))
    head = _HEADER.pack(BOOT_REPLY, *_ETHERNET, 0, asked.xid, 0, flags, *ends, mac, b"", b"")
    return (head + _COOKIE + body + bytes((_END,))).ljust(_SHORTEST, b"\0")


def _told(code: int, value: bytes) -> bytes:
    """One option, in parts where it is long."""
    parts = [value[at : at + _LONGEST_OPTION] for at in range(0, len(value), _LONGEST_OPTION)] or [b""]
    return b"".join(bytes((code, len(part))) + part for part in parts)
