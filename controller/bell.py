"""A bell: rung by whoever has news, as often as it likes, and heard once."""

from __future__ import annotations

from typing import Any


class Bell:
    """For one greenlet of the framework's hub that waits at it."""

    def __init__(self, hub: Any) -> None:
        self._hub = hub
        self._rung = hub.Queue()

    def ring(self) -> None:
        """There is news."""
        if not self._rung.qsize():
            self._rung.put(None)

    def ring_in(self, seconds: float) -> None:
        """There will be news."""
        self._hub.spawn_after(seconds, self.ring)

    def wait(self) -> None:
        """Return when there is news that nobody has waited for."""
        self._rung.get()
