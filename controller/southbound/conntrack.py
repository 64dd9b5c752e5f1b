"""Connections that a switch is to forget: of a zone, all or those of one address, protocol or port.

Messages: Open vSwitch's NXT_CT_FLUSH_ZONE and, since 3.1, NXT_CT_FLUSH (its ``nicira-ext.h``, ``ovs-ofctl(8)``).
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

from controller.southbound.wire import VERSION
from controller.southbound.xids import Concern

EXPERIMENTER = 4
_NICIRA = 0x00002320
_FLUSH_ZONE, _FLUSH = 29, 32
_ORIGINAL, _REPLY, _ZONE = 0, 1, 2
_SOURCE, _TARGET, _SOURCE_PORT, _TARGET_PORT = 0, 1, 2, 3
_TO_IPV6 = bytes(10) + b"\xff\xff"
_HAS_NO_PORTS = frozenset((1, 58))


@dataclass(frozen=True, slots=True)
class Ends:
    """Where packets of one direction come from and go to; what is empty or 0 may be anything."""

    source: str = ""
    target: str = ""
    source_port: int = 0
    target_port: int = 0


ANY = Ends()


@dataclass(frozen=True, slots=True)
class Connections:
    """Those of a zone, of an IP protocol if one is given, whose two directions look like this.

    ``original`` is the direction of the first packet before translation, ``reply`` that of the answer to it as it
    comes: of a connection to a floating IP, ``original.target`` is that address; of one that leaves by it,
    ``reply.target``. Ports need a protocol. Open vSwitch 3.1 compares ICMP's identifier with 0 where a protocol is
    given: so ICMP is not to be told apart, and all of an IPv4 address is forgotten without a protocol. It dies of a
    flush that finds an ICMPv6 connection: so IPv6 addresses need a protocol, and its pings are left to end by time.
    """

    zone: int
    protocol: int = 0
    original: Ends = ANY
    reply: Ends = ANY

    def __post_init__(self) -> None:
        ports = any(ends.source_port or ends.target_port for ends in (self.original, self.reply))
        if self.protocol in _HAS_NO_PORTS or ((ports or self._in_ipv6()) and not self.protocol):
            raise ValueError(f"connections of protocol {self.protocol} cannot be told apart like this")

    def _in_ipv6(self) -> bool:
        ends = (self.original, self.reply)
        return any(":" in address for one in ends for address in (one.source, one.target))


def ct_flush(connections: Connections) -> bytes:
    """The message that has a switch forget them."""
    if connections == Connections(connections.zone):
        return _message(_FLUSH_ZONE, struct.pack("!6xH", connections.zone))
    body = struct.pack("!B7x", connections.protocol)
    body += _direction(_ORIGINAL, connections.original) + _direction(_REPLY, connections.reply)
    return _message(_FLUSH, body + struct.pack("!HHH2x", _ZONE, 8, connections.zone))


def _message(kind: int, body: bytes) -> bytes:
    head = (VERSION, EXPERIMENTER, 16 + len(body), Concern.FLUSH.xid(), _NICIRA, kind)
    return struct.pack("!BBHIII", *head) + body


def _direction(kind: int, ends: Ends) -> bytes:
    """A property that holds properties, where there is anything to say."""
    inner = b"".join(
        (
            *(_address(number, text) for number, text in ((_SOURCE, ends.source), (_TARGET, ends.target)) if text),
            *(_port(number, port) for number, port in _ports(ends) if port),
        )
    )
    return struct.pack("!HH4x", kind, 8 + len(inner)) + inner if inner else b""


def _ports(ends: Ends) -> tuple[tuple[int, int], ...]:
    return (_SOURCE_PORT, ends.source_port), (_TARGET_PORT, ends.target_port)


def _address(number: int, text: str) -> bytes:
    packed = ipaddress.ip_address(text).packed
    return (
        struct.pack("!HH", number, 20) + (packed if len(packed) == len(_TO_IPV6) + 4 else _TO_IPV6 + packed) + bytes(4)
    )


def _port(number: int, port: int) -> bytes:
    return struct.pack("!HHH2x", number, 8, port)
