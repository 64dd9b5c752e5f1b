"""Sightings: the chassis and interfaces that were last seen, kept beside intent.

A daemon that starts knows the world before the first host has told it anything, so that it takes no flow away from
switches that are right, and a host whose database is out of reach keeps the flows that lead to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from controller.entities import Chassis, Encap, Entity, Interface
from ovsdb import operations, values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ovsdb.operations import Operation

_SELECT: tuple[Operation, ...] = (
    {"op": "select", "table": "Chassis", "where": []},
    {"op": "select", "table": "Interface", "where": []},
)
Place = tuple[type, str]


class Sightings:
    """What stands in the database, by row, so that a change touches its rows alone however many there are."""

    def __init__(self, transact: Callable[[list[Operation]], list[dict[str, Any]]]) -> None:
        self._transact = transact
        self._rows: dict[Place, str] = {}

    def recall(self) -> tuple[Entity, ...]:
        """Everything that is remembered, chassis first. Raises DatabaseError."""
        chassis, interfaces = self._transact(list(_SELECT))[:2]
        found: list[Entity] = [self._known(_chassis(row), row) for row in chassis.get("rows", ())]
        rows = values.in_turns(interfaces.get("rows", ()))
        return (*found, *(self._known(_interface(row), row) for row in rows))

    def _known(self, entity: Entity, row: dict[str, Any]) -> Entity:
        self._rows[type(entity), entity.key] = values.reference(row.get("_uuid"))
        return entity

    def keep(self, puts: Iterable[Chassis | Interface], deletes: Iterable[Place]) -> None:
        """Remember what came or changed, forget what went: one transaction. Raises DatabaseError."""
        wanted: list[Operation] = []
        inserted: dict[int, Place] = {}
        gone = [place for place in deletes if place in self._rows]
        wanted += [operations.delete(place[0].__name__, operations.row(self._rows[place])) for place in gone]
        for entity in puts:
            table, row = _written(entity)
            uuid = self._rows.get((type(entity), entity.key))
            if uuid is None:
                inserted[len(wanted)] = (type(entity), entity.key)
                wanted.append(operations.insert(table, row))
            else:
                wanted.append(operations.update(table, operations.row(uuid), _mutable(row)))
        if not wanted:
            return
        results = self._transact(wanted)
        for place in gone:
            del self._rows[place]
        for index, place in inserted.items():
            self._rows[place] = values.reference(results[index].get("uuid"))


def _chassis(row: dict[str, Any]) -> Chassis:
    ports = values.mapping(row.get("tunnels"))
    tunnels = tuple(sorted((cast("Encap", encap), int(port)) for encap, port in ports.items()))
    name, encap_ip = values.text(row.get("name")), values.text(row.get("encap_ip"))
    return Chassis(name, int(values.text(row.get("dpid")), 16), encap_ip or None, tunnels)


def _interface(row: dict[str, Any]) -> Interface:
    chassis, name = values.text(row.get("chassis")), values.text(row.get("name"))
    ofport, seen = values.integer(row.get("ofport")), values.integer(row.get("seen"))
    return Interface(f"{chassis}/{name}", chassis, name, ofport, values.text(row.get("iface_id")) or None, seen)


def _written(entity: Chassis | Interface) -> tuple[str, dict[str, Any]]:
    """The entity's table and row."""
    if isinstance(entity, Chassis):
        tunnels = values.written_map((encap, str(port)) for encap, port in entity.tunnels)
        row = {"name": entity.key, "dpid": f"{entity.dpid:x}", "encap_ip": entity.encap_ip or "", "tunnels": tunnels}
        return "Chassis", row
    place = {"chassis": entity.chassis, "name": entity.name}
    return "Interface", {**place, "ofport": entity.ofport, "iface_id": entity.iface_id or "", "seen": entity.seen}


def _mutable(row: dict[str, Any]) -> dict[str, Any]:
    """The columns that may change: those of a row's name never do."""
    return {column: value for column, value in row.items() if column not in {"chassis", "name"}}
