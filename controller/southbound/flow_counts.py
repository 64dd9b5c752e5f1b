"""What flows and ports have counted, and how far away a switch is: asked past all that waits to be changed there.

Who asks waits, no bridge and nobody else does. Messages: OFPMP_FLOW_DESC (OpenFlow 1.5.1, 7.3.5.2) with the fields of
OXS (7.2.4.2).
"""

from __future__ import annotations

import itertools
import struct
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from controller.errors import SwitchError
from controller.flow.codec import unpacked
from controller.southbound.port_counts import port_counts, ports_request
from controller.southbound.wire import VERSION, Refusal, match_struct, multipart_request
from controller.southbound.xids import Concern, concern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from controller.southbound.framework import Connection
    from controller.southbound.inbound import Received
    from controller.southbound.port_counts import PortCount

FLOW_DESC = 1
ECHO_REQUEST, ECHO_REPLY = 2, 3
MOST_FLOWS = 100_000
MOST_ASKING = 256
SECONDS = 5.0
_ANY = 0xFFFFFFFF
_OXS_CLASS = 0x8002
_AGE, _IDLE, _PACKETS, _OCTETS = 0, 1, 4, 5
_LEAST_ENTRY, _STATS_HEAD, _OXS_HEAD = 32, 4, 4
_NANOSECONDS = 1e-9


@dataclass(frozen=True, slots=True)
class FlowCount:
    """What one flow has counted; ``age`` and ``idle`` are seconds since it was made and since it last took a packet."""

    table: int
    priority: int
    match: bytes
    cookie: int
    packets: int
    octets: int
    age: float
    idle: float


@dataclass(frozen=True, slots=True)
class CountsReport:
    """A part of an answer, of counts of one sort; ``more`` while it goes on."""

    xid: int
    counts: tuple[Any, ...]
    more: bool


@dataclass(slots=True)
class _Question:
    """Somebody waits until it is ``answered``, in full or with what went wrong; from when to when, in s."""

    connection: Connection
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    counts: list[Any] = field(default_factory=list)
    wrong: str | None = None
    answered: threading.Event = field(default_factory=threading.Event)

    def end(self, wrong: str | None) -> None:
        self.wrong = wrong
        self.ended = time.monotonic()
        self.answered.set()


class FlowCounts:
    """Asks switches and gives their answers to who asked. ``connection`` gives a chassis' switch while it is there."""

    def __init__(self, connection: Callable[[str], Connection | None]) -> None:
        self._connection = connection
        self._numbers = itertools.count()
        self._asking: dict[int, _Question] = {}

    def ask(self, chassis: str, table: int, match: bytes = b"", *, seconds: float = SECONDS) -> tuple[FlowCount, ...]:
        """The counts of every flow of a table that matches all that ``match`` says.

        Raises SwitchError where the switch is away, says nothing for so many seconds, or has too much to say.
        """
        return tuple(self._ask(chassis, partial(counts_request, table=table, match=match), seconds).counts)

    def ports(self, chassis: str, *, seconds: float = SECONDS) -> tuple[PortCount, ...]:
        """The counts of every port. Raises SwitchError as ``ask`` does."""
        return tuple(self._ask(chassis, ports_request, seconds).counts)

    def distance(self, chassis: str, *, seconds: float = SECONDS) -> float:
        """The time to a switch and back, in s. Raises SwitchError as ``ask`` does."""
        question = self._ask(chassis, echo_request, seconds)
        return question.ended - question.began

    def _ask(self, chassis: str, request: Callable[[int], bytes], seconds: float) -> _Question:
        """Have a request, which gets the xid that it has to bear, answered."""
        connection = self._connection(chassis)
        if connection is None:
            raise SwitchError(f"{chassis} is not connected")
        if len(self._asking) >= MOST_ASKING:
            raise SwitchError(f"{chassis} is not asked: too many wait for answers")
        xid = Concern.COUNTS.xid(next(self._numbers))
        question = self._asking[xid] = _Question(connection)
        try:
            if not connection.offer(request(xid)):
                raise SwitchError(f"{chassis} takes in less than it is given")
            if not question.answered.wait(seconds):
                raise SwitchError(f"{chassis} did not say within {seconds:g} s what it has counted")
        finally:
            del self._asking[xid]
        if question.wrong is not None:
            raise SwitchError(f"{chassis} does not say what it has counted: {question.wrong}")
        return question

    def received(self, message: Received) -> bool:
        """Take in what a switch says; whether it was said to somebody who asked here."""
        match message:
            case CountsReport():
                self._report(message)
            case Refusal(xid=xid) if (about := concern(xid)) is not None and about[0] is Concern.COUNTS:
                if xid in self._asking:
                    self._asking[xid].end(f"OpenFlow error type {message.type}, code {message.code}")
            case _:
                return False
        return True

    def closed(self, connection: Connection) -> None:
        """A switch is gone: nobody waits for it any more."""
        for question in self._asking.values():
            if question.connection is connection:
                question.end("it left")

    def _report(self, report: CountsReport) -> None:
        question = self._asking.get(report.xid)
        if question is None or question.answered.is_set():
            return
        question.counts += report.counts
        if len(question.counts) > MOST_FLOWS:
            question.end(f"there are more than {MOST_FLOWS} counts")
        elif not report.more:
            question.end(None)


def counts_request(xid: int, table: int, match: bytes) -> bytes:
    """OFPMP_FLOW_DESC, for every cookie."""
    body = struct.pack("!B3xII20x", table, _ANY, _ANY) + match_struct(match)
    return multipart_request(FLOW_DESC, xid, body)


def counts_report(message: bytes) -> CountsReport:
    """Read an answer to ``counts_request``; raises ValueError where it is truncated."""
    xid, _, flags = unpacked("!IHH", message, 4)
    return CountsReport(xid, tuple(_counts(message)), bool(flags & 1))


def echo_request(xid: int) -> bytes:
    """OFPT_ECHO_REQUEST, which is answered at once (OpenFlow 1.5.1, 7.5.2)."""
    return struct.pack("!BBHI", VERSION, ECHO_REQUEST, 8, xid)


def echo_report(message: bytes) -> CountsReport | None:
    """Read an answer to ``echo_request``; None where it was the framework that asked."""
    (xid,) = unpacked("!I", message, 4)
    about = concern(xid)
    return CountsReport(xid, (), more=False) if about is not None and about[0] is Concern.COUNTS else None


def ports_report(message: bytes) -> CountsReport:
    """Read an answer about ports; raises ValueError where it is truncated."""
    xid, _, flags = unpacked("!IHH", message, 4)
    return CountsReport(xid, tuple(port_counts(message)), bool(flags & 1))


def _counts(message: bytes) -> Iterator[FlowCount]:
    """ofp_flow_desc: length, table, priority, timeouts, flags, importance, cookie, match, statistics, instructions."""
    at = 16
    while at < len(message):
        length, table, priority, cookie, match_length = unpacked("!H2xBxH8xQ2xH", message, at)
        stats_at = at + 24 + (match_length + 7) // 8 * 8
        if length < _LEAST_ENTRY or at + length > len(message) or stats_at + _STATS_HEAD > at + length:
            raise ValueError("truncated description of a flow")
        told = dict(_statistics(message[: at + length], stats_at))
        age, idle = (_seconds(told.get(kind, bytes(8))) for kind in (_AGE, _IDLE))
        packets, octets = (int.from_bytes(told.get(kind, b""), "big") for kind in (_PACKETS, _OCTETS))
        match = message[at + 28 : at + 24 + match_length]
        yield FlowCount(table, priority, match, cookie, packets, octets, age, idle)
        at += length


def _statistics(message: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """ofp_stats: its length, then each field with the bytes of its value."""
    (length,) = unpacked("!2xH", message, at)
    end, at = at + length, at + _STATS_HEAD
    if end > len(message):
        raise ValueError("truncated statistics of a flow")
    while at < end:
        oxs_class, tag, size = unpacked("!HBB", message, at)
        if oxs_class == _OXS_CLASS:
            yield tag >> 1, message[at + _OXS_HEAD : at + _OXS_HEAD + size]
        at += _OXS_HEAD + size


def _seconds(value: bytes) -> float:
    seconds, nanoseconds = unpacked("!II", value)
    return float(seconds + nanoseconds * _NANOSECONDS)
