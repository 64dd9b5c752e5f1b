"""Orders: the local database followed, read only but for the answers; one agent acts for a host at a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from controller.agent.duties import Duty, duty
from controller.errors import DatabaseError
from ovsdb import operations, own_ports, values
from ovsdb.columns import MAPPING, OPTIONAL_INTEGER, REFERENCES, TEXT, Column, Row, row_after
from ovsdb.session import Session, take_in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DATABASE = "Open_vSwitch"
_LOCK = "netloom_agent"
_TIMEOUT = 30.0
_TABLES: Mapping[str, Mapping[str, Column]] = {
    "Open_vSwitch": {"external_ids": MAPPING, "manager_options": REFERENCES, "ssl": REFERENCES},
    "Manager": {"target": TEXT},
    "SSL": {"private_key": TEXT, "certificate": TEXT, "ca_cert": TEXT},
    "Interface": {"name": TEXT, "ofport": OPTIONAL_INTEGER, "external_ids": MAPPING},
}
_MONITORED = {table: [{"columns": list(columns)}] for table, columns in _TABLES.items()}
_log = structlog.get_logger("agent")


@dataclass(frozen=True, slots=True)
class Place:
    """Where this host belongs: its name, its managers' targets, and the PEM files of ssl: (key, certificate, CA)."""

    name: str = ""
    managers: tuple[str, ...] = ()
    files: tuple[str, str, str] | None = None


class Orders:
    """The attendant of the local database's sessions; ``ring`` is called when something may be different."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._session: Session | None = None
        self._rows: dict[str, dict[str, Row]] = {table: {} for table in _TABLES}
        self._locked = False
        self._reading = threading.Lock()

    def opened(self, session: Session) -> None:
        """Follow the database, and ask to be the one who acts."""
        with self._reading:
            self._rows = {table: {} for table in _TABLES}
        self._session = session
        take_in_order(session, "monitor_cond", [_DATABASE, "agent", _MONITORED], self._take, _TIMEOUT)
        take_in_order(session, "lock", [_LOCK], self._take_lock, _TIMEOUT)

    def notified(self, method: str, params: list[Any]) -> None:
        """Take over what changed."""
        match method, params:
            case "update2", ["agent", updates]:
                self._take(updates)
            case "locked", [str(name)] if name == _LOCK:
                self._take_lock({"locked": True})

    def closed(self, reason: str) -> None:
        """Nothing is done on orders that nobody can take back."""
        self._session, self._locked = None, False
        _log.info("database_lost", reason=reason)

    def duties(self) -> tuple[Duty, ...] | None:
        """What interfaces need; None while this is not known, or is for another agent to see to."""
        if not self._locked:
            return None
        with self._reading:
            rows = list(self._rows["Interface"].values())
        found = (duty(row.get("name", ""), row.get("external_ids", {}), made=_made(row)) for row in rows)
        return tuple(one for one in found if one is not None)

    def place(self) -> Place:
        """Where this host belongs; without a name while that is not known."""
        with self._reading:
            system: Row = next(iter(self._rows["Open_vSwitch"].values()), {})
            managers = [self._rows["Manager"].get(uuid, {}) for uuid in sorted(system.get("manager_options", ()))]
            keys: Row = next((self._rows["SSL"].get(uuid, {}) for uuid in system.get("ssl", ())), {})
        files = (keys.get("private_key", ""), keys.get("certificate", ""), keys.get("ca_cert", ""))
        name = system.get("external_ids", {}).get("system-id", "")
        return Place(name, tuple(row.get("target", "") for row in managers), files if all(files) else None)

    def answer(self, interface: str, text: str) -> None:
        """Write what became of an interface's duty, if it asks what it asked. Raises DatabaseError."""
        session = self._session
        with self._reading:
            asked = next((row for row in self._rows["Interface"].values() if row.get("name") == interface), {})
        external_ids: Mapping[str, str] = asked.get("external_ids", {})
        if session is None or external_ids.get(own_ports.STATE) == text:
            return
        same = {key: external_ids[key] for key in (own_ports.ADDRESSES, own_ports.FORWARDS) if key in external_ids}
        where = [["name", "==", interface], ["external_ids", "includes", values.written_map(same.items())]]
        mutations = [
            ["external_ids", "delete", values.written_set([own_ports.STATE])],
            ["external_ids", "insert", values.written_map([(own_ports.STATE, text)])],
        ]
        wanted = [operations.mutate("Interface", where, mutations)]
        operations.outcome(session.request("transact", [_DATABASE, *wanted], _TIMEOUT), wanted)

    def _take(self, updates: Any) -> None:
        with self._reading:
            for table, columns in _TABLES.items():
                rows = self._rows[table]
                for uuid, update in values.in_turns(values.rows(updates, table).items()):
                    row = row_after(columns, rows.pop(uuid, None), update)
                    if row is not None:
                        rows[uuid] = row
        self._ring()

    def _take_lock(self, answer: Any) -> None:
        if not isinstance(answer, dict):
            raise DatabaseError(f"no answer about a lock: {answer!r:.80}")
        self._locked = answer.get("locked") is True
        if not self._locked:
            _log.info("another_agent_acts")
        self._ring()


def _made(row: Row) -> bool:
    return (row.get("ofport") or 0) > 0
