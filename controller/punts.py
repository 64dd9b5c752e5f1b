"""Punts: packets that switches hand up, kept in a short queue for each port and answered in turn, port by port.

However much one port sends, the others wait for one of its packets at most, and no switch for another's ports. What
finds its queue full is dropped and counted. What is only to be told of has a queue beside: no lease waits for a log.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from typing import TYPE_CHECKING, Any, Protocol

from controller.services.outcome import LOGGED, REASONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from controller.services.outcome import Facts, Outcome, Punt, Responder

LONGEST_QUEUE = 32
MOST_PORTS = 4096
"""Of one chassis at a time; a switch may name ports as it likes."""
BREATHE_SECONDS = 0.004
Lane = tuple[int, bool]
"""A port, and whether its packets are copies for the log."""


class Queues:
    """Bounded queues by chassis and port, taken from in turn."""

    def __init__(self) -> None:
        self._chassis: OrderedDict[str, OrderedDict[Lane, deque[Punt]]] = OrderedDict()

    def put(self, punt: Punt) -> bool:
        """Add to its port's queue; False where that, or the chassis, has enough already."""
        ports = self._chassis.setdefault(punt.chassis, OrderedDict())
        lane = punt.in_port, punt.reason == LOGGED
        queue = ports.get(lane)
        if queue is None:
            if len(ports) >= MOST_PORTS:
                return False
            queue = ports[lane] = deque()
        if len(queue) >= LONGEST_QUEUE:
            return False
        queue.append(punt)
        return True

    def take(self) -> Punt | None:
        """The next: of the chassis whose turn it is, the port whose turn it is."""
        if not self._chassis:
            return None
        chassis, ports = next(iter(self._chassis.items()))
        port, queue = next(iter(ports.items()))
        punt = queue.popleft()
        if queue:
            ports.move_to_end(port)
        else:
            del ports[port]
        if ports:
            self._chassis.move_to_end(chassis)
        else:
            del self._chassis[chassis]
        return punt


class Breath(Protocol):
    """Who lets others run (``controller.core.Breath``)."""

    def begin(self) -> None:
        """Nobody has waited yet."""

    def __call__(self) -> None:
        """Let others run if it is time."""


class Punts:
    """The one greenlet that answers; ``carry_out`` is given every outcome, ``bug`` hears of what went wrong."""

    def __init__(  # noqa: PLR0917 - the parts, put together once
        self,
        facts: Facts,
        responders: Mapping[int, Responder],
        carry_out: Callable[[Outcome, Punt], None],
        wake: Any,
        breath: Breath,
        bug: Callable[[str, str, Exception], None],
    ) -> None:
        self.received: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self._facts = facts
        self._responders = responders
        self._carry_out = carry_out
        self._wake = wake
        self._breath = breath
        self._bug = bug
        self._queues = Queues()

    def take(self, punt: Punt) -> None:
        """Have a packet answered when it is its port's turn; never waits."""
        if punt.reason not in self._responders:
            self.dropped["unknown"] += 1
            return
        reason = REASONS[punt.reason - 1]
        self.received[reason] += 1
        if not self._queues.put(punt):
            self.dropped[reason] += 1
        elif not self._wake.qsize():
            self._wake.put(None)

    def run(self, clock: Callable[[], float]) -> None:
        """Answer for ever."""
        while True:
            self._wake.get()
            self._breath.begin()
            while (punt := self._queues.take()) is not None:
                self.answer(punt, clock())
                self._breath()

    def answer(self, punt: Punt, now: float) -> None:
        """Answer one packet; what goes wrong costs it alone its answer."""
        try:
            for outcome in self._outcomes(punt, now):
                self._carry_out(outcome, punt)
        except Exception as error:  # noqa: BLE001 - a packet that we do not understand must not cost others theirs
            self._bug(f"service {REASONS[punt.reason - 1]}", f"{punt.chassis} port {punt.in_port}", error)

    def _outcomes(self, punt: Punt, now: float) -> Iterator[Outcome]:
        return self._responders[punt.reason](punt, self._facts, now)
