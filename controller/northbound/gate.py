"""What every request passes on its way in and out: who is asking, and how long it took."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import falcon
from prometheus_client import Histogram

from controller.northbound.media import Bodies
from controller.northbound.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Gate:
    """Falcon middleware: everything but what is marked public needs a token."""

    tokens: Tokens
    durations: Histogram
    bodies: Bodies

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Note when it came."""
        req.context.started = time.perf_counter()

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
