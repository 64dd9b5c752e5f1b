"""Long work on one thread of many green ones: it steps aside every few milliseconds, so that nobody waits for it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

_CALLS_BETWEEN_LOOKS = 16
_SLICE = 0.003  # seconds


@dataclass(slots=True)
class Pacer:
    """Called once per piece of work, yields to other threads when its slice is used up."""

    calls: int = 0
    since: float = field(default_factory=time.monotonic)

    def breathe(self, pieces: int = 1) -> None:
        """Let others run if it is time; ``pieces`` of work follow, a divisor or a multiple of 16."""
        self.calls += pieces
        if self.calls % _CALLS_BETWEEN_LOOKS:
            return
        if time.monotonic() - self.since > _SLICE:
            time.sleep(0)
            self.since = time.monotonic()
