"""Sightings: what was last seen of hosts and of the world outside, and who carries external traffic, beside intent.

A daemon that starts knows the world before the first host has told it anything, so that it takes no flow away from
switches that are right, and a host whose database is out of reach keeps the flows that lead to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from controller.entities import Chassis, Encap, Entity, Interface, Neighbour, Seat
from ovsdb import operations, values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ovsdb.operations import Operation

Sighting: TypeAlias = Chassis | Interface | Seat | Neighbour
Place = tuple[type, str]


class Sightings:
    """What stands in the database, by row, so that a change touches its rows alone however many there are."""

    def __init__(self, transact: Callable[[list[Operation]], list[dict[str, Any]]]) -> None:
        self._transact = transact
        self._rows: dict[Place, str] = {}

    def recall(self) -> tuple[Entity, ...]:
        """Everything that is remembered, chassis first. Raises DatabaseError."""
        selections: list[Operation] = [{"op": "select", "table": kind.__name__, "where": []} for kind in _FORMS]
        found: list[Entity] = []
        for form, result in zip(_FORMS.values(), self._transact(selections), strict=False):
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
            form, table = _FORMS[type(entity)], type(entity).__name__
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


@dataclass(frozen=True, slots=True)
class _Form:
    """How entities of one type are rows: ``name`` gives the columns that never change, ``rest`` the others."""

    read: Callable[[dict[str, Any]], Entity]
    name: Callable[[Any], dict[str, Any]]
    rest: Callable[[Any], dict[str, Any]]


def _chassis(row: dict[str, Any]) -> Chassis:
    tunnels = tuple((cast("Encap", encap), ofport) for encap, ofport in _ofports(row.get("tunnels")))
    name, encap_ip = values.text(row.get("name")), values.text(row.get("encap_ip"))
    dpid = int(values.text(row.get("dpid")), 16)
    return Chassis(
        name, dpid, encap_ip or None, tunnels, _ofports(row.get("segments")), values.flag(row.get("gateway"))
    )


def _chassis_name(chassis: Chassis) -> dict[str, Any]:
    return {"name": chassis.key}


def _chassis_rest(chassis: Chassis) -> dict[str, Any]:
    return {
        "dpid": f"{chassis.dpid:x}",
        "encap_ip": chassis.encap_ip or "",
        "tunnels": values.written_map((encap, str(port)) for encap, port in chassis.tunnels),
        "segments": values.written_map((network, str(port)) for network, port in chassis.segments),
        "gateway": chassis.gateway,
    }


def _ofports(value: Any) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((name, int(ofport)) for name, ofport in values.mapping(value).items()))


def _interface(row: dict[str, Any]) -> Interface:
    chassis, name = values.text(row.get("chassis")), values.text(row.get("name"))
    ofport, seen = values.integer(row.get("ofport")), values.integer(row.get("seen"))
    return Interface(f"{chassis}/{name}", chassis, name, ofport, values.text(row.get("iface_id")) or None, seen)


def _interface_name(interface: Interface) -> dict[str, Any]:
    return {"chassis": interface.chassis, "name": interface.name}


def _interface_rest(interface: Interface) -> dict[str, Any]:
    return {"ofport": interface.ofport, "iface_id": interface.iface_id or "", "seen": interface.seen}


def _seat(row: dict[str, Any]) -> Seat:
    return Seat(values.text(row.get("router")), values.text(row.get("chassis")))


def _seat_name(seat: Seat) -> dict[str, Any]:
    return {"router": seat.key}


def _seat_rest(seat: Seat) -> dict[str, Any]:
    return {"chassis": seat.chassis}


def _neighbour(row: dict[str, Any]) -> Neighbour:
    network, address = values.text(row.get("network")), values.text(row.get("address"))
    return Neighbour(f"{network}|{address}", network, address, values.text(row.get("mac")))


def _neighbour_name(neighbour: Neighbour) -> dict[str, Any]:
    return {"network": neighbour.network, "address": neighbour.address}


def _neighbour_rest(neighbour: Neighbour) -> dict[str, Any]:
    return {"mac": neighbour.mac}


_FORMS: dict[type, _Form] = {
    Chassis: _Form(_chassis, _chassis_name, _chassis_rest),
    Interface: _Form(_interface, _interface_name, _interface_rest),
    Seat: _Form(_seat, _seat_name, _seat_rest),
    Neighbour: _Form(_neighbour, _neighbour_name, _neighbour_rest),
}
