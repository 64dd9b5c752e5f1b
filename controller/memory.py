"""Memory: what was seen of hosts is written down behind everyone's back, gathered, so that nobody waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from controller.bell import Bell
from controller.errors import DatabaseError
from ovsdb.sightings import Sighting

if TYPE_CHECKING:
    from controller.entities import Entity
    from controller.inventory import News
    from ovsdb.sightings import Sightings

GATHER_SECONDS = 0.05
RETRY_SECONDS = 1.0

_log = structlog.get_logger("memory")


class Memory:
    """The newest of each sighting that has yet to be written; one greenlet writes."""

    def __init__(self, sightings: Sightings, hub: Any) -> None:
        self._sightings = sightings
        self._hub = hub
        self._bell = Bell(hub)
        self._puts: dict[tuple[type, str], Sighting] = {}
        self._deletes: set[tuple[type, str]] = set()

    def recall(self) -> tuple[Entity, ...]:
        """What an earlier daemon saw. Raises DatabaseError."""
        return self._sightings.recall()

    def remember(self, news: News) -> None:
        """Write this down soon."""
        for place in news.deletes:
            self._puts.pop(place, None)
            self._deletes.add(place)
        for entity in news.puts:
            if isinstance(entity, Sighting):
                self._puts[type(entity), entity.key] = entity
                self._deletes.discard((type(entity), entity.key))
        self._bell.ring()

    def run(self) -> None:
        """Write what has gathered, for ever; what could not be written is tried again."""
        while True:
            self._bell.wait()
            self._hub.sleep(GATHER_SECONDS)
            puts, deletes = self._puts, self._deletes
            self._puts, self._deletes = {}, set()
            try:
                self._sightings.keep(puts.values(), deletes)
            except DatabaseError as error:
                _log.warning("sightings_not_kept", error=str(error))
                self._puts = puts | self._puts
                self._deletes |= deletes - self._puts.keys()
                self._hub.sleep(RETRY_SECONDS)
                self._bell.ring()
