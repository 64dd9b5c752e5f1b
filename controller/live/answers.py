"""What switches answer when they are asked for connections: asked side by side, kept for a minute, read page by page.

A first page asks the switches; further pages are of what they answered then. What is kept is the switches' own words,
read again for each page, so that a page costs its own length.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from controller.errors import DatabaseError, Gone
from controller.intent.pacer import Pacer

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

MOST_BYTES = 256 << 20
"""Of answers that are kept, all together; a million connections take about 150 MB."""
MOST_KEPT = 4
KEPT_SECONDS = 60.0
_FRESH_SECONDS = 1.0  # whoever asks more often is told the same: a switch in userspace stops while it answers
_TOO_MANY = "more connections than can be listed: ask for fewer of them"

Row = dict[str, object]


class Switches(Protocol):
    """Who can ask a switch what it tracks (``ovsdb.hosts.Hosts``)."""

    def connections(self, chassis: str, zone: int | None, take: Callable[[bytes], None]) -> None:
        """Give ``take`` blocks of lines of a zone, or of all. Raises DatabaseError."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, where the next page begins ("" after the last), and the chassis that could not be asked, with why."""

    rows: list[Row]
    following: str
    unavailable: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Whom to ask for which zones, None for all; ``read`` makes rows of a chassis' lines from a place on.

    With each row, or None for a line that is not asked for, goes the place after it.
    """

    zones: Mapping[str, Sequence[int | None]]
    read: Callable[[str, str, int], Iterator[tuple[int, Row | None]]]


@dataclass(slots=True)
class Told:
    """What switches answered: ``parts`` are (chassis, lines), in order of chassis."""

    parts: list[tuple[str, str]] = field(default_factory=list)
    unavailable: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Characters, which are bytes."""
        return sum(len(lines) for _, lines in self.parts)


class InTurn:
    """Asks each chassis one thing at a time: its agent answers no other meanwhile."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def connections(self, chassis: str, zone: int | None, take: Callable[[bytes], None]) -> None:
        """As ``Switches`` does, when it is one's turn."""
        with self._turns[chassis]:
            self._switches.connections(chassis, zone, take)


def ask(switches: Switches, zones: Mapping[str, Sequence[int | None]]) -> Told:
    """Ask every chassis for its zones, all at the same time."""
    told, room = Told(), _Room(MOST_BYTES)
    side_by_side(partial(_ask, switches, one, zones[one], told, room) for one in sorted(zones))
    told.parts.sort()
    return told


def side_by_side(questions: Iterable[Callable[[], None]]) -> None:
    """Ask all of them at the same time, and wait for all answers."""
    threads = [threading.Thread(target=question) for question in questions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _ask(switches: Switches, chassis: str, zones: Sequence[int | None], told: Told, room: _Room) -> None:
    blocks: list[bytes] = []
    try:
        for zone in zones:
            switches.connections(chassis, zone, partial(room.put, chassis, blocks))
    except DatabaseError as error:
        told.unavailable[chassis] = str(error)
    if chassis in room.cut:
        told.unavailable[chassis] = _TOO_MANY
    told.parts.append((chassis, b"".join(blocks).decode("latin-1")))  # a character stays a byte


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


@dataclass(frozen=True, slots=True)
class _Answer:
    number: str
    question: Hashable
    taken: float
    inquiry: Inquiry
    told: Told


class Answers:
    """Asks, keeps what was answered for a while, and reads pages of it."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._asking = threading.Lock()
        self._numbers = itertools.count(int(time.time() * 1000))
        self._kept: OrderedDict[str, _Answer] = OrderedDict()

    def page(self, question: Hashable, inquire: Callable[[], Inquiry], limit: int, cursor: str) -> Page:
        """At most ``limit`` rows, from ``cursor`` on ("": the first). Raises Gone for a cursor that is too old."""
        number, _, place = cursor.partition(".")
        if cursor:
            answer = self._again(question, number)
        else:
            with self._asking:
                answer = self._fresh(question) or self._asked(question, inquire())
        part, _, offset = place.partition(".")
        return _read(answer, limit, int(part or 0), int(offset or 0))

    def _again(self, question: Hashable, number: str) -> _Answer:
        answer = self._kept.get(number)
        if answer is None or answer.question != question or time.monotonic() - answer.taken > KEPT_SECONDS:
            raise Gone("this list is no longer kept: begin again without a cursor")
        return answer

    def _fresh(self, question: Hashable) -> _Answer | None:
        now = time.monotonic()
        recent = (answer for answer in self._kept.values() if now - answer.taken < _FRESH_SECONDS)
        return next((answer for answer in recent if answer.question == question), None)

    def _asked(self, question: Hashable, inquiry: Inquiry) -> _Answer:
        told = ask(self._switches, inquiry.zones)
        answer = _Answer(str(next(self._numbers)), question, time.monotonic(), inquiry, told)
        self._keep(answer)
        return answer

    def _keep(self, answer: _Answer) -> None:
        now = time.monotonic()
        for number in [n for n, kept in self._kept.items() if now - kept.taken > KEPT_SECONDS]:
            del self._kept[number]
        self._kept[answer.number] = answer
        while len(self._kept) > MOST_KEPT or sum(kept.told.size for kept in self._kept.values()) > MOST_BYTES:
            self._kept.popitem(last=False)
            if len(self._kept) == 1:
                return


def _read(answer: _Answer, limit: int, part: int, offset: int) -> Page:
    """Rows from a place on; the place is a part and where a line of it begins."""
    rows: list[Row] = []
    pacer = Pacer()
    told = answer.told
    for index in range(part, len(told.parts)):
        chassis, lines = told.parts[index]
        for end, row in answer.inquiry.read(chassis, lines, offset if index == part else 0):
            pacer.breathe()
            if row is not None:
                rows.append(row)
                if len(rows) == limit:
                    return Page(rows, f"{answer.number}.{index}.{end}", told.unavailable)
    return Page(rows, "", told.unavailable)
