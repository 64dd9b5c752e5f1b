"""Datagrams in pieces: as they should be, and as nobody sends them who means well.

Each piece has words of its own, since one piece that arrives is one too many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.packet import Raw

from tests.system.way import OPEN, SHUT

if TYPE_CHECKING:
    from scapy.packet import Packet

    from tests.system.way import Named, Way

PIECE = 1384  # bytes of a fragment's payload: Open vSwitch puts none together of which any but the last is below 1,200


def pieces(way: Way, at: int) -> Named:
    """One datagram in two pieces, IPv4 and IPv6, in order and the other way round."""
    found: Named = {}
    for turn, order in enumerate(((0, 1), (1, 0))):
        made = _pieces4(way, f"piece of {'ordered' if not turn else 'turned'}", at + turn)
        made6 = _pieces6(way, f"IPv6 piece of {'ordered' if not turn else 'turned'}", at + 2 + turn)
        for version in (list(made.items()), list(made6.items())):
            found.update(version[number] for number in order)
    return found


def strange_pieces(way: Way) -> Named:
    """Fragments that are not what a sender makes: late, tiny, overlapping, nested."""
    frame, number = way.ethernet(), 900
    tiny = bytes(way.ipv4(id=number) / way.tcp(20, "S") / Raw(way.words("tiny, 2")))[20:]
    later = bytes(12) + way.words("later only")
    return {
        "first only": _piece4(way, number + 1, 0, bytes(way.udp(21)) + way.words("first only"), more=True),
        "later only": _piece4(way, number + 2, 64, later, more=False),
        "tiny, 1": _piece4(way, number, 0, tiny[:8], more=True, protocol=6),
        "tiny, 2": _piece4(way, number, 8, tiny[8:], more=False, protocol=6),
        "IPv6 later only": bytes(
            frame
            / way.ipv6()
            / IPv6ExtHdrFragment(nh=17, offset=64, m=0, id=number)
            / Raw(way.words("IPv6 later only"))
        ),
        "atomic fragment": frame / way.ipv6() / IPv6ExtHdrFragment(nh=17, offset=0, m=0, id=number + 1) / way.udp(22),
        "options, then a fragment": frame
        / way.ipv6()
        / IPv6ExtHdrDestOpt(nh=44)
        / IPv6ExtHdrFragment(nh=17, offset=0, m=1, id=number + 2)
        / way.udp(23),
    }


def lone(way: Way, count: int) -> dict[str, bytes]:
    """By its words, of each of so many datagrams of both versions of IP a piece that is not the first, and no other."""
    found: dict[str, bytes] = {}
    for number in range(2000, 2000 + count):
        words, words6 = (f"lone of version {version}, {number}" for version in (4, 6))
        header = IPv6ExtHdrFragment(nh=17, offset=64, m=0, id=number)
        six = way.ethernet() / way.ipv6() / header / Raw(bytes(12) + way.words(words6))
        for told, frame in (
            (words, _piece4(way, number, 64, bytes(12) + way.words(words), more=False)),
            (words6, bytes(six)),
        ):
            found[way.token(told)] = frame
    return found


def overlapping(way: Way) -> Named:
    """First a datagram for the port that is open, then a piece that would make it one for another (RFC 1858, 5722)."""
    good, bad = (UDP(sport=way.first + 24, dport=port, len=PIECE + 600, chksum=0) for port in (OPEN, SHUT))
    rest = way.words("overlapping, over the first").ljust(PIECE, b".")
    again = bytes(bad) + way.words("overlapping, the first again").ljust(PIECE - 8, b".")
    made: Named = {}
    for number, what, offset, data in (
        (910, "overlapping, the first again", 0, again),
        (911, "overlapping, over the first", 8, rest),
    ):
        made[f"{what}: honest"] = _piece4(way, number, 0, bytes(good).ljust(PIECE, b"."), more=True)
        made[what] = _piece4(way, number, offset, data, more=False)
    return made


def _pieces4(way: Way, what: str, at: int) -> Named:
    data = _datagram(way, what, at)
    whole = bytes(way.ipv4(id=at) / data)[20:]
    return {
        f"{what}, {number}": _piece4(
            way, at, offset, whole[offset:][: PIECE if number == 1 else None], more=number == 1
        )
        for number, offset in ((1, 0), (2, PIECE))
    }


def _pieces6(way: Way, what: str, at: int) -> Named:
    whole = bytes(way.ipv6() / _datagram(way, what, at))[40:]
    made: Named = {}
    for number, offset in ((1, 0), (2, PIECE)):
        header = IPv6ExtHdrFragment(nh=17, offset=offset // 8, m=int(number == 1), id=at)
        part = whole[offset:][: PIECE if number == 1 else None]
        made[f"{what}, {number}"] = bytes(way.ethernet() / way.ipv6() / header / Raw(part))
    return made


def _datagram(way: Way, what: str, at: int) -> Packet:
    first = way.words(f"{what}, 1").ljust(PIECE - 8, b".")
    return way.udp(at) / Raw(first + way.words(f"{what}, 2"))


def _piece4(way: Way, number: int, offset: int, data: bytes, *, more: bool, protocol: int = 17) -> bytes:
    header = way.ipv4(id=number, proto=protocol, frag=offset // 8, flags="MF" if more else "")
    return bytes(way.ethernet() / header / Raw(data))
