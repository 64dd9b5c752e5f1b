"""Sightings: what was last seen of hosts and of the world outside, and who carries external traffic, beside intent.

A daemon that starts knows the world before the first host has told it anything, so that it takes no flow away from
switches that are right, and a host whose database is out of reach keeps the flows that lead to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from controller.entities import Chassis, Interface, Neighbour, Seat
from controller.links import DeadPort, Heading, Placed, Track, Wire
from ovsdb import operations, values
from ovsdb.forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.entities import Entity
    from ovsdb.operations import Operation

Sighting: TypeAlias = Chassis | Interface | Seat | Neighbour | Wire | Heading | Track | Placed | DeadPort
Place = tuple[type, str]


class Sightings:
    """What stands in the database, by row, so that a change touches its rows alone however many there are."""

    def __init__(self, transact: Callable[[list[Operation]], list[dict[str, Any]]]) -> None:
        self._transact = transact
        self._rows: dict[Place, str] = {}

    def recall(self) -> tuple[Entity, ...]:
        """Everything that is remembered, chassis first. Raises DatabaseError."""
        selections: list[Operation] = [{"op": "select", "table": kind.__name__, "where": []} for kind in FORMS]
        found: list[Entity] = []
        for form, result in zip(FORMS.values(), self._transact(selections), strict=False):
            for row in values.in_turns(result.get("rows", ())):
                entity = form.read(row)
                self._rows[type(entity), entity.key] = values.reference(row.get("_uuid"))
                found.append(entity)
        return tuple(found)

    def keep(self, puts: Iterable[Sighting], deletes: Iterable[Place]) -> None:
        """Remember what came or changed, forget what went: one transaction. Raises DatabaseError."""
        wanted: list[Operation] = []
        inserted: dict[int, Place] = {}
        gone = [place for place in deletes if place in self._rows]
        wanted += [operations.delete(place[0].__name__, operations.row(self._rows[place])) for place in gone]
        for entity in puts:
            place = (type(entity), entity.key)
            form, table = FORMS[type(entity)], type(entity).__name__
            uuid = self._rows.get(place)
            if uuid is None:
                inserted[len(wanted)] = place
                wanted.append(operations.insert(table, form.name(entity) | form.rest(entity)))
            else:
                wanted.append(operations.update(table, operations.row(uuid), form.rest(entity)))
        if not wanted:
            return
        results = self._transact(wanted)
        for place in gone:
            del self._rows[place]
        for index, place in inserted.items():
            self._rows[place] = values.reference(results[index].get("uuid"))
