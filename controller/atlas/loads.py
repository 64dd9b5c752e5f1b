"""What ports send and get, in Mbit/s, by their counters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.atlas.rates import Rates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.southbound.port_counts import PortCount
    from topology.sides import Place


class Loads:
    """By ports."""

    def __init__(self) -> None:
        self._sent: Rates[Place] = Rates()
        self._received: Rates[Place] = Rates()

    def counted(self, chassis: str, counts: Iterable[PortCount]) -> None:
        """A reading of a chassis' ports."""
        for count in counts:
            place = chassis, count.port
            self._sent.counted(place, count.age, count.sent)
            self._received.counted(place, count.age, count.received)

    def over(self, one: Place, other: Place) -> float | None:
        """What goes from a port to the other end of its wire: what it sends or, if that is not known, that one gets."""
        sent = self._sent.of(one)
        return sent if sent is not None else self._received.of(other)

    def forget(self, place: Place) -> None:
        """Nobody reads a port's counters any more."""
        self._sent.forget(place)
        self._received.forget(place)
