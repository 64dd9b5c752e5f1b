"""Gathering what the doctor looks at: programs, sockets, rows and addresses of this host. Reads only."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controller.errors import DatabaseError
from ovsdb import values
from ovsdb.address import connected, parse
from ovsdb.columns import FLAG, MAPPING, OPTIONAL_TEXT, REFERENCES, TEXT, TEXTS, Column, Row, row_after
from ovsdb.operations import outcome
from ovsdb.session import Limits, Listener, Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TIMEOUT = 5.0
_PROGRAMS = ("ovsdb-server", "ovs-vswitchd", "ovs-vsctl")
_COLUMNS: Mapping[str, Mapping[str, Column]] = {
    "Open_vSwitch": {"external_ids": MAPPING},
    "Bridge": {
        "name": TEXT,
        "datapath_type": TEXT,
        "fail_mode": OPTIONAL_TEXT,
        "protocols": TEXTS,
        "controller": REFERENCES,
    },
    "Controller": {"target": TEXT, "is_connected": FLAG},
    "Manager": {"target": TEXT, "is_connected": FLAG},
    "Interface": {"name": TEXT, "external_ids": MAPPING, "error": OPTIONAL_TEXT},
}


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """The rows of the host's database; ``controllers`` by UUID."""

    external_ids: Mapping[str, str]
    bridges: tuple[Row, ...]
    controllers: Mapping[str, Row]
    managers: tuple[Row, ...]
    interfaces: tuple[Row, ...]

    def bridge(self, name: str) -> Row | None:
        """Return a bridge by its name."""
        return next((row for row in self.bridges if row.get("name") == name), None)


@dataclass(frozen=True, slots=True)
class Facts:
    """One host at one moment.

    ``obstacle`` is "" when the database was read, else "absent", "denied", "refused" or what went wrong;
    ``switch_version`` what ovs-vswitchd says of itself, None when it does not answer; ``mtus`` the MTU in bytes of the
    interface that has each address, None when that could not be found out.
    """

    socket_path: str
    missing_programs: tuple[str, ...]
    obstacle: str
    switch_version: str | None
    kernel_module: bool
    mtus: Mapping[str, int] | None
    database: DatabaseFacts | None


def gathered(socket_path: str) -> Facts:
    """Return the facts of the host whose OVSDB socket is at ``socket_path``; takes a few seconds at most."""
    database, obstacle = _database(socket_path)
    return Facts(
        socket_path=socket_path,
        missing_programs=tuple(name for name in _PROGRAMS if shutil.which(name) is None),
        obstacle=obstacle,
        switch_version=_switch_version(Path(socket_path).parent),
        kernel_module=Path("/sys/module/openvswitch").exists(),
        mtus=_mtus(),
        database=database,
    )


def _database(socket_path: str) -> tuple[DatabaseFacts | None, str]:
    selections = [
        {"op": "select", "table": table, "where": [], "columns": ["_uuid", *columns]}
        for table, columns in _COLUMNS.items()
    ]
    try:
        answer = _answer(socket_path, "transact", ["Open_vSwitch", *selections])
        results = outcome(answer, selections)
        tables = {table: dict(_rows(table, result)) for table, result in zip(_COLUMNS, results, strict=True)}
    except DatabaseError as error:
        return None, _obstacle(error)
    system: Row = next(iter(tables["Open_vSwitch"].values()), {})
    return (
        DatabaseFacts(
            external_ids=system.get("external_ids", {}),
            bridges=tuple(tables["Bridge"].values()),
            controllers=tables["Controller"],
            managers=tuple(tables["Manager"].values()),
            interfaces=tuple(tables["Interface"].values()),
        ),
        "",
    )


def _rows(table: str, result: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    for row in values.items(["set", result.get("rows")]):
        found = row_after(_COLUMNS[table], None, {"initial": row})
        if found is not None:
            yield values.reference(row.get("_uuid")), found


def _obstacle(error: DatabaseError) -> str:
    match error.__cause__:
        case FileNotFoundError():
            return "absent"
        case PermissionError():
            return "denied"
        case ConnectionRefusedError():
            return "refused"
    return str(error)


def _switch_version(directory: Path) -> str | None:
    """Ask ovs-vswitchd by its control socket, which speaks JSON-RPC as well (ovs-appctl(8))."""
    for control in sorted(directory.glob("ovs-vswitchd*.ctl")):
        try:
            return values.text(_answer(str(control), "version", [])).strip()
        except DatabaseError:
            continue  # left behind by one that was killed
    return None


def _answer(path: str, method: str, params: list[Any]) -> Any:
    session = Session(connected(parse(f"unix:{path}"), None, _TIMEOUT), Listener(_ignore, _ignore), Limits())
    session.start()
    try:
        return session.request(method, params, _TIMEOUT)
    finally:
        session.close("answered")
        session.join(_TIMEOUT)


def _ignore(*news: object) -> None:
    del news


def _mtus() -> dict[str, int] | None:
    try:
        shown = subprocess.run(["ip", "-j", "address"], check=True, capture_output=True, timeout=_TIMEOUT)
        links = json.loads(shown.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return {
        address["local"]: link["mtu"]
        for link in links
        for address in link.get("addr_info", ())
        if "local" in address and "mtu" in link
    }
