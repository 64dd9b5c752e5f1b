"""All hosts: those we connect to and those that come to us, each with a session of its own and a name of its own."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from controller.errors import DatabaseError
from ovsdb.address import Tls, parse
from ovsdb.connection import Connection, Pace
from ovsdb.host import Host, HostEvents, HostStatus
from ovsdb.listening import Acceptor
from ovsdb.session import Limits, Listener, Session

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from controller.derived import HostOrder
    from controller.entities import Encap
    from ovsdb.host_plan import Wanted

_PACE = Pace(first=0.1, longest=2.0)
_MOST_SESSIONS = 1024
_REFUSALS_KEPT = 64
_JOIN_TIMEOUT = 5.0


class Hosts:
    """Keeps the hosts' bridges as ``wanted`` and tells ``events`` what they are and what is plugged into them."""

    def __init__(
        self, wanted: Wanted, events: HostEvents, tls: Tls | None = None, limits: Limits | None = None
    ) -> None:
        self._wanted = wanted
        self._orders: dict[str, HostOrder] = {}
        self._events = events
        self._tls = tls
        self._limits = limits or Limits()
        self._names = _Names()
        self._connections: list[tuple[Host, Connection]] = []
        self._acceptors: list[Acceptor] = []
        self._visits: dict[Session, Host] = {}
        self._turned_away: deque[HostStatus] = deque(maxlen=_REFUSALS_KEPT)

    def follow(self, address: str) -> None:
        """Connect to a host's database and stay connected. Raises SettingsError for an address that cannot be."""
        host = Host(address, self.wanted, self._names, self._events)
        connection = Connection([parse(address)], self._tls, host, self._limits, _PACE)
        self._connections.append((host, connection))
        connection.start()

    def listen(self, address: str) -> int:
        """Let hosts connect to us (``ovs-vsctl set-manager``); returns the port. Raises DatabaseError."""
        acceptor = Acceptor(parse(address), self._tls, self._visited, _MOST_SESSIONS)
        self._acceptors.append(acceptor)
        return acceptor.port

    def wanted(self, chassis: str) -> Wanted:
        """Return what a host should have now."""
        order = self._orders.get(chassis)
        return self._wanted if order is None else replace(self._wanted, order=order)

    def set_encaps(self, encaps: Sequence[Encap]) -> None:
        """Change which tunnel ports every host should have."""
        self._wanted = replace(self._wanted, encaps=tuple(encaps))
        self._review_all()

    def order(self, order: HostOrder) -> None:
        """Give a host what intent needs of it, in place of what it was given before; it need not be in reach."""
        self._orders[order.key] = order
        host = self._names.holder(order.key)
        if host is not None:
            host.review()

    def know_orders(self) -> None:
        """From now on take away what no order asks for: before, one might just not have been given yet."""
        self._wanted = replace(self._wanted, known=True)
        self._review_all()

    def _review_all(self) -> None:
        for host in (*(host for host, _ in self._connections), *tuple(self._visits.values())):
            host.review()

    def snapshot(self) -> tuple[HostStatus, ...]:
        """Return every host we follow, every host that came to us, and the last ones that were turned away."""
        followed = (_with_trouble(host.status(), connection.trouble) for host, connection in self._connections)
        visiting = (host.status() for host in tuple(self._visits.values()))
        return (*followed, *visiting, *self._turned_away)

    def stop(self) -> None:
        """End every session; hosts keep their bridges and flows."""
        for acceptor in self._acceptors:
            acceptor.stop()
        for session in tuple(self._visits):
            session.close("stopped")
            session.join(_JOIN_TIMEOUT)
        for _, connection in self._connections:
            connection.stop()

    def _visited(self, sock: socket.socket, peer: str) -> None:
        """Serve a host that came to us, until it leaves."""
        host = Host(peer, self.wanted, self._names, self._events)
        stay = _Stay(host)
        session = Session(sock, Listener(host.notified, stay.closed), self._limits)
        self._visits[session] = host
        session.start()
        try:
            host.opened(session)
        except DatabaseError as error:
            session.close(str(error))
        stay.over.wait()
        del self._visits[session]
        self._turned_away.append(HostStatus(peer, None, connected=False, problems=(stay.reason,)))


class _Names:
    """Which host has which name."""

    __slots__ = ("_holders", "_lock")

    def __init__(self) -> None:
        self._holders: dict[str, Host] = {}
        self._lock = threading.Lock()

    def claim(self, name: str, host: Host) -> Host | None:
        with self._lock:
            holder = self._holders.setdefault(name, host)
        return None if holder is host else holder

    def holder(self, name: str) -> Host | None:
        return self._holders.get(name)

    def release(self, name: str, host: Host) -> None:
        with self._lock:
            if self._holders.get(name) is host:
                del self._holders[name]


class _Stay:
    """One visit of a host: ``over`` once its session has ended."""

    __slots__ = ("_host", "over", "reason")

    def __init__(self, host: Host) -> None:
        self._host = host
        self.over = threading.Event()
        self.reason = ""

    def closed(self, reason: str) -> None:
        self.reason = reason
        try:
            self._host.closed(reason)
        finally:
            self.over.set()


def _with_trouble(status: HostStatus, trouble: str) -> HostStatus:
    return status if status.connected else replace(status, problems=(trouble,))
