"""Findings: what the search for wires found, told as events; attempts to deceive it are counted, and told at times."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import structlog

from controller.links import link_name
from topology.hearing import named
from topology.sides import Lost

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.atlas.figures import Figures
    from topology.sides import Attack, Attempt, Place, Seen, Timed

QUIET_SECONDS = 10.0
"""An attempt of one sort at one port is told once in so many seconds."""
MOST_TOLD = 4096
"""Of ports and sorts, whose last time is remembered."""

_log = structlog.get_logger("topology")


class Findings:
    """``publish`` gets events; ``attempts`` counts by sort."""

    def __init__(
        self,
        publish: Callable[[str, str, dict[str, object]], None],
        figures: Figures,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.attempts: Counter[Attempt] = Counter()
        self._publish = publish
        self._figures = figures
        self._clock = clock
        self._told: dict[tuple[Place, Attempt], float] = {}
        self._kept_back: Counter[tuple[Place, Attempt]] = Counter()

    def seen(self, found: Seen | Lost) -> None:
        """A wire came, went, or went up or down."""
        wire = found.wire
        state = "gone" if isinstance(found, Lost) else "up" if wire.up else "down"
        self._figures.seen(found)
        _log.info("wire", wire=wire.key, state=state, cause=found.cause)
        detail: dict[str, object] = {"wire": wire.key, "state": state, "cause": found.cause}
        self._publish("topology", f"Link {link_name(*wire.ends)}", detail | {"interfaces": list(wire.names)})

    def timed(self, timed: Timed) -> None:
        """A probe took so long to get from one port to another."""
        self._figures.timed(timed)

    def attempted(self, attack: Attack) -> None:
        """Somebody tried to make a link: counted, and told where and why unless that was just done."""
        self.attempts[attack.attempt] += 1
        sort, now = (attack.place, attack.attempt), self._clock()
        if now - self._told.get(sort, -QUIET_SECONDS) < QUIET_SECONDS:
            self._kept_back[sort] += 1
            return
        if len(self._told) >= MOST_TOLD:
            oldest = next(iter(self._told))
            del self._told[oldest]
            self._kept_back.pop(oldest, None)
        self._told.pop(sort, None)
        self._told[sort] = now
        self._tell(attack, self._kept_back.pop(sort, 0))

    def _tell(self, attack: Attack, kept_back: int) -> None:
        chassis, port = attack.place
        claims = named(attack.claims) if attack.claims is not None else None
        detail: dict[str, object] = {"attempt": attack.attempt, "port": port, "claims": claims, "why": attack.why}
        _log.warning("link_attempt", chassis=chassis, **detail)
        self._publish("security", f"Chassis {chassis}", detail | {"not_told": kept_back})
