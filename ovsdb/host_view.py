"""What a host's database says, as far as networks need it: its bridges, their controllers, and what is plugged in.

The host is not trusted: whatever its rows hold is read by type and bounded in number, or its session ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ovsdb import values
from ovsdb.columns import (
    FLAG,
    INTEGER,
    MAPPING,
    OPTIONAL_INTEGER,
    OPTIONAL_TEXT,
    REFERENCES,
    TEXT,
    TEXTS,
    Column,
    Row,
    row_after,
)
from ovsdb.own_ports import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TABLES: Mapping[str, Mapping[str, Column]] = {
    "Open_vSwitch": {
        "cur_cfg": INTEGER,
        "next_cfg": INTEGER,
        "datapath_types": TEXTS,
        "external_ids": MAPPING,
        "ovs_version": OPTIONAL_TEXT,
    },
    "Bridge": {
        "name": TEXT,
        "ports": REFERENCES,
        "controller": REFERENCES,
        "fail_mode": OPTIONAL_TEXT,
        "datapath_type": TEXT,
        "datapath_id": OPTIONAL_TEXT,
        "other_config": MAPPING,
        "protocols": TEXTS,
    },
    "Controller": {
        "target": TEXT,
        "connection_mode": OPTIONAL_TEXT,
        "max_backoff": OPTIONAL_INTEGER,
        "inactivity_probe": OPTIONAL_INTEGER,
        "is_connected": FLAG,
    },
    "Port": {"name": TEXT, "interfaces": REFERENCES},
    "Interface": {
        "name": TEXT,
        "type": TEXT,
        "ofport": OPTIONAL_INTEGER,
        "ofport_request": OPTIONAL_INTEGER,
        "mac": OPTIONAL_TEXT,
        "mtu": OPTIONAL_INTEGER,
        "mtu_request": OPTIONAL_INTEGER,
        "bfd": MAPPING,
        "bfd_status": MAPPING,
        "external_ids": MAPPING,
        "options": MAPPING,
        "error": OPTIONAL_TEXT,
    },
}
MONITORED = {table: [{"columns": list(columns)}] for table, columns in TABLES.items()}

# Kept by owner instead of in the bridge's row, so that no change costs the number of ports.
_BRIDGE_ROW = {name: column for name, column in TABLES["Bridge"].items() if name != "ports"}
_MOST_ROWS = 65_536


class HostView:
    """The rows of one host, fed with ``update2`` by its session's thread."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Row]] = {table: {} for table in TABLES}
        self._bridge_of: dict[str, str] = {}
        self._port_of: dict[str, str] = {}
        self._ports_by_name: dict[str, str] = {}
        self._own_names: dict[str, None] = {}

    def apply(self, updates: Any) -> set[str]:
        """Take updates over; returns the UUIDs of the interfaces they may concern. Raises BadValue."""
        touched: set[str] = set()
        for table in ("Open_vSwitch", "Controller"):
            for uuid, update in values.rows(updates, table).items():
                self._put(table, uuid, row_after(TABLES[table], self._rows[table].get(uuid), update))
        for uuid, update in values.in_turns(values.rows(updates, "Interface").items()):
            touched.add(uuid)
            self._put("Interface", uuid, row_after(TABLES["Interface"], self._rows["Interface"].get(uuid), update))
        for uuid, update in values.in_turns(values.rows(updates, "Port").items()):
            touched |= self._port(uuid, update)
        for uuid, update in values.rows(updates, "Bridge").items():
            for port in values.in_turns(self._bridge(uuid, update)):
                touched |= self._interfaces_of(port)
        return touched

    def system(self) -> tuple[str, Row] | None:
        """The UUID and columns of the one Open_vSwitch row."""
        return next(iter(self._rows["Open_vSwitch"].items()), None)

    def bridges(self) -> Iterator[tuple[str, Row]]:
        """UUID and columns, without the ports, of every bridge."""
        return iter(tuple(self._rows["Bridge"].items()))

    def controllers(self, bridge: Row) -> Iterator[tuple[str, Row]]:
        """UUID and columns of a bridge's controllers, in an order that stays."""
        for uuid in sorted(bridge.get("controller", ())):
            row = self._rows["Controller"].get(uuid)
            if row is not None:
                yield uuid, row

    def interface(self, uuid: str) -> tuple[Row, str] | None:
        """An interface's columns and the name of its bridge; None where it is on no bridge, or is gone."""
        row = self._rows["Interface"].get(uuid)
        bridge = self._rows["Bridge"].get(self._bridge_of.get(self._port_of.get(uuid, ""), ""))
        return None if row is None or bridge is None else (row, bridge.get("name", ""))

    def port(self, name: str) -> tuple[str, str, tuple[str, ...]] | None:
        """The UUIDs of a port, of its bridge ("" while on none) and of its interfaces."""
        uuid = self._ports_by_name.get(name)
        if uuid is None:
            return None
        return uuid, self._bridge_of.get(uuid, ""), tuple(sorted(self._interfaces_of(uuid)))

    def own_names(self) -> list[str]:
        """The names of ports that are called as ours are, sorted; there are few, however many ports a host has."""
        return sorted(self._own_names)

    def _put(self, table: str, uuid: str, row: Row | None) -> None:
        rows = self._rows[table]
        if row is None:
            rows.pop(uuid, None)
        else:
            rows[uuid] = row
        if len(rows) > _MOST_ROWS:
            raise values.BadValue(f"more than {_MOST_ROWS} rows of {table}")

    def _port(self, uuid: str, update: Any) -> set[str]:
        before = self._rows["Port"].get(uuid)
        after = row_after(TABLES["Port"], before, update)
        self._put("Port", uuid, after)
        old = set() if before is None else set(before.get("interfaces", ()))
        new = set() if after is None else set(after.get("interfaces", ()))
        if before is not None:
            _forget(self._ports_by_name, [before.get("name", "")], uuid)
            if before.get("name", "") not in self._ports_by_name:
                self._own_names.pop(before.get("name", ""), None)
        if after is not None:
            self._ports_by_name[after.get("name", "")] = uuid
            if NAME.fullmatch(after.get("name", "")):
                self._own_names[after["name"]] = None
        _forget(self._port_of, old - new, uuid)
        self._port_of.update(dict.fromkeys(new, uuid))
        return old | new

    def _bridge(self, uuid: str, update: Any) -> Iterable[str]:
        """Take a bridge's update over; returns the ports that came, went, or may look different by it."""
        before = self._rows["Bridge"].get(uuid)
        after = row_after(_BRIDGE_ROW, before, update)
        self._put("Bridge", uuid, after)
        if after is None or (before is not None and before.get("name") != after.get("name")):
            held = [port for port, bridge in self._bridge_of.items() if bridge == uuid]
            if after is None:
                _forget(self._bridge_of, held, uuid)
            return held
        toggled = _ports(update)
        for port in toggled:
            if self._bridge_of.get(port) == uuid:
                del self._bridge_of[port]
            else:
                self._bridge_of[port] = uuid
        if len(self._bridge_of) > _MOST_ROWS:
            raise values.BadValue(f"more than {_MOST_ROWS} ports")
        return toggled

    def _interfaces_of(self, port: str) -> set[str]:
        return set(self._rows["Port"].get(port, {}).get("interfaces", ()))


def _ports(update: Any) -> frozenset[str]:
    """The ports of a new bridge, or those that came to or left one."""
    sent = next(iter(update.values()))
    return frozenset(values.references(sent["ports"])) if "ports" in sent else frozenset()


def _forget(owners: dict[str, str], keys: Iterable[str], owner: str) -> None:
    """Drop what still belongs to ``owner``; in one update a thing may have moved on already."""
    for key in keys:
        if owners.get(key) == owner:
            del owners[key]
