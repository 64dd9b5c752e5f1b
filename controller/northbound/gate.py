"""What every request passes on its way in and out: who is asking, and how long it took."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import Any

import falcon
from prometheus_client import Histogram

from controller.northbound.media import Bodies
from controller.northbound.tokens import Tokens

_CLOSED = 7  # TCP_CLOSE, of include/net/tcp_states.h: reset, or closed by both
_CLIENT_CLOSED = "499 Client Closed Request"


@dataclass(frozen=True, slots=True)
class Gate:
    """Falcon middleware: everything but what is marked public needs a token."""

    tokens: Tokens
    durations: Histogram
    bodies: Bodies

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Note when it came; a question is not looked into whose answer nobody can hear any more."""
        req.context.started = time.perf_counter()
        if req.method == "GET" and _gone(req.env["wsgi.input"]):
            resp.status, resp.complete = _CLIENT_CLOSED, True

    def process_resource(
        self, req: falcon.Request, _resp: falcon.Response, resource: Any, _params: dict[str, Any]
    ) -> None:
        """Find the caller; raises Unauthenticated."""
        if resource is not None and not getattr(resource, "public", False):
            req.context.caller = self.tokens.caller(req.auth)

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        _resource: Any,
        _req_succeeded: bool,  # noqa: FBT001
    ) -> None:
        """Let go of the body and note the time it took; unknown paths and methods count together."""
        self.bodies.abandon(req, resp)
        started: float | None = getattr(req.context, "started", None)
        if started is None:
            return
        route = req.uri_template or "none"
        method = req.method if req.uri_template else "any"
        elapsed = time.perf_counter() - started
        self.durations.labels(method, route, str(resp.status_code)).observe(elapsed)


def _gone(stream: Any) -> bool:
    """Whether the connection of a request is no more; whoever has only said all that it wants still listens."""
    socket_of = getattr(stream, "get_socket", None)
    return socket_of is not None and socket_of().getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _CLOSED
