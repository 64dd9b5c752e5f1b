"""``GET /v1/events``: server-sent events, a msgpack stream, or what is kept as one document.

A follower that is too slow for the ring is told so and dropped; one whose token ends is dropped as well.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import falcon
import msgpack

from controller.errors import Gone, NotAcceptable, Unauthenticated, Unavailable
from controller.northbound import media, queries
from controller.northbound.callers import Caller
from controller.northbound.events import Event, EventLog
from controller.northbound.tokens import Tokens

SSE = "text/event-stream"
_HEARTBEAT = 15.0  # seconds
_MAX_FOLLOWERS = 256
_MAX_REVISION = (1 << 62) - 1

Encoder: TypeAlias = Callable[[dict[str, Any]], bytes]


@dataclass(frozen=True, slots=True)
class EventResource:
    """The one resource of events; ``places`` bounds how many may follow at once."""

    log: EventLog
    tokens: Tokens
    heartbeat: float = _HEARTBEAT
    places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(_MAX_FOLLOWERS))

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Events after ``since``, and with ``follow`` those that come."""
        queries.only(req, ("since", "follow"))
        follow = queries.flag(req, "follow")
        position = self._position(req, follow)
        chosen = _form(req, follow)
        if not follow and chosen != SSE:
            caller: Caller = req.context.caller
            items = [event.document() for event in self.log.after(position, 0) if _visible(event, caller)]
            media.answer(req, resp, {"items": items})
            return
        resp.content_type = chosen
        resp.cache_control = ["no-cache"]
        req.env["eventlet.minimum_write_chunk_size"] = 1
        resp.stream = self._stream(req.auth, position, _sse if chosen == SSE else _packed, follow)

    def _position(self, req: falcon.Request, follow: bool) -> int:  # noqa: FBT001 - a query parameter
        last_id = req.get_header("Last-Event-ID")
        resumed = self.log.resumed(last_id) if last_id else None
        if resumed is not None:
            return resumed
        since = queries.whole(req, "since", 0, _MAX_REVISION)
        if since is not None:
            return self.log.position(since)
        return self.log.last if follow else self.log.oldest

    def _stream(self, auth: str | None, position: int, encoder: Encoder, follow: bool) -> Iterator[bytes]:  # noqa: FBT001
        if not self.places.acquire(blocking=False):
            raise Unavailable(f"{_MAX_FOLLOWERS} are following already")
        try:
            yield from self._told(auth, position, encoder, follow)
        finally:
            self.places.release()

    def _told(self, auth: str | None, position: int, encoder: Encoder, follow: bool) -> Iterator[bytes]:  # noqa: FBT001
        while True:
            try:
                caller = self.tokens.caller(auth)
                events = self.log.after(position, self.heartbeat if follow else 0)
            except (Gone, Unauthenticated) as error:
                yield encoder({"type": "dropped", "detail": {"reason": error.detail}})
                return
            for event in events:
                position = event.sequence
                if _visible(event, caller):
                    yield encoder(event.document())
            if not follow:
                return
            if not events:
                yield encoder({})


def _form(req: falcon.Request, follow: bool) -> str:  # noqa: FBT001 - a query parameter
    offered = (SSE, media.MSGPACK) if follow else (media.JSON, media.MSGPACK, SSE)
    found = req.client_prefers(offered)
    if found is None:
        raise NotAcceptable(f"events come as {' or '.join(offered)}")
    return found


def _visible(event: Event, caller: Caller) -> bool:
    return caller.reads_all if event.project == "" else caller.reads(event.project)


def _sse(event: dict[str, Any]) -> bytes:
    """One server-sent event; a comment, which keeps the connection open, for none."""
    if not event:
        return b":\n\n"
    lines = [f"event: {event['type']}", f"data: {json.dumps(event)}", "", ""]
    if "id" in event:
        lines.insert(0, f"id: {event['id']}")
    return "\n".join(lines).encode()


def _packed(event: dict[str, Any]) -> bytes:
    packed: bytes = msgpack.packb(event or {"type": "heartbeat"})
    return packed
