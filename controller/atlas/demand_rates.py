"""What demands carry: read from the flows at their sources that put their packets on their tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.atlas.rates import Rates
from controller.links import Placed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.compiler.compiler import Compiler
    from controller.southbound.flow_counts import FlowCount


class DemandRates:
    """``table`` is the number of the table where packets are put on tracks."""

    def __init__(self, compiler: Compiler, table: int) -> None:
        self.table = table
        self._compiler = compiler
        self._rates: Rates[str] = Rates()

    def sources(self) -> frozenset[str]:
        """The chassis where demands begin that have a track."""
        found = {placed.key: placed.source for placed in self._compiler.store.all(Placed) if placed.track}
        self._rates.keep(found)
        return frozenset(found.values())

    def counted(self, chassis: str, counts: Iterable[FlowCount]) -> None:
        """What the flows of that table have counted on one chassis."""
        for count in counts:
            demand = self._demand(chassis, count)
            if demand is not None:
                self._rates.counted(demand, count.age, count.octets)

    def known(self) -> dict[str, float]:
        """By the keys of demands, in Mbit/s."""
        return self._rates.known()

    def _demand(self, chassis: str, count: FlowCount) -> str | None:
        """Which demand a flow is for."""
        flow = self._compiler.catalogue.at(chassis, (count.table, count.priority, count.match))
        if flow is None:
            return None
        owners = [self._compiler.engine.owner(node) for node in self._compiler.catalogue.owners(flow)]
        return next((key for _, kind, key in owners if kind is Placed), None)
