"""A bell: rung by whoever has news, as often as it likes, and heard once."""

from __future__ import annotations

from math import inf
from typing import Any


class Bell:
    """For one greenlet of the framework's hub that waits at it."""

    def __init__(self, hub: Any) -> None:
        self._hub = hub
        self._rung = hub.Queue()
        self._next = -inf

    def ring(self) -> None:
        """There is news."""
        if not self._rung.qsize():
            self._rung.put(None)

    def ring_in(self, seconds: float) -> None:
        """There will be news."""
        self._hub.spawn_after(seconds, self.ring)

    def ring_by(self, when: float, now: float) -> None:
        """There will be news then, at the latest; who asks again each time that it rings keeps one timer, not many."""
        if not now < self._next <= when:
            self._next = when
            self.ring_in(max(0.0, when - now))

    def wait(self) -> None:
        """Return when there is news that nobody has waited for."""
        self._rung.get()
