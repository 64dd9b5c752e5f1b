"""One kept-alive connection to the daemon, as an orchestrator holds it; requests can be left open while others run."""

from __future__ import annotations

import json
import socket
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from mininet_scenarios.daemon import Daemon

SECONDS = 120


class Client:
    """JSON over HTTP/1.1; raises ``RuntimeError`` with the daemon's words for whatever is not a success."""

    def __init__(self, daemon: Daemon) -> None:
        address = urlsplit(daemon.url)
        self._connection = HTTPConnection(address.hostname or "", address.port, timeout=SECONDS)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._headers = {"Authorization": f"Bearer {daemon.token}", "Content-Type": "application/json"}

    @property
    def socket(self) -> socket.socket:
        """Readable when the answer to what was sent comes in."""
        return self._connection.sock

    def send(self, method: str, path: str, body: object = None) -> None:
        """Send a request to ``/v1`` + ``path`` and return at once."""
        content = None if body is None else json.dumps(body).encode()
        self._connection.request(method, f"/v1{path}", content, self._headers)

    def answer(self) -> Any:
        """The answer to what was sent last."""
        response = self._connection.getresponse()
        content = response.read()
        if response.status >= 400:
            raise RuntimeError(f"{response.status}: {content.decode(errors='replace')[:1000]}")
        return json.loads(content) if content else None

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Send a request and wait for its answer."""
        self.send(method, path, body)
        return self.answer()

    def seconds(self, method: str, path: str, body: object = None) -> float:
        """How long a request takes, from its first byte to the last of its answer."""
        started = time.monotonic()
        self.call(method, path, body)
        return time.monotonic() - started
