"""Every error as ``application/problem+json`` (RFC 9457), whoever raised it.

A user's error says which fields are wrong; ours says an id, under which the log has the rest.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import falcon
import structlog

from controller.errors import FieldError, InvariantBroken, UserError

MEDIA_TYPE = "application/problem+json"
_log = structlog.get_logger("northbound")


def document(status: int, title: str, detail: str, errors: tuple[FieldError, ...] = ()) -> dict[str, Any]:
    """One problem."""
    return {
        "type": f"/v1/docs#{slug(title)}",
        "title": title,
        "status": status,
        "detail": detail,
        "errors": [{"pointer": error.pointer, "message": error.message} for error in errors],
    }


def slug(title: str) -> str:
    """A problem's anchor in the manual."""
    return title.lower().replace(" ", "-")


def user_error(_req: falcon.Request, resp: falcon.Response, error: UserError, _params: dict[str, Any]) -> None:
    """What the caller asked for cannot be."""
    more = {"broken": list(error.packets)} if isinstance(error, InvariantBroken) else {}
    _write(resp, {**document(error.status, error.title, error.detail, error.errors), **more})
    if error.status == 401:  # noqa: PLR2004 - RFC 9110, section 15.5.2 asks for the challenge
        resp.set_header("WWW-Authenticate", "Bearer")
    if error.status == 503:  # noqa: PLR2004 - tells well-behaved callers when to come again
        resp.set_header("Retry-After", "1")


def http_error(_req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, _params: dict[str, Any]) -> None:
    """What the framework itself refuses: unknown paths, methods, broken headers."""
    for name, value in dict(error.headers or {}).items():
        resp.set_header(name, value)
    title = error.title.partition(" ")[2] if error.title[:3].isdigit() else error.title
    _write(resp, document(error.status_code, title, error.description or _DETAILS.get(error.status_code, title)))


def bug(req: falcon.Request, resp: falcon.Response, error: Exception, _params: dict[str, Any]) -> None:
    """What nobody foresaw; the caller gets an id to report."""
    found = str(uuid.uuid4())
    _log.error("request failed", id=found, method=req.method, path=req.path, exc_info=error)
    detail = f"an error of netloom's own; the daemon's log has more under id {found}"
    _write(resp, {**document(500, "Internal error", detail), "id": found})


_DETAILS = {404: "there is nothing at this path", 405: "this path does not have that method"}


def _write(resp: falcon.Response, problem: dict[str, Any]) -> None:
    resp.status = int(problem["status"])
    resp.stream = None
    resp.content_type = MEDIA_TYPE
    resp.data = json.dumps(problem).encode()
