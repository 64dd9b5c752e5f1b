"""Strangers: MACs that no bridge port has, and where each was heard last: a port where one lives is a machine's.

A bridge that is yet to join may pass machines' frames on; once they are heard where they live, the port that they came
by before is free again. What a port can make us remember is bounded.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topology.sides import Place

MOST_OF_A_PORT = 8


class Strangers:
    """Ports by the MACs that were heard there and belong to nothing of ours."""

    def __init__(self) -> None:
        self._own: Counter[str] = Counter()
        self._homes: dict[str, Place] = {}
        self._living: dict[Place, set[str]] = {}

    def ours(self, mac: str) -> Place | None:
        """A port of a bridge has this MAC; gives the port that was taken for a machine's because of it."""
        self._own[mac] += 1
        return self._leave(mac)

    def ours_no_more(self, mac: str) -> None:
        """A port of this MAC went."""
        self._own[mac] -= 1
        if not self._own[mac]:
            del self._own[mac]

    def heard(self, mac: str, place: Place) -> Place | None:
        """A frame came in there from this MAC; gives the port where it was thought to live before, if elsewhere."""
        living = self._living.setdefault(place, set())
        if mac in self._own or mac in living or len(living) >= MOST_OF_A_PORT:
            return None
        left = self._leave(mac)
        self._living.setdefault(place, set()).add(mac)
        self._homes[mac] = place
        return left

    def at(self, place: Place) -> bool:
        """Whether strangers live there."""
        return bool(self._living.get(place))

    def forget(self, place: Place) -> None:
        """The port went down: what comes up again may be something else."""
        for mac in self._living.pop(place, ()):
            del self._homes[mac]

    def _leave(self, mac: str) -> Place | None:
        home = self._homes.pop(mac, None)
        if home is not None:
            self._living[home].discard(mac)
        return home
