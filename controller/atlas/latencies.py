"""How long links take: the time of a probe from the daemon back to it, less the ways between it and both switches.

A probe waits wherever anything waits, and is never early: of the last few the quickest counts, and that is smoothed.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topology.sides import Place

LAST = 3
"""So many measurements are looked at, for the quickest of them."""
SHARE = 0.5
"""Of what is new in the smoothed value."""


class Quickest:
    """Measurements of one way, smoothed; ``value`` in s, None before the first."""

    def __init__(self) -> None:
        self.value: float | None = None
        self._last: deque[float] = deque(maxlen=LAST)

    def add(self, seconds: float) -> None:
        """One measurement more."""
        self._last.append(seconds)
        quickest = min(self._last)
        self.value = quickest if self.value is None else self.value + SHARE * (quickest - self.value)


_UNKNOWN = Quickest()


class Latencies:
    """Ways to switches and back, and ways from port to port."""

    def __init__(self) -> None:
        self._switches: dict[str, Quickest] = {}
        self._ways: dict[tuple[Place, Place], Quickest] = {}

    def returned(self, chassis: str, seconds: float) -> None:
        """A packet went to a switch and came back at once."""
        self._switches.setdefault(chassis, Quickest()).add(seconds)

    def left(self, chassis: str) -> None:
        """A switch is no more."""
        self._switches.pop(chassis, None)

    def passed(self, source: Place, target: Place, seconds: float) -> bool:
        """A probe went to one switch, from port to port, and came back from the other; whether it was the first."""
        to, back = (self._switches.get(chassis, _UNKNOWN).value for chassis, _ in (source, target))
        if to is None or back is None:
            return False
        first = (source, target) not in self._ways
        self._ways.setdefault((source, target), Quickest()).add(max(0.0, seconds - (to + back) / 2))
        return first

    def between(self, one: Place, other: Place) -> float | None:
        """How long it takes from one port to another, the mean of both directions, in s; None while nobody knows."""
        found = [self._ways[way].value for way in ((one, other), (other, one)) if way in self._ways]
        known = [value for value in found if value is not None]
        return sum(known) / len(known) if known else None

    def forget(self, one: Place, other: Place) -> None:
        """What was between them may be something else when it is found again."""
        self._ways.pop((one, other), None)
        self._ways.pop((other, one), None)
