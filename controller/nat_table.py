"""The NAT table: every connection that a switch translates, with the router that it is translated for.

A first page asks the switches; further pages are of what they answered then, which is kept for a minute. What is kept
is the switches' own words, read again for each page, so that a page costs its own length.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from controller.derived import Floating, Forward, HostOrder
from controller.entities import Network, Router, Seat
from controller.errors import DatabaseError, Gone
from controller.intent.pacer import Pacer
from controller.zones import router as router_of
from controller.zones import zones as zones_of
from ovsdb.conntrack import Translation, translations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from controller.store import Store

MOST_BYTES = 256 << 20
"""Of answers that are kept, all together; a million connections take about 150 MB."""
MOST_KEPT = 4
KEPT_SECONDS = 60.0
_FRESH_SECONDS = 1.0  # whoever asks more often is told the same: a switch in userspace stops while it answers


class Switches(Protocol):
    """Who can ask a switch what it tracks (``ovsdb.hosts.Hosts``)."""

    def connections(self, chassis: str, zone: int | None, take: Callable[[bytes], None]) -> None:
        """Give ``take`` blocks of lines of a zone, or of all. Raises DatabaseError."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for; None is everything. ``router`` is the key of a router, or of a nat network."""

    chassis: str | None = None
    router: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, where the next page begins ("" after the last), and the chassis that could not be asked, with why."""

    rows: list[dict[str, object]]
    following: str
    unavailable: Mapping[str, str]


@dataclass(slots=True)
class _Answer:
    """What switches answered to one question; ``parts`` are (chassis, lines)."""

    number: str
    question: Question
    taken: float
    names: Mapping[int, tuple[str, str]]
    parts: list[tuple[str, str]] = field(default_factory=list)
    unavailable: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(len(lines) for _, lines in self.parts)


class NatTable:
    """Asks, keeps what was answered for a while, and reads pages of it."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._asking = threading.Lock()
        self._numbers = itertools.count(int(time.time() * 1000))
        self._kept: OrderedDict[str, _Answer] = OrderedDict()

    def page(self, question: Question, limit: int, cursor: str) -> Page:
        """At most ``limit`` rows, from ``cursor`` on ("": the first). Raises Gone for a cursor that is too old."""
        number, _, place = cursor.partition(".")
        if cursor:
            answer = self._again(question, number)
        else:
            with self._asking:
                answer = self._fresh(question) or self._asked(question)
        part, _, offset = place.partition(".")
        return _read(answer, limit, int(part or 0), int(offset or 0))

    def _again(self, question: Question, number: str) -> _Answer:
        answer = self._kept.get(number)
        if answer is None or answer.question != question or time.monotonic() - answer.taken > KEPT_SECONDS:
            raise Gone("this list is no longer kept: begin again without a cursor")
        return answer

    def _fresh(self, question: Question) -> _Answer | None:
        now = time.monotonic()
        recent = (answer for answer in self._kept.values() if now - answer.taken < _FRESH_SECONDS)
        return next((answer for answer in recent if answer.question == question), None)

    def _asked(self, question: Question) -> _Answer:
        names = self._names(question)
        answer = _Answer(str(next(self._numbers)), question, 0.0, names)
        zones = sorted(zone for number in names for zone in zones_of(number)) if question.router else [None]
        room = _Room(MOST_BYTES)
        chosen = [question.chassis] if question.chassis is not None else self._translating()
        threads = [threading.Thread(target=self._ask, args=(one, zones, answer, room)) for one in chosen if names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answer.parts.sort()
        answer.taken = time.monotonic()
        self._keep(answer)
        return answer

    def _ask(self, chassis: str, zones: Sequence[int | None], answer: _Answer, room: _Room) -> None:
        blocks: list[bytes] = []
        try:
            for zone in zones:
                self._switches.connections(chassis, zone, partial(room.put, chassis, blocks))
        except DatabaseError as error:
            answer.unavailable[chassis] = str(error)
        if chassis in room.cut:
            answer.unavailable[chassis] = "more connections than can be listed: ask for one router"
        answer.parts.append((chassis, b"".join(blocks).decode("latin-1")))  # a character stays a byte

    def _keep(self, answer: _Answer) -> None:
        now = time.monotonic()
        for number in [n for n, kept in self._kept.items() if now - kept.taken > KEPT_SECONDS]:
            del self._kept[number]
        self._kept[answer.number] = answer
        while len(self._kept) > MOST_KEPT or sum(kept.size for kept in self._kept.values()) > MOST_BYTES:
            self._kept.popitem(last=False)
            if len(self._kept) == 1:
                return

    def _names(self, question: Question) -> dict[int, tuple[str, str]]:
        """Routers that are asked for, by number: what they are in a row, and their key."""
        routers = (self._store.get(Router, key) for key in list(self._store.keys(Router)))
        networks = (self._store.get(Network, key) for key in list(self._store.keys(Network)))
        found = {router.number: ("router", router.key) for router in routers if router is not None}
        doors = {n.door.number: ("network", n.key) for n in networks if n is not None and n.door is not None}
        return {
            number: (what, key)
            for number, (what, key) in (found | doors).items()
            if question.router in (None, key) and question.project in (None, key.partition("/")[0])
        }

    def _translating(self) -> list[str]:
        """The chassis that have something to translate."""
        found = {order.key for key in list(self._store.keys(HostOrder)) if (order := self._order(key)) and order.link}
        for kind in (Seat, Floating, Forward):
            found |= {one.chassis for key in list(self._store.keys(kind)) if (one := self._store.get(kind, key))}
        return sorted(found - {""})

    def _order(self, key: str) -> HostOrder | None:
        return self._store.get(HostOrder, key)


class _Room:
    """How much of answers still fits, and whose were ``cut``."""

    __slots__ = ("_left", "cut")

    def __init__(self, size: int) -> None:
        self._left = size
        self.cut: set[str] = set()

    def put(self, chassis: str, blocks: list[bytes], block: bytes) -> None:
        self._left -= len(block)
        if self._left < 0:
            self.cut.add(chassis)
        else:
            blocks.append(block)


def _read(answer: _Answer, limit: int, part: int, offset: int) -> Page:
    """Rows from a place on; the place is a part and where a line of it begins."""
    rows: list[dict[str, object]] = []
    pacer = Pacer()
    for index in range(part, len(answer.parts)):
        chassis, lines = answer.parts[index]
        for end, found in translations(lines, offset if index == part else 0):
            pacer.breathe()
            name = answer.names.get(router_of(found.zone)) if found else None
            if found is not None and name is not None:
                rows.append(_row(found, name, chassis))
                if len(rows) == limit:
                    return Page(rows, f"{answer.number}.{index}.{end}", answer.unavailable)
    return Page(rows, "", answer.unavailable)


def _row(found: Translation, name: tuple[str, str], chassis: str) -> dict[str, object]:
    what, key = name
    return {
        "id": found.number,
        "protocol": found.protocol,
        "source": found.source,
        "source_port": found.source_port,
        "destination": found.destination,
        "destination_port": found.destination_port,
        "state": found.state,
        "translates": found.kind,
        "translated": found.translated,
        "translated_port": found.translated_port,
        "router": key if what == "router" else None,
        "network": key if what == "network" else None,
        "zone": found.zone,
        "chassis": chassis,
    }
