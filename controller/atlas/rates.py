"""Rates, in Mbit/s, by two readings of a counter of octets each, smoothed over about two readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Container

Key = TypeVar("Key")
SHARE = 0.5
"""Of what is new in the smoothed value."""
_BITS, _MEGA = 8, 1e-6


class Rates(Generic[Key]):
    """By whatever counts. A counter that runs backwards began anew: that reading only begins the next."""

    def __init__(self) -> None:
        self._last: dict[Key, tuple[float, int]] = {}
        self._rates: dict[Key, float] = {}

    def counted(self, key: Key, age: float, octets: int) -> None:
        """A reading: so many octets in all, ``age`` seconds after the counter began."""
        before, self._last[key] = self._last.get(key), (age, octets)
        if before is None:
            return
        seconds, more = age - before[0], octets - before[1]
        if seconds <= 0 or more < 0:
            self._rates.pop(key, None)
            return
        new = more * _BITS / seconds * _MEGA
        old = self._rates.get(key, new)
        self._rates[key] = old + SHARE * (new - old)

    def of(self, key: Key) -> float | None:
        """What it counts; None before the second reading."""
        return self._rates.get(key)

    def known(self) -> dict[Key, float]:
        """All that are."""
        return dict(self._rates)

    def keep(self, keys: Container[Key]) -> None:
        """Nobody reads the others any more."""
        for key in [key for key in self._last if key not in keys]:
            self.forget(key)

    def forget(self, key: Key) -> None:
        """Nobody reads it any more."""
        self._last.pop(key, None)
        self._rates.pop(key, None)
