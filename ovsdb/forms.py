"""How what was seen is written down: each type of entity as the rows of the table that has its name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from controller.entities import Chassis, Encap, Entity, Interface, Neighbour, Seat
from controller.links import DeadPort, Heading, OnNoPath, Placed, Track, Wire
from ovsdb import values

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Form:
    """How entities of one type are rows: ``name`` gives the columns that never change, ``rest`` the others."""

    read: Callable[[dict[str, Any]], Entity]
    name: Callable[[Any], dict[str, Any]]
    rest: Callable[[Any], dict[str, Any]]


def _chassis(row: dict[str, Any]) -> Chassis:
    tunnels = tuple((cast("Encap", encap), ofport) for encap, ofport in _ofports(row.get("tunnels")))
    name, encap_ip = values.text(row.get("name")), values.text(row.get("encap_ip"))
    dpid = int(values.text(row.get("dpid")), 16)
    gateway, bare = values.flag(row.get("gateway")), values.flag(row.get("bare"))
    return Chassis(name, dpid, encap_ip or None, tunnels, _ofports(row.get("segments")), gateway, bare)


def _chassis_name(chassis: Chassis) -> dict[str, Any]:
    return {"name": chassis.key}


def _chassis_rest(chassis: Chassis) -> dict[str, Any]:
    return {
        "dpid": f"{chassis.dpid:x}",
        "encap_ip": chassis.encap_ip or "",
        "tunnels": values.written_map((encap, str(port)) for encap, port in chassis.tunnels),
        "segments": values.written_map((network, str(port)) for network, port in chassis.segments),
        "gateway": chassis.gateway,
        "bare": chassis.bare,
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


def _wire(row: dict[str, Any]) -> Wire:
    one, other = _end(row.get("first")), _end(row.get("second"))
    name, up = values.text(row.get("name")), values.flag(row.get("up"))
    return Wire(name, (one[0], other[0]), (one[1], other[1]), (one[2], other[2]), up)


def _end(value: Any) -> tuple[str, int, str]:
    """A wire's end: chassis, OpenFlow port, interface."""
    match _listed(value):
        case [str(chassis), int(port), str(interface)]:
            return chassis, port, interface
    raise values.BadValue(f"no end of a wire: {value!r:.80}")


def _listed(value: Any) -> list[Any]:
    """What keeps an order is written as JSON text: OVSDB's sets have none."""
    try:
        found = json.loads(values.text(value))
    except ValueError as error:
        raise values.BadValue(f"no list: {value!r:.80}") from error
    if not isinstance(found, list):
        raise values.BadValue(f"no list: {value!r:.80}")
    return found


def _wire_name(wire: Wire) -> dict[str, Any]:
    return {"name": wire.key}


def _wire_rest(wire: Wire) -> dict[str, Any]:
    first, second = zip(wire.ends, wire.ports, wire.names, strict=True)
    return {"first": json.dumps(first), "second": json.dumps(second), "up": wire.up}


def _heading(row: dict[str, Any]) -> Heading:
    return Heading(values.text(row.get("chassis")), values.integer(row.get("version")))


def _heading_name(heading: Heading) -> dict[str, Any]:
    return {"chassis": heading.key}


def _heading_rest(heading: Heading) -> dict[str, Any]:
    return {"version": heading.version}


def _track(row: dict[str, Any]) -> Track:
    bridges = tuple(values.text(bridge) for bridge in _listed(row.get("bridges")))
    detours = tuple(values.integer(detour) for detour in _listed(row.get("detours")))
    number, then = values.integer(row.get("number")), values.integer(row.get("then"))
    return Track(values.text(row.get("name")), number, bridges, detours, then)


def _track_name(track: Track) -> dict[str, Any]:
    return {"name": track.key}


def _track_rest(track: Track) -> dict[str, Any]:
    written = {"bridges": json.dumps(track.bridges), "detours": json.dumps(track.detours)}
    return {"number": track.number, **written, "then": track.then}


def _placed(row: dict[str, Any]) -> Placed:
    demand, policy = values.text(row.get("demand")), values.text(row.get("policy"))
    source, target = values.text(row.get("source")), values.text(row.get("target"))
    otherwise = cast("OnNoPath", values.text(row.get("otherwise")))
    return Placed(demand, policy, source, target, values.integer(row.get("track")), otherwise)


def _placed_name(placed: Placed) -> dict[str, Any]:
    return {"demand": placed.key}


def _placed_rest(placed: Placed) -> dict[str, Any]:
    where = {"policy": placed.policy, "source": placed.source, "target": placed.target}
    return {**where, "track": placed.track, "otherwise": placed.otherwise}


def _dead_port(row: dict[str, Any]) -> DeadPort:
    return DeadPort(f"{values.text(row.get('chassis'))}/{values.integer(row.get('port'))}")


def _dead_port_name(port: DeadPort) -> dict[str, Any]:
    chassis, _, number = port.key.rpartition("/")
    return {"chassis": chassis, "port": int(number)}


def _dead_port_rest(_port: DeadPort) -> dict[str, Any]:
    return {}


FORMS: dict[type, Form] = {
    Chassis: Form(_chassis, _chassis_name, _chassis_rest),
    Interface: Form(_interface, _interface_name, _interface_rest),
    Seat: Form(_seat, _seat_name, _seat_rest),
    Neighbour: Form(_neighbour, _neighbour_name, _neighbour_rest),
    Wire: Form(_wire, _wire_name, _wire_rest),
    Heading: Form(_heading, _heading_name, _heading_rest),
    Track: Form(_track, _track_name, _track_rest),
    Placed: Form(_placed, _placed_name, _placed_rest),
    DeadPort: Form(_dead_port, _dead_port_name, _dead_port_rest),
}
"""In the order in which they are recalled: chassis first."""
