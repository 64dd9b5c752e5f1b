"""``GET /v1/events``: server-sent events, a msgpack stream, or what is kept as one document."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import partial

import falcon

from controller.errors import NotAcceptable, Unavailable
from controller.northbound import media, queries
from controller.northbound.callers import Caller
from controller.northbound.events import EventLog
from controller.northbound.follower import Follower, packed, sse, visible
from controller.northbound.tokens import Tokens

SSE = "text/event-stream"
_HEARTBEAT = 15.0  # seconds
_MAX_FOLLOWERS = 256
_MAX_REVISION = (1 << 62) - 1


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
        if queries.flag(req, "follow"):
            self._follow(req, resp)
            return
        chosen = _form(req, (media.JSON, media.MSGPACK, SSE))
        caller: Caller = req.context.caller
        events = self.log.after(self._position(req, self.log.oldest), 0)
        found = [event.document() for event in events if visible(event, caller)]
        if chosen == SSE:
            resp.content_type = SSE
            resp.data = b"".join(map(sse, found))
        else:
            media.answer(req, resp, {"items": found})

    def _follow(self, req: falcon.Request, resp: falcon.Response) -> None:
        chosen = _form(req, (SSE, media.MSGPACK))
        position = self._position(req, self.log.last)
        if not self.places.acquire(blocking=False):
            raise Unavailable("as many as possible are following already")
        resp.content_type = chosen
        resp.cache_control = ["no-cache"]
        # The HTTP server would wait for more before it sends so little.
        req.env["eventlet.minimum_write_chunk_size"] = 1
        caller = partial(self.tokens.caller, req.auth)
        encoder = sse if chosen == SSE else packed
        resp.stream = Follower(self.log, position, caller, encoder=encoder, heartbeat=self.heartbeat, place=self.places)

    def _position(self, req: falcon.Request, default: int) -> int:
        last_id = req.get_header("Last-Event-ID")
        resumed = self.log.resumed(last_id) if last_id else None
        if resumed is not None:
            return resumed
        since = queries.whole(req, "since", 0, _MAX_REVISION)
        return default if since is None else self.log.position(since)


def _form(req: falcon.Request, offered: tuple[str, ...]) -> str:
    found = req.client_prefers(offered)
    if found is None:
        raise NotAcceptable(f"events come as {' or '.join(offered)}")
    return found
