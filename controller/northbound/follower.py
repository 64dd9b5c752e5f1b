"""One follower of events: an iterator that the HTTP server reads and closes.

A follower that is too slow for the ring is told so and dropped; one whose token ends is dropped as well.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import msgpack

from controller.errors import Gone, Unauthenticated
from controller.northbound.callers import Caller
from controller.northbound.events import Event, EventLog

Encoder: TypeAlias = Callable[[dict[str, Any]], bytes]


class Place(Protocol):
    """One of the bounded number of places for followers, taken already."""

    def release(self) -> None:
        """Give it back."""


class Follower:
    """What one caller may see of the events after ``position``; a sign of life every ``heartbeat`` seconds."""

    def __init__(
        self,
        log: EventLog,
        position: int,
        caller: Callable[[], Caller],
        *,
        encoder: Encoder,
        heartbeat: float,
        place: Place,
    ) -> None:
        self._log = log
        self._position = position
        self._caller = caller
        self._encoder = encoder
        self._heartbeat = heartbeat
        self._place: Place | None = place
        self._ready: deque[bytes] = deque([encoder({})])  # so that the caller hears at once that it follows
        self._dropped = False

    def __iter__(self) -> Follower:
        return self

    def __next__(self) -> bytes:
        if not self._ready:
            if self._dropped:
                raise StopIteration
            self._fill()
        return self._ready.popleft()

    def close(self) -> None:
        """Give the place back; the server calls this however the connection ends."""
        if self._place is not None:
            self._place.release()
            self._place = None

    def _fill(self) -> None:
        """Wait for news and encode what the caller may see of them, else a sign of life."""
        try:
            caller = self._caller()
            events = self._log.after(self._position, self._heartbeat)
        except (Gone, Unauthenticated) as error:
            self._ready.append(self._encoder({"type": "dropped", "detail": {"reason": error.detail}}))
            self._dropped = True
            return
        for event in events:
            self._position = event.sequence
            if visible(event, caller):
                self._ready.append(self._encoder(event.document()))
        if not self._ready:
            self._ready.append(self._encoder({}))


def visible(event: Event, caller: Caller) -> bool:
    """Whether an event is the caller's to see."""
    return caller.reads_all if event.project == "" else caller.reads(event.project)


def sse(event: dict[str, Any]) -> bytes:
    """One server-sent event; a comment, which keeps the connection open, for none."""
    if not event:
        return b":\n\n"
    lines = [f"event: {event['type']}", f"data: {json.dumps(event)}", "", ""]
    if "id" in event:
        lines.insert(0, f"id: {event['id']}")
    return "\n".join(lines).encode()


def packed(event: dict[str, Any]) -> bytes:
    """One event of a msgpack stream."""
    found: bytes = msgpack.packb(event or {"type": "heartbeat"})
    return found
