"""Drift: what somebody else did to our flows, when it was seen and when it was undone. The newest thousand are kept."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from controller.status.conditions import timestamp

KEPT = 1000
_WORDS = {0: "found", 1: "added", 2: "removed", 3: "changed"}


@dataclass(slots=True)
class Drift:
    """One flow that somebody else touched; ``mended`` is when it stood right again, seconds since 1970."""

    chassis: str
    what: str
    flow: str
    owner: str
    seen: float
    mended: float | None = None

    def row(self) -> dict[str, object]:
        """As it is listed."""
        found = {"chassis": self.chassis, "what": self.what, "flow": self.flow, "owner": self.owner}
        return found | {"seen": timestamp(self.seen), "mended": self.mended and timestamp(self.mended)}


class Drifts:
    """A bounded list, and how many there have been."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: deque[Drift] = deque(maxlen=KEPT)

    def add(self, chassis: str, kind: int, flow: str, owner: str) -> Drift:
        """Keep one; ``kind`` as the flow monitor's event."""
        drift = Drift(chassis, _WORDS[kind], flow, owner, time.time())
        self._kept.append(drift)
        self.count += 1
        return drift

    def mended(self, chassis: str) -> None:
        """What drifted on this chassis stands right again."""
        now = time.time()
        for drift in self._kept:
            if drift.chassis == chassis and drift.mended is None:
                drift.mended = now

    def rows(self) -> list[dict[str, object]]:
        """Oldest first."""
        return [drift.row() for drift in self._kept]
