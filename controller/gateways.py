"""Gateways: each router with an external network of its own has one chassis that carries it, and another when it dies.

Hosts watch gateways by BFD and write what they hear into their databases, which tell us as it changes: nothing is
asked for, and nothing is waited for. What hosts say counts while their database and their switch are both in reach.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from controller import election
from controller.entities import Chassis, Network, Router, Seat
from controller.inventory import News

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.core import Core
    from controller.entities import Entity
    from controller.inventory import Inventory
    from controller.store import Store
    from ovsdb.rows import InterfaceRow, Liveness

PATIENCE = 10.0
"""Seconds in which a host that hears one gateway ought to hear another: BFD needs about three to begin."""
_ELECTED_BY = (Router, Network, Chassis)
_log = structlog.get_logger("gateways")


class Gateways:
    """Who carries which router, and what is said of gateways; ``tell`` gets every change, to be kept and compiled."""

    def __init__(
        self,
        core: Core,
        inventory: Inventory,
        hub: Any,
        tell: Callable[[News], None],
        publish: Callable[[str, str, dict[str, object]], None],
    ) -> None:
        self._core = core
        self._inventory = inventory
        self._hub = hub
        self._tell = tell
        self._publish = publish
        self._seats: dict[str, str] = {}
        self._said: dict[str, dict[str, tuple[str, Liveness]]] = {}
        self._witnesses: set[str] = set()
        self._silent_since: dict[str, float] = {}

    def recall(self, entities: Iterable[Entity]) -> None:
        """Take over who carried what before this daemon started."""
        self._seats = {entity.key: entity.chassis for entity in entities if isinstance(entity, Seat)}

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """A change was compiled: where it concerns routers or chassis, choose again."""
        if any(read[0] == "get" and read[1] in _ELECTED_BY for read in changed):
            self._review()

    def heard(self, chassis: str, changed: tuple[InterfaceRow, ...], removed: tuple[str, ...], *, whole: bool) -> None:
        """A host told of its interfaces, and among them of whom it watches; ``whole``: these are all there are."""
        said = {} if whole else dict(self._said.get(chassis, {}))
        for name in removed:
            said.pop(name, None)
        for row in changed:
            said.pop(row.name, None)
            if row.watch is not None:
                said[row.name] = (row.watch.peer, row.watch.liveness)
        if said != self._said.get(chassis, {}):
            self._said[chassis] = said
            self._review()

    def left(self, chassis: str) -> None:
        """A host's database is out of reach: what it said may have changed."""
        if self._said.pop(chassis, None):
            self._review()

    def settled(self, chassis: str) -> None:
        """A chassis' switch came or went, perhaps: a switch that is not there hears nobody."""
        if chassis in self._said and self._present(chassis) != (chassis in self._witnesses):
            self._review()

    def _present(self, chassis: str) -> bool:
        bridge = self._core.bridges.get(chassis)
        return self._inventory.joined(chassis) and bridge is not None and bridge.connection is not None

    def _known(self) -> election.Evidence:
        self._witnesses = {chassis for chassis in self._said if self._present(chassis)}
        words = {chassis: dict(self._said[chassis].values()) for chassis in self._witnesses}
        reached = frozenset(key for key in self._core.compiler.store.keys(Chassis) if self._inventory.joined(key))
        found = election.evidence(words, reached)
        now = time.monotonic()
        if found.silent - self._silent_since.keys():
            self._hub.spawn(self._look_again)
        self._silent_since = {chassis: self._silent_since.get(chassis, now) for chassis in found.silent}
        gone = {chassis for chassis, since in self._silent_since.items() if now - since >= PATIENCE}
        return replace(found, gone=found.gone | gone)

    def _look_again(self) -> None:
        """Whom nobody hears though others are heard is gone, if that stays so."""
        self._hub.sleep(PATIENCE)
        self._review()

    def _review(self) -> None:
        """Choose for every router; tell what differs."""
        store, known = self._core.compiler.store, self._known()
        chassis = store.all(Chassis)
        seats: dict[str, str] = {}
        candidates: dict[str, list[str]] = {}
        for key in list(store.keys(Router)):
            physical = _physical_network(store, store.get(Router, key), self._seats.get(key))
            if physical is None:
                continue
            if physical not in candidates:
                candidates[physical] = election.candidates(chassis, physical)
            chosen = election.elect(key, candidates[physical], known, self._seats.get(key))
            if chosen is not None:
                seats[key] = chosen
        self._announce(seats)

    def _announce(self, seats: dict[str, str]) -> None:
        before, self._seats = self._seats, seats
        news = News(deletes=[(Seat, key) for key in before if key not in seats])
        for key, chassis in seats.items():
            if before.get(key) != chassis:
                news.puts.append(Seat(key, chassis))
                _log.info("gateway_chosen", router=key, chassis=chassis, before=before.get(key))
                self._publish("topology", f"Router {key}", {"gateway": chassis, "before": before.get(key)})
        if news.puts or news.deletes:
            self._tell(news)


def _physical_network(store: Store, router: Router | None, current: str | None) -> str | None:
    """Which physical network a router leaves by; "" while its network is not known and somebody carries it."""
    if router is None or router.external is None:
        return None
    network: Network | None = store.get(Network, router.external.network)
    if network is None:
        return "" if current is not None else None
    return network.physical_network if network.mode == "bridged" else None
