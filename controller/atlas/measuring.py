"""Measuring: how far away switches are, and what their ports count.

Every switch is asked by itself, so that a slow one keeps nobody waiting; what it does not say in time is not known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from controller.errors import SwitchError

if TYPE_CHECKING:
    from controller.atlas.demand_rates import DemandRates
    from controller.atlas.figures import Figures
    from controller.settings import Topology
    from controller.southbound.flow_counts import FlowCounts

Measured = Callable[[dict[str, float]], None]
"""Told whenever there is something new, with what demands carry in Mbit/s, as far as known."""
MOST_A_SECOND = 250
"""Switches that are asked how far away they are."""
MOST_AT_ONCE = 64
"""Questions without an answer; users have some, too."""
PAUSE = 0.01

_log = structlog.get_logger("topology")


class Measuring:
    """``counts`` asks switches; of those that are still thinking nothing more is asked."""

    def __init__(self, figures: Figures, rates: DemandRates, counts: FlowCounts, settings: Topology, hub: Any) -> None:
        self._figures = figures
        self._rates = rates
        self._counts = counts
        self._settings = settings
        self._hub = hub
        self._asking: set[tuple[str, str]] = set()

    def distances(self, measured: Measured) -> None:
        """Ask switches that have wires how far away they are, for ever."""
        while True:
            switches = self._figures.wires.chassis()
            self._ask_all(switches, "distance", self._distance)
            if self._figures.news():
                measured(self._rates.known())
            self._hub.sleep(max(self._settings.probe_interval, len(switches) / MOST_A_SECOND))

    def loads(self, measured: Measured) -> None:
        """Read what ports and demands carry, and have all that is measured looked at, for ever."""
        while True:
            self._hub.sleep(self._settings.load_interval)
            self._ask_all(self._figures.wires.chassis(), "ports", self._load)
            self._ask_all(self._rates.sources(), "demands", self._demands)
            measured(self._rates.known())

    def _ask_all(self, switches: frozenset[str], what: str, ask: Callable[[str], None]) -> None:
        for chassis in switches:
            while len(self._asking) >= MOST_AT_ONCE:
                self._hub.sleep(PAUSE)
            if (chassis, what) not in self._asking:
                self._asking.add((chassis, what))
                self._hub.spawn(self._ask, chassis, what, ask)

    def _ask(self, chassis: str, what: str, ask: Callable[[str], None]) -> None:
        try:
            ask(chassis)
        except SwitchError as error:
            _log.debug("not_measured", chassis=chassis, what=what, why=str(error))
        finally:
            self._asking.discard((chassis, what))

    def _distance(self, chassis: str) -> None:
        self._figures.returned(chassis, self._counts.distance(chassis))

    def _load(self, chassis: str) -> None:
        self._figures.counted(chassis, self._counts.ports(chassis))

    def _demands(self, chassis: str) -> None:
        self._rates.counted(chassis, self._counts.ask(chassis, self._rates.table))
