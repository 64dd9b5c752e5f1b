"""Half-sent requests end: who does not send the whole body in time finds its connection closed for reading."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

_TICK = 0.5  # seconds; how late a deadline may be noticed
_NONE = (0.0, None)


class Deadlines:
    """One thread that watches the sockets of all bodies that are being read."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._reading: dict[int, tuple[float, Any]] = {}
        self._some = threading.Event()
        self._started = threading.Lock()
        self._running = False

    def begin(self, sock: Any) -> int:
        """Watch a socket from now on; answers what to ``end`` with."""
        with self._started:
            if not self._running:
                self._running = True
                threading.Thread(target=self._watch, name="body-deadlines", daemon=True).start()
        key = id(sock)
        self._reading[key] = (time.monotonic() + self.seconds, sock)
        self._some.set()
        return key

    def end(self, key: int) -> bool:
        """Stop watching; answers whether the time had run out."""
        return self._reading.pop(key, None) is None

    def _watch(self) -> None:
        while True:
            self._some.wait()
            self._some.clear()
            while self._reading:
                self._sweep(time.monotonic())
                time.sleep(_TICK)

    def _sweep(self, now: float) -> None:
        for key, (deadline, sock) in tuple(self._reading.items()):
            if deadline <= now and self._reading.pop(key, _NONE) is not _NONE:
                _close_for_reading(sock)


def _close_for_reading(sock: Any) -> None:
    """Let whoever reads from a socket find its end; what is sent can still be sent."""
    try:
        sock.shutdown(socket.SHUT_RD)
    except OSError:
        return  # the peer is gone already, which ends the reading as well
