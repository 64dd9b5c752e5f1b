"""Packets on their way to one switch: who sends them never waits, and what a slow switch has no room for is dropped.

A host asks again when an answer is lost; a host that had to wait for another host's slow switch could only be told so.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOM = 256


class Outbox:
    """A bounded line before ``send``, which may wait; ``spawn`` runs a function beside the caller."""

    def __init__(self, send: Callable[[bytes], None], spawn: Callable[..., object]) -> None:
        self._send = send
        self._spawn = spawn
        self._waiting: deque[bytes] = deque()
        self._sending = False

    def offer(self, data: bytes) -> bool:
        """Have it sent; False where the line is full."""
        if len(self._waiting) >= ROOM:
            return False
        self._waiting.append(data)
        if not self._sending:
            self._sending = True
            self._spawn(self._run)
        return True

    def _run(self) -> None:
        """Send until the line is empty. What a connection that has gone takes in is lost, as on the wire."""
        try:
            while self._waiting:
                self._send(self._waiting.popleft())
        finally:
            self._sending = False
