"""What ports send and get, in Mbit/s, by two readings of their counters each, smoothed over about two readings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.southbound.port_counts import PortCount

SHARE = 0.5
"""Of what is new in the smoothed value."""
_BITS, _MEGA = 8, 1e-6

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Rate:
    """Of one port, in Mbit/s."""

    sent: float
    received: float


class Loads:
    """By ports. A counter that runs backwards began anew: that reading only begins the next."""

    def __init__(self) -> None:
        self._last: dict[Place, PortCount] = {}
        self._rates: dict[Place, Rate] = {}

    def counted(self, chassis: str, counts: Iterable[PortCount]) -> None:
        """A reading of a chassis' ports."""
        for count in counts:
            place = chassis, count.port
            before, self._last[place] = self._last.get(place), count
            if before is None:
                continue
            seconds = count.age - before.age
            sent, received = count.sent - before.sent, count.received - before.received
            if seconds > 0 and sent >= 0 and received >= 0:
                self._add(place, Rate(_mbits(sent, seconds), _mbits(received, seconds)))
            else:
                self._rates.pop(place, None)

    def of(self, place: Place) -> Rate | None:
        """What a port sends and gets; None before its second reading."""
        return self._rates.get(place)

    def forget(self, place: Place) -> None:
        """Nobody reads its counters any more."""
        self._last.pop(place, None)
        self._rates.pop(place, None)

    def _add(self, place: Place, new: Rate) -> None:
        old = self._rates.get(place, new)
        sent, received = old.sent + SHARE * (new.sent - old.sent), old.received + SHARE * (new.received - old.received)
        self._rates[place] = Rate(sent, received)


def _mbits(octets: int, seconds: float) -> float:
    return octets * _BITS / seconds * _MEGA
