"""Keeping one session to one of several addresses, for ever: reconnecting with a growing pause."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from controller.errors import DatabaseError
from ovsdb.address import Address, Tls, connected
from ovsdb.session import Limits, Listener, Question, Session, know_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CONNECT_TIMEOUT = 5.0
_JOIN_TIMEOUT = 5.0
_log = structlog.get_logger("ovsdb")


class Attendant(Protocol):
    """What a connection's sessions are for."""

    def opened(self, session: Session) -> None:
        """Greet the server; raises DatabaseError where it will not do, and the next address is tried."""

    def notified(self, method: str, params: list[Any]) -> None:
        """Take one notification; runs in the session's thread."""

    def closed(self, reason: str) -> None:
        """Know that the session is gone, whether or not ``opened`` had returned."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between attempts: ``first`` after a success, doubling up to ``longest``."""

    first: float
    longest: float


class Connection:
    """Keeps the session until ``stop``; ``trouble`` is why there is none now, or was none before.

    ``asked`` gets the server's requests, as a rule there are none.
    """

    def __init__(
        self,
        addresses: Sequence[Address],
        tls: Tls | None,
        attendant: Attendant,
        limits: Limits,
        pace: Pace,
        *,
        asked: Callable[[Question], None] = know_nothing,
    ) -> None:
        self._addresses = tuple(addresses)
        self._tls = tls
        self._attendant = attendant
        self._limits = limits
        self._pace = pace
        self._asked = asked
        self._stopped = threading.Event()
        self._session: Session | None = None
        self.trouble = "not connected yet"
        self._complaints: dict[Address, str] = {}
        self._thread = threading.Thread(target=self._run, name="ovsdb-connection", daemon=True)

    def start(self) -> None:
        """Connect, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End the session and do not open another; returns when both have ended."""
        self._stopped.set()
        if self._session is not None:
            self._session.close("stopped")
        if self._thread.is_alive():
            self._thread.join(_JOIN_TIMEOUT)

    def _run(self) -> None:
        pause = self._pace.first
        failures = 0
        for address in itertools.cycle(self._addresses):
            held = self._held(address)
            if self._stopped.is_set():
                return
            failures = 0 if held else failures + 1
            if failures % len(self._addresses) == 0:
                pause = self._pace.first if held else min(2 * pause, self._pace.longest)
                self._stopped.wait(pause)

    def _held(self, address: Address) -> bool:
        """Hold a session until it ends; returns whether the attendant accepted the server."""
        over = _Over(self._attendant)
        try:
            sock = connected(address, self._tls, _CONNECT_TIMEOUT)
        except DatabaseError as error:
            self._complain(address, str(error))
            return False
        session = Session(sock, Listener(self._attendant.notified, over.closed, self._asked), self._limits)
        self._session = session
        session.start()
        accepted = self._accepted(session, address)
        if self._stopped.is_set():
            session.close("stopped")
        over.event.wait()
        session.join(_JOIN_TIMEOUT)
        if accepted:
            self.trouble = over.reason
            _log.info("session_ended", address=address.target, port=address.port, reason=over.reason)
        return accepted

    def _accepted(self, session: Session, address: Address) -> bool:
        try:
            self._attendant.opened(session)
        except DatabaseError as error:
            self._complain(address, str(error))
            session.close(str(error))
            return False
        self._complaints.pop(address, None)
        return True

    def _complain(self, address: Address, complaint: str) -> None:
        """Log a failure once, not at each attempt."""
        if complaint != self._complaints.get(address):
            _log.warning("connection_failed", address=address.target, port=address.port, reason=complaint)
        self._complaints[address] = self.trouble = complaint


class _Over:
    """Tells the connection's thread that its session has ended."""

    __slots__ = ("_attendant", "event", "reason")

    def __init__(self, attendant: Attendant) -> None:
        self._attendant = attendant
        self.event = threading.Event()
        self.reason = ""

    def closed(self, reason: str) -> None:
        self.reason = reason
        try:
            self._attendant.closed(reason)
        finally:
            self.event.set()
