"""Visits: hosts' databases that come to us, and hosts' agents, each with a session of its own until it leaves.

An agent says of which host it is; it is believed if it comes from where that host's database came from. It is asked
for what the host's switch tracks, and never for anything that changes the host.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from controller.errors import DatabaseError
from ovsdb import agent_words, values
from ovsdb.host import Host, HostStatus
from ovsdb.session import Limits, Listener, Question, Session

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

_JOIN_TIMEOUT = 5.0
_REFUSALS_KEPT = 64
_LARGEST_BLOCK = 1 << 20


class Names(Protocol):
    """Which host has which name."""

    def holder(self, name: str) -> Host | None:
        """The host that has a name now."""


class Visits:
    """Serves whoever comes; ``host`` makes the attendant of a host at an address."""

    def __init__(self, host: Callable[[str], Host], names: Names, limits: Limits) -> None:
        self._host = host
        self._names = names
        self._limits = limits
        self._stays: dict[Session, _Stay] = {}
        self._turned_away: deque[HostStatus] = deque(maxlen=_REFUSALS_KEPT)

    def serve(self, sock: socket.socket, peer: str) -> None:
        """Serve one, until it leaves."""
        stay = _Stay(self._host(peer), self._names)
        session = Session(sock, Listener(stay.notified, stay.closed, stay.asked), self._limits)
        stay.session = session
        self._stays[session] = stay
        session.start()
        try:
            stay.host.opened(session)
        except DatabaseError as error:
            session.close(str(error))
        stay.over.wait()
        del self._stays[session]
        if not stay.agent_of:
            self._turned_away.append(HostStatus(peer, None, connected=False, problems=(stay.reason,)))

    def hosts(self) -> tuple[Host, ...]:
        """Every host that is here."""
        return tuple(stay.host for stay in tuple(self._stays.values()) if not stay.agent_of)

    def snapshot(self) -> tuple[HostStatus, ...]:
        """Every host that is here, and the last ones that were turned away."""
        return (*(host.status() for host in self.hosts()), *self._turned_away)

    def connections(self, chassis: str, zone: int | None, take: Callable[[bytes], None], timeout: float) -> None:
        """Give ``take`` blocks of whole lines, one for each connection that a host's switch tracks.

        Raises DatabaseError: where no agent of the host is here, and what the agent says went wrong.
        """
        stay = next((stay for stay in tuple(self._stays.values()) if stay.agent_of == chassis), None)
        if stay is None:
            raise DatabaseError(f"no netloom agent of {chassis} is connected")
        stay.ask(zone, take, timeout)

    def stop(self) -> None:
        """End every session."""
        for session in tuple(self._stays):
            session.close("stopped")
            session.join(_JOIN_TIMEOUT)


class _Stay:
    """One visit: ``over`` once its session has ended; ``agent_of`` is a host's name once an agent said it is one."""

    def __init__(self, host: Host, names: Names) -> None:
        self.host = host
        self.session: Session | None = None
        self.agent_of = ""
        self.over = threading.Event()
        self.reason = ""
        self._names = names
        self._numbers = itertools.count(1)
        self._takers: dict[int, Callable[[bytes], None]] = {}

    def notified(self, method: str, params: list[Any]) -> None:
        match method, params:
            case (agent_words.LINES, [int(number), str(block)]) if self.agent_of:
                take = self._takers.get(number)
                if take is not None:
                    take(values.text(block, _LARGEST_BLOCK).encode())
            case _:
                self.host.notified(method, params)

    def asked(self, question: Question) -> None:
        match question.method, question.params:
            case (agent_words.HELLO, [str(name)]):
                trouble = self._unbelievable(name)
                self.agent_of = "" if trouble else name
                question.answer({}, trouble)
            case _:
                question.answer(None, "unknown method")

    def ask(self, zone: int | None, take: Callable[[bytes], None], timeout: float) -> None:
        number = next(self._numbers)
        if self.session is None:
            raise DatabaseError(f"the netloom agent of {self.agent_of} has left")
        self._takers[number] = take
        try:
            self.session.request(agent_words.CONNECTIONS, [number, zone], timeout)
        finally:
            del self._takers[number]

    def closed(self, reason: str) -> None:
        self.reason = reason
        try:
            self.host.closed(reason)
        finally:
            self.over.set()

    def _unbelievable(self, name: str) -> str | None:
        """Why this is no agent of the host that it names."""
        host = self._names.holder(name)
        here = self.session.peer_address if self.session else None
        if host is None:
            return f"{name} has not joined"
        if host.peer_address != here:
            return f"{name} is at {host.peer_address}, not at {here}"
        return None
