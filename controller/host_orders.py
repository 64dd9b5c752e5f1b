"""Host orders: what the compiler derives for hosts is given to them as soon as it is derived.

Liveness needs both ends: whom a chassis watches watches it as well.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from controller.derived import HostOrder
from controller.entities import Chassis

if TYPE_CHECKING:
    from controller.store import Store


class Hosts(Protocol):
    """Who carries orders out (``ovsdb.hosts.Hosts``)."""

    def order(self, order: HostOrder) -> None:
        """Give a host what intent needs of it, in place of what it was given before."""

    def know_orders(self) -> None:
        """From now on, take away what no order asks for."""


class HostOrders:
    """What each host was told last; it is told again only what differs."""

    def __init__(self, store: Store, hosts: Hosts) -> None:
        self._store = store
        self._hosts = hosts
        self._watchers: dict[str, set[str]] = {}
        self._watched: dict[str, frozenset[str]] = {}
        self._told: dict[str, HostOrder] = {}

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """A change was compiled; tell the hosts that it concerns."""
        orders = {read[2] for read in changed if read[0] == "get" and read[1] is HostOrder}
        moved = {read[2] for read in changed if read[0] == "get" and read[1] is Chassis}
        concerned = set(orders)
        for chassis in orders:
            concerned |= self._rewatched(chassis)
        for chassis in moved:
            concerned |= self._watched.get(chassis, frozenset())
        for chassis in sorted(concerned):
            self._tell(chassis)

    def complete(self) -> None:
        """Everything that is known was compiled: what no host was told by now is not asked of it."""
        self._hosts.know_orders()

    def _rewatched(self, chassis: str) -> frozenset[str]:
        """Note whom a chassis watches now; returns those for whom that is news."""
        order: HostOrder | None = self._store.get(HostOrder, chassis)
        before = self._watched.pop(chassis, frozenset())
        now = frozenset(peer for peer, _ in order.watches) if order else frozenset()
        if now:
            self._watched[chassis] = now
        for peer in before - now:
            self._watchers[peer].discard(chassis)
        for peer in now - before:
            self._watchers.setdefault(peer, set()).add(chassis)
        return before ^ now

    def _tell(self, chassis: str) -> None:
        order: HostOrder = self._store.get(HostOrder, chassis) or HostOrder(chassis)
        back = ((peer, self._address(peer)) for peer in self._watchers.get(chassis, ()))
        watches = {peer: address for peer, address in back if address} | dict(order.watches)
        whole = replace(order, watches=tuple(sorted(watches.items())))
        if self._told.get(chassis, HostOrder(chassis)) != whole:
            self._told[chassis] = whole
            self._hosts.order(whole)

    def _address(self, chassis: str) -> str | None:
        known: Chassis | None = self._store.get(Chassis, chassis)
        return known.encap_ip if known else None
