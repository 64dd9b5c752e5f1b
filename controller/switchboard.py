"""Between hosts, switches and the core: who connected is told to whoever it concerns.

Hosts' databases tell of chassis and interfaces, OpenFlow sessions of bridges and ports; the inventory makes entities of
both, and each session's messages go to the bridge of its chassis.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from controller.entities import Chassis
from controller.inventory import INTEGRATION_BRIDGE, TUNNELS, Inventory, News

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.core import Core
    from controller.southbound.framework import Connection
    from controller.southbound.wire import Received
    from ovsdb.rows import ChassisRow, InterfaceRow

LOCAL_PORT = 0xFFFFFFFE
HIGHEST_PORT = 0xFFFFFF00

_log = structlog.get_logger("switchboard")


class Switchboard:
    """Takes the events of hosts and of the framework."""

    def __init__(
        self,
        core: Core,
        inventory: Inventory,
        publish: Callable[[str, str, dict[str, object]], None],
        seen: Callable[[News], None],
    ) -> None:
        self._core = core
        self._inventory = inventory
        self._publish = publish
        self._seen = seen
        self._unplaced: dict[int, Connection] = {}
        self._placed: dict[Connection, str] = {}
        self._fresh: set[str] = set()

    # What hosts' databases tell (ovsdb.hosts.HostEvents).

    def chassis(self, row: ChassisRow) -> None:
        """A host joined, or looks different."""
        if self._inventory.joined(row.name):
            self._publish("chassis", f"Chassis {row.name}", {"action": "changed", "encap_ip": row.encap_ip})
        else:
            self._fresh.add(row.name)
            self._publish("chassis", f"Chassis {row.name}", {"action": "joined", "encap_ip": row.encap_ip})
        self._told(self._inventory.host(row))
        if row.dpid in self._unplaced:
            self._place(self._unplaced.pop(row.dpid), row.name)

    def interfaces(self, chassis: str, changed: tuple[InterfaceRow, ...], removed: tuple[str, ...]) -> None:
        """Interfaces came, changed or went; the first report of a session tells all there are."""
        gone = set(removed)
        if chassis in self._fresh:
            self._fresh.discard(chassis)
            gone |= self._inventory.known(chassis) - {row.name for row in changed}
        news = self._inventory.interfaces(chassis, changed, gone, time.time_ns() // 1_000_000)
        self._told(news)
        for row in changed:
            if row.iface_id and row.type not in TUNNELS:
                detail: dict[str, object] = {"chassis": chassis, "interface": row.name, "ofport": row.ofport}
                self._publish("binding", f"Interface {chassis}/{row.name}", detail | {"iface_id": row.iface_id})

    def gone(self, chassis: str) -> None:
        """The session with a host is lost; its data plane goes on, and so does what we know of it."""
        self._inventory.left(chassis)
        self._publish("chassis", f"Chassis {chassis}", {"action": "out of reach"})

    # What the framework tells (controller.southbound.framework.Switchboard).

    def opened(self, connection: Connection) -> None:
        """A switch connected: it belongs to a host we know, to one that has yet to tell, or to itself."""
        chassis = self._inventory.chassis_of(connection.dpid)
        if chassis is not None:
            self._place(connection, chassis)
            self.ports(connection)
            return
        ports = {port.number: port.name for port in connection.ports()}
        local = ports.get(LOCAL_PORT, f"{connection.dpid:016x}")
        if local == INTEGRATION_BRIDGE:
            self._unplaced[connection.dpid] = connection
            return
        self._place(connection, local)
        self.ports(connection)

    def received(self, connection: Connection, message: Received) -> None:
        """A flow message, for the bridge of its chassis."""
        chassis = self._placed.get(connection)
        if chassis is not None:
            self._core.bridge(chassis).inbox.put((connection, message))

    def ports(self, connection: Connection) -> None:
        """The ports of a bare bridge; those of a host's bridge are told by its database."""
        ports = {port.number: port.name for port in connection.ports()}
        local = ports.get(LOCAL_PORT, f"{connection.dpid:016x}")
        numbered = {number: name for number, name in ports.items() if 0 < number < HIGHEST_PORT}
        self._submit(self._inventory.bare_bridge(connection.dpid, numbered, local))

    def closed(self, connection: Connection) -> None:
        """A switch's connection is gone."""
        chassis = self._placed.pop(connection, None)
        if chassis is None:
            self._unplaced = {dpid: held for dpid, held in self._unplaced.items() if held is not connection}
            return
        self._core.bridge(chassis).inbox.put((connection, None))
        _log.info("switch_left", chassis=chassis)
        self._publish("health", f"Chassis {chassis}", {"action": "switch disconnected"})

    def _place(self, connection: Connection, chassis: str) -> None:
        self._placed[connection] = chassis
        self._core.ask(_Greeting(self._core, chassis, connection))
        _log.info("switch_joined", chassis=chassis, dpid=f"{connection.dpid:016x}", peer=connection.peer)
        self._publish("health", f"Chassis {chassis}", {"action": "switch connected"})

    def _told(self, news: News) -> None:
        """What a host's database told is worth remembering beyond this daemon's life."""
        self._seen(news)
        self._submit(news)

    def _submit(self, news: News) -> None:
        if news.puts or news.deletes:
            self._core.submit(news.puts, news.deletes)


class _Greeting:
    """A switch is read only after the core has taken in what was told of it before."""

    def __init__(self, core: Core, chassis: str, connection: Connection) -> None:
        self._core, self._chassis, self._connection = core, chassis, connection

    def __call__(self) -> None:
        """Hand the connection to its bridge."""
        known = self._core.store.get(Chassis, self._chassis) is not None
        _log.debug("switch_greeted", chassis=self._chassis, known=known)
        self._core.bridge(self._chassis).inbox.put(self._connection)
