"""Exhaustion: a router has no port of its outer address left for a connection; the connection fails, and it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.derived import Exit
from controller.services.outcome import Exhausted, Ignored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.services.outcome import Facts, Outcome, Punt

STANDING_SECONDS = 60.0
"""For how long after the last packet that found no port a router is shown as exhausted."""


def answer(punt: Punt, facts: Facts, _now: float) -> Iterator[Outcome]:
    """Tell which router has no port left."""
    routers = sorted(facts.where(Exit, "number", punt.router))
    if not routers:
        yield Ignored("unserved")
    for key in routers:
        yield Exhausted(key, punt.chassis)


@dataclass(slots=True)
class Spell:
    """When a router was found exhausted first and last, seconds since 1970, and where."""

    chassis: str
    first: float
    last: float


class Exhaustions:
    """The routers that were found exhausted of late; as many as there are routers at most."""

    def __init__(self) -> None:
        self._spells: dict[str, Spell] = {}

    def put(self, exhausted: Exhausted, now: float) -> bool:
        """Take one in; whether a spell began with it."""
        spell = self.of(exhausted.router, now)
        if spell is not None:
            spell.last = now
            return False
        self._spells[exhausted.router] = Spell(exhausted.chassis, now, now)
        return True

    def of(self, router: str, now: float) -> Spell | None:
        """A router's spell, if it lasts."""
        spell = self._spells.get(router)
        return spell if spell is not None and now - spell.last <= STANDING_SECONDS else None

    def forget(self, router: str) -> None:
        """The router is gone."""
        self._spells.pop(router, None)
