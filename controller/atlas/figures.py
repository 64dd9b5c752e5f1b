"""Figures: what is measured of links: how long packets take, what is sent, and what could be.

A link of several wires takes as long as its slowest, and carries what they carry together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.atlas.bundles import Bundles
from controller.atlas.latencies import Latencies
from controller.atlas.loads import Loads
from controller.links import LinkFigures, Wire
from topology.sides import Seen
from topology.wires import ends

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.entities import Entity
    from controller.southbound.port_counts import PortCount
    from controller.southbound.ports import PortDescription
    from topology.sides import Lost, Place, Timed

_MILLI = 1e3
_DIGITS = 3


class Figures:
    """By the names of links; latencies in ms, rates in Mbit/s. ``wires`` are those that are measured."""

    def __init__(self) -> None:
        self._latencies = Latencies()
        self._loads = Loads()
        self._speeds: dict[str, dict[int, float]] = {}
        self.wires = Bundles()
        self._news = False

    def news(self) -> bool:
        """Whether something that nobody knew was measured since this was asked last."""
        news, self._news = self._news, False
        return news

    def recall(self, entities: Iterable[Entity]) -> None:
        """Wires that were known before this daemon started."""
        for entity in entities:
            if isinstance(entity, Wire):
                self.wires.put(entity)

    def seen(self, found: Seen | Lost) -> None:
        """A wire came, went, or went up or down."""
        if isinstance(found, Seen):
            self.wires.put(found.wire)
            return
        self.wires.drop(found.wire)
        self._latencies.forget(*ends(found.wire))
        for place in ends(found.wire):
            self._loads.forget(place)

    def timed(self, timed: Timed) -> None:
        """A probe took so long."""
        self._news |= self._latencies.passed(timed.source, timed.target, timed.seconds)

    def returned(self, chassis: str, seconds: float) -> None:
        """A packet that a switch was to give back at once took so long."""
        self._latencies.returned(chassis, seconds)

    def counted(self, chassis: str, counts: Iterable[PortCount]) -> None:
        """What the ports of a chassis have counted."""
        wired = self.wires.ports(chassis)
        self._loads.counted(chassis, [count for count in counts if count.port in wired])

    def ports(self, chassis: str, described: Iterable[PortDescription]) -> None:
        """All ports of a chassis' bridge; it is no more where it has none."""
        there = tuple(described)
        self._speeds[chassis] = {port.number: port.speed for port in there if port.speed is not None}
        if not there:
            del self._speeds[chassis]
            self._latencies.left(chassis)

    def of(self, link: str) -> LinkFigures | None:
        """Of one link; None where it is not known, or down."""
        pairs = [ends(wire) for wire in self.wires.up(link)]
        if not pairs:
            return None
        latencies = [took for pair in pairs if (took := self._latencies.between(*pair)) is not None]
        speeds = [speed for pair in pairs if (speed := _slower(self._speeds, pair)) is not None]
        return LinkFigures(
            round(max(latencies) * _MILLI, _DIGITS) if latencies else None,
            self._load(pairs),
            sum(speeds) if len(speeds) == len(pairs) else None,
        )

    def _load(self, pairs: list[tuple[Place, Place]]) -> tuple[float, float] | None:
        """What each end sends over all wires; None where that is not known of one of them."""
        there = [self._loads.over(one, other) for one, other in pairs]
        back = [self._loads.over(other, one) for one, other in pairs]
        known = [rate for rate in (*there, *back) if rate is not None]
        if len(known) < 2 * len(pairs):
            return None
        return sum(known[: len(pairs)]), sum(known[len(pairs) :])


def _slower(speeds: dict[str, dict[int, float]], places: Iterable[Place]) -> float | None:
    """What the slower end of a wire can send; None where neither tells."""
    known = [speed for chassis, port in places if (speed := speeds.get(chassis, {}).get(port)) is not None]
    return min(known, default=None)
