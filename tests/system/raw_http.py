"""HTTP by hand: bytes that no client library would send, and answers as they come."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from mininet_scenarios.daemon import Daemon


def address(daemon: Daemon) -> tuple[str, int]:
    """Where the daemon answers HTTP."""
    parts = urlsplit(daemon.url)
    return str(parts.hostname), int(parts.port or 0)


def request(daemon: Daemon, line: str, body: bytes = b"", **headers: str) -> bytes:
    """A request of the administrator; keywords are headers, by default those that the body needs."""
    sent = {"Host": "x", "Authorization": f"Bearer {daemon.token}", "Content_Length": str(len(body)), **headers}
    lines = [f"{line} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in sent.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def told(daemon: Daemon, *pieces: bytes, seconds: float = 20) -> bytes:
    """What the daemon answers to these bytes until it hangs up, or nothing more comes for a second."""
    with socket.create_connection(address(daemon), seconds) as peer:
        found = b""
        try:
            for piece in pieces:
                peer.sendall(piece)
            while chunk := peer.recv(65536):
                found += chunk
                peer.settimeout(1)
        except (TimeoutError, ConnectionError):
            return found
        return found


def status(answer: bytes) -> int:
    """The first answer's status; 0 where none came."""
    words = answer.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
