"""Connections as a switch tracks them, and what it translates of them (ovs-dpctl(8), dump-conntrack)."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ovsdb import unixctl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS = 30.0
_TUPLE = r"\(src=([\da-f.:]+),dst=([\da-f.:]+)(?:,sport=(\d+),dport=(\d+)|,id=(\d+),type=(\d+),code=(\d+))?[^()\n]*\)"
_LINE = re.compile(
    rf"^((\w+),orig={_TUPLE}),reply={_TUPLE}(?:,id=(\d+))?(?:,zone=(\d+))?(?:,mark=(\d+))?"
    r"(?:.*?,protoinfo=\(state=(\w+))?",
    re.MULTILINE,
)
Kind = Literal["source", "destination"]


class Ends(NamedTuple):
    """Where packets of one direction come from and go to; what their protocol does not have is None.

    Of ICMP, ``asks`` is ``type << 8 | code``.
    """

    source: str
    destination: str
    source_port: int | None
    destination_port: int | None
    identifier: int | None
    asks: int | None


class Tracked(NamedTuple):
    """One tracked connection: of which zone and mark, and its two directions as its packets show them there.

    ``number`` is the datapath's id of it, where that gives one; else a hash of its protocol, ends and zone.
    """

    number: str
    protocol: str
    original: Ends
    reply: Ends
    state: str | None
    zone: int
    mark: int


class Translation(NamedTuple):
    """One tracked connection whose ``kind`` of end was translated; ports are None where its protocol has none.

    ``number`` is that of ``Tracked``.
    """

    number: str
    protocol: str
    source: str
    source_port: int | None
    destination: str
    destination_port: int | None
    state: str | None
    kind: Kind
    translated: str
    translated_port: int | None
    zone: int


def dump(directory: Path, zone: int | None) -> Iterator[bytes]:
    """Yield blocks of lines, one a connection, of the switch whose files are in ``directory``; None: of all zones.

    With the datapath in userspace the switch forwards nothing while it writes them, a few microseconds each.
    Raises DatabaseError.
    """
    control = unixctl.switch(directory)
    datapaths = b"".join(unixctl.lines(control, "dpctl/dump-dps", [], _SECONDS)).decode().split()
    only = [] if zone is None else [f"zone={zone}"]
    for datapath in datapaths:
        yield from unixctl.lines(control, "dpctl/dump-conntrack", [datapath, *only], _SECONDS)


def tracked(lines: str, start: int = 0) -> Iterator[tuple[int, Tracked | None]]:
    """Yield what each line tells, and where to go on after it; ``start`` is 0 or such a place.

    None where it is in no zone. Lines of another form are left out.
    """
    for match in _LINE.finditer(lines, start):
        yield match.end(), _tracked(match) if match[18] is not None else None


def translations(lines: str, start: int = 0) -> Iterator[tuple[int, Translation | None]]:
    """Yield what each line tells, as ``tracked`` does; None where nothing was translated, or it is in no zone."""
    for end, found in tracked(lines, start):
        yield end, None if found is None else _translation(found)


def _tracked(match: re.Match[str]) -> Tracked:
    number, zone, mark, state = match.group(17, 18, 19, 20)
    return Tracked(
        number if number and number != "0" else blake2b(f"{match[1]}@{zone}".encode(), digest_size=8).hexdigest(),
        match[2],
        _ends(match.group(3, 4, 5, 6, 7, 8, 9)),
        _ends(match.group(10, 11, 12, 13, 14, 15, 16)),
        state,
        int(zone),
        int(mark or 0),
    )


def _ends(groups: tuple[str | Any, ...]) -> Ends:
    source, destination, sport, dport, number, kind, code = groups
    if sport is not None and dport is not None:
        return Ends(source, destination, int(sport), int(dport), None, None)
    if number is None:
        return Ends(source, destination, None, None, None, None)
    return Ends(source, destination, None, None, int(number), int(kind) << 8 | int(code))


def _translation(found: Tracked) -> Translation | None:
    """Even zones translate sources, odd ones destinations."""
    first, answer = found.original, found.reply
    kind: Kind
    if found.zone % 2:
        kind, ends = "destination", (first.destination, first.destination_port, answer.source, answer.source_port)
    else:
        kind, ends = "source", (first.source, first.source_port, answer.destination, answer.destination_port)
    if ends[:2] == ends[2:]:
        return None
    return Translation(
        found.number,
        found.protocol,
        first.source,
        first.source_port,
        first.destination,
        first.destination_port,
        found.state,
        kind,
        *ends[2:],
        found.zone,
    )
