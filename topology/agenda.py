"""When which port is probed: quickly until somebody answers or nobody seems to be there, then at an even pace."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from topology.sides import Place, Side

QUICK = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds after which a port is probed again that nobody has answered yet: the other end may not be ready."""
UNSENT = 0.02
"""Seconds after which a probe is tried again that its switch was not there for."""
SELDOM = 10
"""So many times slower are ports where nobody ever answered: who comes there later probes by itself."""
MOST_A_SECOND = 500
"""Probes of wires; where there are more ends of wires each has to wait longer."""
AT_ONCE, THEN_A_SECOND = 256, 64
"""Probes of one bridge's ports where no wire is known: a bridge of very many costs no other bridge its probes."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between probes of a port, and how many may fail to arrive before its wire is down."""

    interval: float = 1.0
    misses: int = 3


class Agenda:
    """Ports in the order in which they are due. An entry that its port has since changed counts no more."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._entries: list[tuple[float, Place]] = []
        self._turns: dict[str, float] = {}

    def set(self, side: Side, at: float) -> None:
        """The port is due then."""
        side.due = at
        heapq.heappush(self._entries, (at, side.place))

    def waits(self, side: Side, now: float) -> bool:
        """Whether a port at which no wire is known has to wait for its bridge's other ports; it is due later then."""
        if side.waited:
            return False
        bridge = side.place[0]
        turn = max(self._turns.get(bridge, 0.0), now - AT_ONCE / THEN_A_SECOND) + 1 / THEN_A_SECOND
        self._turns[bridge] = turn
        if turn <= now:
            return False
        side.waited = True
        self.set(side, turn)
        return True

    def sent(self, side: Side, now: float, wired: int | None) -> None:
        """A probe goes out now; ``wired`` ports end wires, and this one does, or not where it is None."""
        if side.reaches is None and side.tries < len(QUICK):
            pause = QUICK[side.tries]
        elif wired is None:
            pause = self._pace.interval * min(side.tries, SELDOM)
        else:
            pause = max(self._pace.interval, wired / MOST_A_SECOND)
        side.tries += 1
        side.unheard += 1
        side.sent = now
        side.waited = False
        self.set(side, now + pause)

    def forget(self, bridge: str) -> None:
        """A bridge has no ports any more."""
        self._turns.pop(bridge, None)

    def take(self, sides: dict[Place, Side], now: float) -> Iterator[Side]:
        """The ports that are due."""
        while self._entries and self._entries[0][0] <= now:
            at, place = heapq.heappop(self._entries)
            side = sides.get(place)
            if side is not None and side.due == at:
                yield side

    def next(self) -> float | None:
        """When to look again; None while nothing is to be probed."""
        return self._entries[0][0] if self._entries else None
