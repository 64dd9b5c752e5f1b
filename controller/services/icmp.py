"""ICMP errors: who sends what a router cannot pass on is told why (RFC 792, 1191, 1812, 4443).

An IPv4 packet that is too large, and may be cut, is cut here and goes on. The switch meters how often it may ask.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.derived import LINK, Endpoint, Exit, Leg
from controller.entities import Network
from controller.services import frames, outcome
from controller.services.fragments import fragments
from controller.services.outcome import Emission, Ignored, Outwards, Resumed, ToPorts, sender
from controller.services.told import mtu

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.services.outcome import Facts, Outcome, Punt, Way

_UNREACHABLE, _TIME_EXCEEDED = 3, 11
_UNREACHABLE6, _TOO_BIG6, _TIME_EXCEEDED6 = 1, 2, 3
_NO_ROUTE, _NO_HOST, _NO_PORT, _MUST_NOT_CUT = 0, 1, 3, 4
_NO_ROUTE6, _NO_ADDRESS6, _NO_PORT6 = 0, 3, 4
_QUESTIONS = frozenset({0, 8, 13, 14})
"""ICMP types about which errors may be sent: echo and timestamp; never about an error (RFC 1122, 3.2.2)."""
_FIRST_INFORMATION6 = 128
_LONGEST, _LONGEST6 = 576 - 28, 1280 - 48
"""Octets that an error quotes at most (RFC 1812, 4.3.2.3; RFC 4443, 3.1)."""
_ERROR = struct.Struct("!BBHI")


@dataclass(frozen=True, slots=True)
class _Sender:
    """Who is to be told: by which chassis and way, between which MACs, and by which of the router's addresses."""

    chassis: str
    way: Way
    macs: tuple[str, str]
    router: str


def answer(punt: Punt, facts: Facts, _now: float) -> Iterator[Outcome]:
    """Tell the sender why its packet went no further; or cut it."""
    ether = frames.ethernet(punt.frame)
    packet = frames.ip(ether) if ether else None
    if ether is None or packet is None:
        yield Ignored("malformed")
        return
    largest = _mtu(punt, facts) if punt.reason == outcome.TOO_LARGE else 0
    if punt.reason == outcome.TOO_LARGE and not packet.dont_fragment:
        for piece in fragments(packet, largest):
            frame = punt.frame[: frames.ETHERNET_HEADER] + piece
            yield Emission(punt.chassis, frame, Resumed(punt.registers))
        return
    legs = _legs(punt, facts)
    told = _sender(punt, packet, legs, facts) if may_be_told(packet, punt.reason) else None
    if told is None:
        yield Ignored("unserved")
        return
    message = _message(punt, packet, legs, largest)
    yield Emission(told.chassis, frames.icmp_frame(told.macs, (told.router, packet.src), message), told.way)


def _legs(punt: Punt, facts: Facts) -> list[Leg]:
    """The router that had the packet, on each of its networks."""
    keys = sorted(facts.where(Leg, "number", punt.router))
    return [leg for key in keys if (leg := facts.get(Leg, key)) is not None]


def _mtu(punt: Punt, facts: Facts) -> int:
    """How large packets may be where this one was to go."""
    if punt.network == LINK:
        exits = (facts.get(Exit, key) for key in facts.where(Exit, "number", punt.router))
        return next((each.mtu for each in exits if each is not None), frames.LEAST_MTU)
    networks = (facts.get(Network, key) for key in facts.where(Network, "vni", punt.network))
    return next((mtu(each, facts) for each in networks if each is not None), frames.LEAST_MTU)


def may_be_told(packet: frames.Ip, reason: int) -> bool:
    """Whether an error may be sent at all (RFC 1812, 4.3.2.7; RFC 4443, 2.4)."""
    source, target = ipaddress.ip_address(packet.src), ipaddress.ip_address(packet.dst)
    nobody = source.is_multicast or source.is_unspecified or source.is_loopback or packet.src == "255.255.255.255"
    if nobody or (target.is_multicast and reason != outcome.TOO_LARGE) or packet.dst == "255.255.255.255":
        return False
    if packet.version == 4 and packet.later_fragment:  # noqa: PLR2004 - IP version
        return False
    kind = packet.payload[0] if packet.payload else 0
    if packet.protocol == frames.ICMP:
        return kind in _QUESTIONS
    return packet.protocol != frames.ICMPV6 or kind >= _FIRST_INFORMATION6


def _sender(punt: Punt, packet: frames.Ip, legs: list[Leg], facts: Facts) -> _Sender | None:
    """The port that sent it, here or on another chassis; a machine outside by the router's way out."""
    port = sender(punt, facts)
    if port is None:
        networks = dict.fromkeys(leg.network for leg in legs)
        keys = [key for network in networks for key in facts.where(Endpoint, "address", (network, packet.src))]
        port = next((found for key in sorted(keys) if (found := facts.get(Endpoint, key)) is not None), None)
    own = next((leg for leg in legs if port is not None and leg.network == port.network), None)
    router = _address(own, legs, packet.version)
    if router is None:
        return None
    if port is None:
        return _Sender(punt.chassis, Outwards(punt.router), (legs[0].mac, frames.BROADCAST_MAC), router)
    mac = next((pair.mac for pair in port.allowed_pairs if pair.address == packet.src), port.mac)
    return _Sender(port.chassis, ToPorts((port.ofport,)), (own.mac if own else legs[0].mac, mac), router)


def _address(own: Leg | None, legs: list[Leg], version: int) -> str | None:
    """By which address the router speaks: on the sender's network if it has one there, else any."""
    speaking = [*([own] if own else []), *legs]
    addresses = (address for leg in speaking for address in leg.addresses)
    return next((a for a in addresses if (":" in a) == (version == 6)), None)  # noqa: PLR2004 - IP version


def _message(punt: Punt, packet: frames.Ip, legs: list[Leg], largest: int) -> bytes:
    """Type, code, what else there is to say, and the packet as far as it may be quoted."""
    kind, code = _why(punt, packet, any(packet.dst in leg.addresses for leg in legs))
    return error(kind, code, packet, largest)


def error(kind: int, code: int, packet: frames.Ip, largest: int = 0) -> bytes:
    """An ICMP or ICMPv6 error about a packet, which it quotes as far as it may; its checksum is 0."""
    quoted = packet.whole[: _LONGEST if packet.version == 4 else _LONGEST6]  # noqa: PLR2004 - IP version
    return _ERROR.pack(kind, code, 0, largest) + quoted


def _why(punt: Punt, packet: frames.Ip, own: bool) -> tuple[int, int]:  # noqa: FBT001 - whether it was for the router
    """ICMP's words for it; what is for the router itself came to a closed port."""
    four = packet.version == 4  # noqa: PLR2004 - IP version
    if punt.reason == outcome.TOO_LARGE:
        return (_UNREACHABLE, _MUST_NOT_CUT) if four else (_TOO_BIG6, 0)
    if own:
        return (_UNREACHABLE, _NO_PORT) if four else (_UNREACHABLE6, _NO_PORT6)
    if punt.reason == outcome.EXPIRED:
        return (_TIME_EXCEEDED, 0) if four else (_TIME_EXCEEDED6, 0)
    if punt.next_hop:
        return (_UNREACHABLE, _NO_HOST) if four else (_UNREACHABLE6, _NO_ADDRESS6)
    return (_UNREACHABLE, _NO_ROUTE) if four else (_UNREACHABLE6, _NO_ROUTE6)
