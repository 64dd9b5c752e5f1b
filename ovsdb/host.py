"""One host's database: its bridges are kept as wanted, and what is plugged in is told as it changes.

A host that says nonsense, or that takes another's name, loses its session and nothing else happens.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from controller.errors import DatabaseError
from ovsdb import host_facts, operations, values
from ovsdb.host_plan import Wanted, plan
from ovsdb.host_view import MONITORED, HostView
from ovsdb.session import Reply, Session, take_in_order
from ovsdb.wire_ends import HostEnds

if TYPE_CHECKING:
    from collections.abc import Callable

    from ovsdb.operations import Operation
    from ovsdb.rows import ChassisRow, InterfaceRow
    from ovsdb.wire_ends import WireEnds

DATABASE = "Open_vSwitch"
_GREETING_TIMEOUT = 30.0
_WINDOW = 10.0
_MOST_IN_WINDOW = 20
_log = structlog.get_logger("ovsdb")


class HostEvents(Protocol):
    """Who wants to know about hosts; called in each host's own thread, never concurrently for one host."""

    def chassis(self, row: ChassisRow) -> None:
        """A host joined, or looks different."""

    def interfaces(self, chassis: str, changed: tuple[InterfaceRow, ...], removed: tuple[str, ...]) -> None:
        """Interfaces of the integration bridge are new, look different, or are gone (by name)."""

    def gone(self, chassis: str) -> None:
        """The session with a host is lost; when it comes back everything is told again."""


class Registry(Protocol):
    """Who knows all hosts."""

    def claim(self, name: str, host: Host) -> Host | None:
        """Let ``host`` have a name; returns who has it already."""

    def release(self, name: str, host: Host) -> None:
        """Give the name back."""


@dataclass(frozen=True, slots=True)
class HostStatus:
    """A host for people: where it was found, what it is, whether its database is in reach, and what is wrong."""

    address: str
    chassis: ChassisRow | None
    connected: bool
    problems: tuple[str, ...]


class Host:
    """The attendant of a host's sessions, one at a time."""

    def __init__(
        self,
        address: str,
        wanted: Callable[[str], Wanted],
        registry: Registry,
        events: HostEvents,
        ends: WireEnds,
    ) -> None:
        self.address = address
        self._all_ends = ends
        self._ends = HostEnds(ends)
        self._wanted = wanted
        self._registry = registry
        self._events = events
        self._session: Session | None = None
        self._view = HostView()
        self._plugged = _Plugged()
        self._chassis: ChassisRow | None = None
        self._name = ""
        self._due = threading.Event()
        self._work = _Work()

    def opened(self, session: Session) -> None:
        """Read the host's database and follow it."""
        self._view, self._plugged, self._work = HostView(), _Plugged(), _Work()
        self._ends = HostEnds(self._all_ends)
        self._session = session
        request = [DATABASE, "host", MONITORED]
        take_in_order(session, "monitor_cond", request, self._take, _GREETING_TIMEOUT)

    def notified(self, method: str, params: list[Any]) -> None:
        """Take over what changed."""
        match method, params:
            case "update2", ["host", updates]:
                self._take(updates)

    def closed(self, reason: str) -> None:
        """Tell that the host is out of reach."""
        self._session = None
        self._ends.gone()
        if self._chassis is not None:
            name, self._chassis, self._name = self._name, None, ""
            _log.info("host_left", chassis=name, address=self.address, reason=reason)
            self._registry.release(name, self)
            self._events.gone(name)

    def review(self, dpids: frozenset[int] | None = None) -> None:
        """Compare with what is wanted again, in the session's thread; from any thread, which waits for nobody.

        Where ``dpids`` are given, only if one of them is that of a bridge here.
        """
        session = self._session
        if dpids is not None and dpids.isdisjoint(host_facts.dpids(self._view).values()):
            return
        if session is not None and not self._due.is_set():
            self._due.set()
            threading.Thread(target=_ask, args=(session, self._due, self._review), daemon=True).start()

    @property
    def peer_address(self) -> str | None:
        """Where the host's session comes from, or leads to; None on a Unix socket, and while there is none."""
        return _peer(self._session)

    def status(self) -> HostStatus:
        """Return the host for people."""
        connected = self._session is not None
        problems = (*host_facts.problems(self._view, self._wanted(self._name)), *self._work.refusals)
        return HostStatus(self.address, self._chassis, connected, problems if connected else ())

    def _take(self, updates: Any) -> None:
        touched = self._view.apply(updates)
        self._plugged.touched |= touched
        self._ends.touched(self._view, touched)
        self._tell_chassis()
        if self._chassis is None:
            return
        changed, removed = self._plugged.differences(self._view, self._wanted(self._name).bridge)
        if changed or removed:
            self._events.interfaces(self._chassis.name, changed, removed)
        self._amend()

    def _tell_chassis(self) -> None:
        row = host_facts.chassis(self._view, self._wanted(self._name).bridge, _peer(self._session))
        before = self._chassis
        if row == before:
            return
        if before is not None and (row is None or row.name != before.name):
            raise DatabaseError(f"the host {before.name} has another system-id now")
        if row is not None and before is None:
            holder = self._registry.claim(row.name, self)
            if holder is not None:
                raise DatabaseError(f"the system-id {row.name} is taken by the host at {holder.address}")
            _log.info("host_joined", chassis=row.name, address=self.address)
        self._chassis, self._name = row, row.name if row else ""
        if row is not None:
            self._events.chassis(row)

    def _amend(self) -> None:
        """Send what is missing, unless an earlier transaction is on its way."""
        session, found = self._session, host_facts.observed(self._view, _peer(self._session))
        if session is None or found is None or self._work.under_way:
            return
        wanted = _reachable(self._wanted(self._name), session)
        changes = (*plan(found, wanted), *self._ends.operations(self._view))
        if changes and self._work.begin(changes, wanted, time.monotonic()):
            _log.info("host_amended", chassis=found.name, operations=len(changes))
            session.call("transact", [DATABASE, *changes], self._amended)

    def _amended(self, reply: Reply) -> None:
        if self._session is not None:
            self._work.end(reply)
            self._amend()

    def _review(self, reply: Reply) -> None:
        if reply.error is None:
            self._work.refusals = ()
            self._ends.review(self._view)
            self._amend()


class _Plugged:
    """The interfaces as they were told last, and those that may look different by now."""

    __slots__ = ("_told", "touched")

    def __init__(self) -> None:
        self.touched: set[str] = set()
        self._told: dict[str, InterfaceRow] = {}

    def differences(self, view: HostView, bridge: str) -> tuple[tuple[InterfaceRow, ...], tuple[str, ...]]:
        """Return the interfaces that are new or changed, and the names of those that are gone, since the last call."""
        changed: dict[str, InterfaceRow] = {}
        gone: list[str] = []
        for uuid in values.in_turns(self.touched):
            row = host_facts.interface(view, uuid, bridge)
            before = self._told.pop(uuid, None)
            if row is not None:
                self._told[uuid] = row
                if row != before:
                    changed[row.name] = row
            if before is not None and (row is None or row.name != before.name):
                gone.append(before.name)
        self.touched = set()
        return tuple(changed.values()), tuple(name for name in gone if name not in changed)


class _Work:
    """The transaction that is on its way, and what became of the last one."""

    __slots__ = ("_began", "_count", "_refused", "_sent", "_wanted", "refusals", "under_way")

    def __init__(self) -> None:
        self.refusals: tuple[str, ...] = ()
        self.under_way = False
        self._sent: tuple[Operation, ...] = ()
        self._refused: tuple[Operation, ...] = ()
        self._wanted: Wanted | None = None
        self._began = 0.0
        self._count = 0

    def begin(self, changes: tuple[Operation, ...], wanted: Wanted, now: float) -> bool:
        """Return whether to send; what was refused is not sent again until it looks different.

        Raises DatabaseError where somebody on the host undoes each change at once, though we want what we wanted.
        """
        if changes == self._refused:
            return False
        if now - self._began > _WINDOW or wanted != self._wanted:
            self._wanted, self._began, self._count = wanted, now, 0
        self._count += 1
        if self._count > _MOST_IN_WINDOW:
            raise DatabaseError("the host does not stay as it was told")
        self._sent = changes
        self.under_way = True
        return True

    def end(self, reply: Reply) -> None:
        """Keep why the host refused; it is reported until it takes a change."""
        self.under_way = False
        self.refusals = ()
        self._refused = ()
        try:
            if reply.error is not None:
                raise reply.error
            operations.outcome(reply.result, self._sent)
        except DatabaseError as error:
            self.refusals = (f"a change was refused: {error}",)
            self._refused = self._sent


def _ask(session: Session, due: threading.Event, reviewed: Callable[[Reply], None]) -> None:
    """Have the peer send something, so that the session's thread has its turn; the peer may be slow to take it."""
    due.clear()
    session.call("echo", [], reviewed)


def _reachable(wanted: Wanted, session: Session) -> Wanted:
    if wanted.advertise:
        return wanted
    host = session.local_address or "127.0.0.1"
    shown = f"[{host}]" if ipaddress.ip_address(host).version == 6 else host  # noqa: PLR2004 - IPv6
    return replace(wanted, advertise=(f"tcp:{shown}:{wanted.openflow_port}",))


def _peer(session: Session | None) -> str | None:
    return None if session is None else session.peer_address
