"""Requests that are not even HTTP: answered as every error is, and worth one line of the log."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import structlog
from eventlet.wsgi import HttpProtocol

from controller.northbound import problems

_log = structlog.get_logger("northbound")


class ServerLog:
    """What the HTTP server has to say, one event each; it wants an object with these names."""

    def info(self, words: object, *_: object) -> None:
        """Something ended otherwise than it should; the last line of a traceback says why."""
        _log.info("http", message=str(words).rstrip().rpartition("\n")[2])

    error = info

    def debug(self, words: object, *_: object) -> None:
        """A connection came, broke or timed out."""
        _log.debug("http", message=str(words))


def _send_error(server: Any, code: int, message: str | None = None, _explain: str | None = None) -> None:
    """Answer what could not be read, and hang up: where the next request would begin is not known."""
    title = HTTPStatus(code).phrase
    body = json.dumps(problems.document(int(code), title, message or title)).encode()
    _log.info("not_http", peer=str(server.client_address[0]), status=int(code), reason=message or title)
    server.request_version = server.protocol_version  # else nothing but the body is sent to who named none
    server.send_response_only(code)
    server.send_header("Content-Type", problems.MEDIA_TYPE)
    server.send_header("Content-Length", str(len(body)))
    server.send_header("Connection", "close")
    server.end_headers()
    server.wfile.write(body)
    server.close_connection = True


def _silent(_server: Any, *_: object) -> None:
    """The standard library's own words, which are said above already."""


PROTOCOL = type("Protocol", (HttpProtocol,), {"send_error": _send_error, "log_message": _silent})
"""eventlet's, but for what it says of requests that it cannot read."""
