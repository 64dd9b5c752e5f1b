"""What happened, kept for a while: changes of intent, binding, topology, drift, security and health, with who and when.

The log is a ring. A follower has nothing but a position in it, so that a slow one costs nothing and finds, when it has
fallen out of the ring, that it must list again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from controller.errors import Gone
from controller.intent.kinds import KINDS
from controller.intent.pacer import Pacer
from controller.intent.resource import Key, title
from ovsdb.rows import Commit, ResourceChange

CAPACITY = 20_000


@dataclass(frozen=True, slots=True)
class Event:
    """One event. ``subject`` reads ``Port acme/web-1``; ``project`` is whose it is, "" for the operators' own."""

    sequence: int
    revision: int
    at: str
    type: str
    subject: str
    project: str
    author: str
    detail: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """As it is sent."""
        return {
            "id": f"{self.revision}/{self.sequence}",
            "revision": self.revision,
            "at": self.at,
            "type": self.type,
            "subject": self.subject,
            "author": self.author,
            "detail": self.detail,
        }


class EventLog:
    """Published to by any thread, followed by any number."""

    def __init__(
        self, capacity: int = CAPACITY, now: Callable[[], datetime] = lambda: datetime.now(UTC), floor: int = 0
    ) -> None:
        """Events up to revision ``floor`` are taken as missed."""
        self._ring: deque[Event] = deque(maxlen=capacity)
        self._now = now
        self._floor = floor
        self._last = 0
        self._news = threading.Condition()

    def begin(self, revision: int) -> None:
        """Say from which revision on events are kept; what was before cannot be asked for."""
        with self._news:
            self._floor = max(self._floor, revision)

    def publish(self, type: str, subject: str, detail: Mapping[str, Any], revision: int, author: str) -> None:  # noqa: A002
        """Add an event and wake those who follow. ``detail`` holds plain JSON values."""
        at = self._now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        with self._news:
            if len(self._ring) == self._ring.maxlen:
                self._floor = max(self._floor, self._ring[0].revision)
            self._last += 1
            event = Event(self._last, revision, at, type, subject, _project(subject), author, detail)
            self._ring.append(event)
            self._news.notify_all()

    def publish_commit(self, commit: Commit) -> None:
        """Tell of every resource that a commit changed; the initial one only says where events begin."""
        if commit.initial:
            self.begin(commit.revision)
            return
        pacer = Pacer()
        for change in commit.changes:
            pacer.breathe()
            row = change.new or change.old
            if row is not None:
                detail = {"action": _action(change), "uid": row.uid}
                self.publish("intent", title(_key(change)), detail, commit.revision, commit.author)

    @property
    def last(self) -> int:
        """The newest event's sequence number."""
        return self._last

    @property
    def oldest(self) -> int:
        """The position before the oldest event that is kept."""
        return self._last - len(self._ring)

    def position(self, since: int) -> int:
        """The sequence number after which events newer than revision ``since`` stand; raises Gone."""
        with self._news:
            if since < self._floor:
                raise Gone(f"events up to revision {self._floor} are no longer kept; list again and follow from there")
            for event in reversed(self._ring):
                if event.revision <= since:
                    return event.sequence
            return self._ring[0].sequence - 1 if self._ring else self._last

    def resumed(self, event_id: str) -> int | None:
        """The position that a ``Last-Event-ID`` means, None if this log never gave it or no longer has it."""
        sequence = event_id.partition("/")[2]
        if not (sequence.isascii() and sequence.isdigit() and len(sequence) < 19):  # noqa: PLR2004 - 64 bits
            return None
        with self._news:
            back = self._last - int(sequence)
            if not 0 <= back < len(self._ring):
                return None
            event = self._ring[len(self._ring) - 1 - back]
        return event.sequence if f"{event.revision}/{event.sequence}" == event_id else None

    def after(self, position: int, timeout: float) -> tuple[Event, ...]:
        """Events after a position, none if none happens in ``timeout`` seconds; raises Gone for who came too late."""
        with self._news:
            if self._last <= position and timeout:
                self._news.wait(timeout)
            missing = self._last - position
            if missing > len(self._ring):
                raise Gone(f"{missing - len(self._ring)} events were missed; list again and follow from there")
            return tuple(islice(reversed(self._ring), missing))[::-1]


def _project(subject: str) -> str:
    kind, _, key = subject.partition(" ")
    if kind not in KINDS:
        return ""
    return key.partition("/")[0] if KINDS[kind].scoped or kind == "Project" else ""


def _key(change: ResourceChange) -> Key:
    row = change.new or change.old
    return row.key if row else ("", "", "")


def _action(change: ResourceChange) -> str:
    if change.old is None:
        return "created"
    return "updated" if change.new else "deleted"
