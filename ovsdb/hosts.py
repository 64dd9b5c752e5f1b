"""All hosts: those we connect to and those that come to us, each with a session of its own and a name of its own."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ovsdb import conntrack
from ovsdb.address import Tls, parse
from ovsdb.connection import Connection, Pace
from ovsdb.host import Host, HostEvents, HostStatus
from ovsdb.listening import Acceptor
from ovsdb.session import Limits
from ovsdb.visits import Visits
from ovsdb.wire_ends import WireEnds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from controller.derived import HostOrder
    from controller.entities import Encap
    from controller.links import WireEnd
    from ovsdb.host_plan import Wanted

_PACE = Pace(first=0.1, longest=2.0)
_MOST_SESSIONS = 1024
_TELL_TIMEOUT = 30.0


class Hosts:
    """Keeps the hosts' bridges as ``wanted`` and tells ``events`` what they are and what is plugged into them."""

    def __init__(
        self, wanted: Wanted, events: HostEvents, tls: Tls | None = None, limits: Limits | None = None
    ) -> None:
        self.ends = WireEnds()
        self._wanted = wanted
        self._orders: dict[str, HostOrder] = {}
        self._tls = tls
        self._limits = limits or Limits()
        self._names = _Names()
        self._connections: list[tuple[Host, Connection]] = []
        self._acceptors: list[Acceptor] = []
        self._host = partial(Host, wanted=self.wanted, registry=self._names, events=events, ends=self.ends)
        self._visits = Visits(self._host, self._names, self._limits)

    def follow(self, address: str) -> None:
        """Connect to a host's database and stay connected. Raises SettingsError for an address that cannot be."""
        host = self._host(address)
        connection = Connection([parse(address)], self._tls, host, self._limits, _PACE)
        self._connections.append((host, connection))
        connection.start()

    def listen(self, address: str) -> int:
        """Let hosts connect to us (``ovs-vsctl set-manager``); returns the port. Raises DatabaseError."""
        acceptor = Acceptor(parse(address), self._tls, self._visits.serve, _MOST_SESSIONS)
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

    def tend(self, ends: Iterable[WireEnd]) -> None:
        """From now on this is wanted of interfaces at the ends of wires, and nothing else that ever was."""
        known = self.ends.known
        changed = self.ends.ask(ends)
        if changed or not known:
            self._wanted = replace(self._wanted, ends=self._wanted.ends + 1)
            self._review_all(changed if known else None)

    def _review_all(self, dpids: frozenset[int] | None = None) -> None:
        for host in (*(host for host, _ in self._connections), *self._visits.hosts()):
            host.review(dpids)

    def snapshot(self) -> tuple[HostStatus, ...]:
        """Return every host we follow, every host that came to us, and the last ones that were turned away."""
        followed = (_with_trouble(host.status(), connection.trouble) for host, connection in self._connections)
        return (*followed, *self._visits.snapshot())

    def connections(self, chassis: str, zone: int | None, take: Callable[[bytes], None]) -> None:
        """Give ``take`` blocks of whole lines, one for each connection that a host's switch tracks in ``zone``, or all.

        Asks the switch itself on this machine, else the host's agent. Raises DatabaseError.
        """
        host = self._names.holder(chassis)
        local = parse(host.address) if host is not None and host.address.startswith("unix:") else None
        if local is None:
            self._visits.connections(chassis, zone, take, _TELL_TIMEOUT)
            return
        for block in conntrack.dump(Path(local.target).parent, zone):
            take(block)

    def stop(self) -> None:
        """End every session; hosts keep their bridges and flows."""
        for acceptor in self._acceptors:
            acceptor.stop()
        self._visits.stop()
        for _, connection in self._connections:
            connection.stop()


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


def _with_trouble(status: HostStatus, trouble: str) -> HostStatus:
    return status if status.connected else replace(status, problems=(trouble,))
