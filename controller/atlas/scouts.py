"""The scouts: all that goes out to find links and to measure them, as one part of the daemon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from controller.atlas.collector import LinksCollector
from controller.atlas.demand_rates import DemandRates
from controller.atlas.excused import Excused
from controller.atlas.figures import Figures
from controller.atlas.findings import Findings
from controller.atlas.measuring import Measuring
from controller.atlas.probing import Probing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.core import Core
    from controller.entities import Entity
    from controller.inventory import News
    from controller.settings import Topology
    from controller.southbound.ports import PortDescription
    from controller.switchboard import Switchboard


@dataclass(frozen=True, slots=True)
class Tools:
    """What scouts and those who draw maps work with.

    By ``switches`` frames are sent and counters read; ``paths`` is the number of the table that puts packets on tracks.
    ``tell`` keeps and compiles what was found, ``remember`` only keeps it; ``publish`` tells users, ``bug`` hears of
    what went wrong.
    """

    switches: Switchboard
    paths: int
    tell: Callable[[News], None]
    remember: Callable[[News], None]
    publish: Callable[[str, str, dict[str, object]], None]
    bug: Callable[[str, str, Exception], None]


class Scouts:
    """``figures`` is what they measured, ``probing`` knows what ports turned out to be, ``excused`` not to be dead."""

    def __init__(self, core: Core, settings: Topology, tools: Tools, hub: Any) -> None:
        self.figures = Figures()
        findings = Findings(tools.publish, self.figures)
        self.probing = Probing(core, settings, tools.switches.emit, tools.tell, findings, tools.bug, hub.Queue())
        self.excused = Excused(self.probing.ports)
        self.collector = LinksCollector(self.figures, findings)
        rates = DemandRates(core.compiler, tools.paths)
        self._measuring = Measuring(self.figures, rates, tools.switches.counts, settings, hub)
        self._hub = hub

    def recall(self, entities: Iterable[Entity]) -> None:
        """Take over what was known before this daemon started."""
        known = tuple(entities)
        self.figures.recall(known)
        self.probing.recall(known)

    def go(self, measured: Callable[[dict[str, float]], None]) -> None:
        """Go out; ``measured`` is told whenever there is something new, with what demands carry in Mbit/s."""
        self._hub.spawn(self.probing.run)
        self._hub.spawn(self._measuring.distances, measured)
        self._hub.spawn(self._measuring.loads, measured)

    def ports(self, chassis: str, described: tuple[PortDescription, ...]) -> None:
        """All ports of a chassis' bridge, as they are now."""
        self.figures.ports(chassis, described)
        self.excused.ports(chassis, described)
