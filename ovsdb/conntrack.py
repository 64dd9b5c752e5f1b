"""Connections that a switch translates, as its datapath tracks them (ovs-dpctl(8), dump-conntrack)."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal, NamedTuple

from ovsdb import unixctl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS = 30.0
_TUPLE = r"\(src=([\da-f.:]+),dst=([\da-f.:]+)(?:,sport=(\d+),dport=(\d+))?[^()\n]*\)"
_LINE = re.compile(
    rf"^((\w+),orig={_TUPLE}),reply={_TUPLE}(?:,id=(\d+))?(?:,zone=(\d+))?(?:.*?,protoinfo=\(state=(\w+))?",
    re.MULTILINE,
)
Kind = Literal["source", "destination"]


class Translation(NamedTuple):
    """One tracked connection whose ``kind`` of end was translated; ports are None where its protocol has none.

    ``number`` is the datapath's id of it, where that gives one; else a hash of its protocol, ends and zone.
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


def translations(lines: str, start: int = 0) -> Iterator[tuple[int, Translation | None]]:
    """Yield what each line tells, and where to go on after it; ``start`` is 0 or such a place.

    None where nothing was translated, or it is in none of our zones (2 to 65535). Lines of another form are left out.
    """
    for match in _LINE.finditer(lines, start):
        yield match.end(), _translation(match)


def _translation(match: re.Match[str]) -> Translation | None:
    """Even zones translate sources, odd ones destinations."""
    if match[12] is None:
        return None
    (whole, protocol, source, destination, sport, dport, reply_source, reply_destination, reply_sport, reply_dport,
     number, zone, state) = match.groups()  # fmt: skip
    kind: Kind
    if zone[-1] in "13579":
        kind, ends = "destination", (destination, dport, reply_source, reply_sport)
    else:
        kind, ends = "source", (source, sport, reply_destination, reply_dport)
    before, port_before, translated, port = ends
    if (before, port_before) == (translated, port):
        return None
    return Translation(
        number if number and number != "0" else blake2b(f"{whole}@{zone}".encode(), digest_size=8).hexdigest(),
        protocol,
        source,
        int(sport) if sport else None,
        destination,
        int(dport) if dport else None,
        state,
        kind,
        translated,
        int(port) if port else None,
        int(zone),
    )
