"""The switchboard: each OpenFlow session belongs to a chassis, and its messages go to that chassis' bridge.

Packets pass it by: what a switch hands us goes at once to whoever answers, and the answer at once to the switch, past
all flows that wait to be sent; so do questions what flows have counted. A bridge is a host's, of which the host's
database tells, perhaps later; or it is bare, and only OpenFlow tells of it.
"""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING

import structlog

from controller.entities import Chassis
from controller.flow.actions import CONTROLLER_RESERVED
from controller.inventory import INTEGRATION_BRIDGE, LARGEST_PORT, Inventory, News
from controller.southbound.agenda import Flush
from controller.southbound.flow_counts import FlowCounts
from controller.southbound.packets import PacketIn, packet_out
from controller.southbound.xids import Concern

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from controller.core import Core
    from controller.flow.actions import Action
    from controller.southbound.conntrack import Connections
    from controller.southbound.framework import Connection
    from controller.southbound.inbound import Received
    from controller.southbound.ports import PortDescription

LOCAL_PORT = 0xFFFFFFFE
REFUSALS_KEPT = 256
REFUSAL_SECONDS = 5
MOST_UNPLACED = 256
FLUSH_AGAIN_SECONDS = (0.5, 2.0)
"""Open vSwitch looks through what it derived from its flows in well under 2 s, and drops some of it where it cannot."""
PLAIN_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,15}")

_log = structlog.get_logger("switchboard")


class Switchboard:
    """Takes the framework's events (``controller.southbound.framework.Switchboard``)."""

    def __init__(
        self,
        core: Core,
        inventory: Inventory,
        publish: Callable[[str, str, dict[str, object]], None],
        punted: Callable[[str, PacketIn], None],
        seen: Callable[[News], None],
    ) -> None:
        self.watchers: list[Callable[[str, tuple[PortDescription, ...]], None]] = []
        self._core = core
        self._inventory = inventory
        self._publish = publish
        self._punted = punted
        self._tell = partial(_told, core, seen)
        self._unplaced: dict[int, Connection] = {}
        self._placed: dict[Connection, str] = {}
        self._refusals: dict[str, float] = {}
        self.counts = FlowCounts(partial(_connection, core))

    def opened(self, connection: Connection) -> None:
        """A switch connected: it belongs to a host we know, to one that has yet to tell, or to itself."""
        chassis = self._inventory.chassis_of(connection.dpid)
        if chassis is not None and _renamed(chassis, connection, self._inventory, self._placed.values()):
            self._tell(News(deletes=self._inventory.forget_bare(chassis)))
            chassis = None
        if chassis is None:
            chassis = _own_name(connection)
            if chassis == INTEGRATION_BRIDGE:
                self._wait(connection)
                return
            taken = self._inventory.bare_taken(chassis)
            spare = _spare(self._core, self._placed.values()) if taken is not None else None
            if spare is not None and not self._inventory.hosted(chassis):
                self._tell(News(deletes=self._inventory.forget_bare(spare)))
                taken = None
            if taken is not None:
                self._refuse(connection, taken)
                return
        if self._place(connection, chassis):
            self.ports(connection)

    def refused(self, connection: Connection, reason: str) -> None:
        """A peer of the OpenFlow port is not served, for this reason; told of each peer every now and then."""
        now = time.monotonic()
        if now - self._refusals.get(connection.peer, -REFUSAL_SECONDS) < REFUSAL_SECONDS:
            return
        if len(self._refusals) >= REFUSALS_KEPT:
            del self._refusals[next(iter(self._refusals))]
        self._refusals[connection.peer] = now
        _log.warning("switch_refused", peer=connection.peer, reason=reason)
        self._publish("health", f"OpenFlow peer {connection.peer}", {"refused": reason})

    def received(self, connection: Connection, message: Received) -> None:
        """A packet, for whoever answers those; else a flow message, for the bridge of its chassis."""
        chassis = self._placed.get(connection)
        match message:
            case _ if chassis is None:
                return
            case PacketIn():
                self._punted(chassis, message)
            case _ if not self.counts.received(message):
                self._core.bridge(chassis).inbox.put((connection, message))

    def emit(self, chassis: str, frame: bytes, actions: tuple[Action, ...], in_port: int = CONTROLLER_RESERVED) -> bool:
        """Have a chassis' switch put a frame through ``actions``, as if it had come in at ``in_port``; never waits.

        False where it is not sent: the switch is away, or takes in less than it is given. Raises ValueError for a
        frame that no message can hold.
        """
        connection = _connection(self._core, chassis)
        if connection is None:
            return False
        return connection.offer(packet_out(frame, actions, Concern.PACKET_OUT.xid(), in_port))

    def flush(self, chassis: str, connections: Connections) -> None:
        """Have a switch forget connections, once it has taken in every change that was submitted before.

        One that is away forgets them when it comes back.
        """
        self._core.ask(_Message(self._core, chassis, Flush(connections, FLUSH_AGAIN_SECONDS)))

    def ports(self, connection: Connection) -> None:
        """A bridge's ports and their states; which interfaces a host has, its database tells."""
        chassis = self._placed.get(connection)
        if chassis is None:
            return
        for watcher in self.watchers:
            watcher(chassis, connection.ports())
        if self._inventory.hosted(chassis):
            return
        ports = {port.number: port.name for port in connection.ports()}
        numbered = {number: name for number, name in ports.items() if 0 < number < LARGEST_PORT}
        self._tell(self._inventory.bare_bridge(connection.dpid, numbered, chassis))

    def placed(self, dpid: int, chassis: str) -> None:
        """A host told of its bridge, which may have connected before."""
        connection = self._unplaced.pop(dpid, None)
        if connection is not None and self._place(connection, chassis):
            self.ports(connection)

    def closed(self, connection: Connection) -> None:
        """A switch's connection is gone."""
        self.counts.closed(connection)
        chassis = self._placed.pop(connection, None)
        if chassis is None:
            self._unplaced = {dpid: held for dpid, held in self._unplaced.items() if held is not connection}
            return
        self._core.bridge(chassis).inbox.put((connection, None))
        _log.info("switch_left", chassis=chassis)
        self._publish("health", f"Chassis {chassis}", {"action": "switch disconnected"})

    def _wait(self, connection: Connection) -> None:
        """A host's bridge may connect before the host's database has told of it."""
        held = self._unplaced.get(connection.dpid)
        if len(self._unplaced) >= MOST_UNPLACED or (held is not None and held.peer != connection.peer):
            self._refuse(connection, f"no host has told of a bridge with datapath id {connection.dpid:016x}")
            return
        if held is not None:
            held.close()
        self._unplaced[connection.dpid] = connection

    def _refuse(self, connection: Connection, reason: str) -> None:
        connection.refuse(reason)
        self.refused(connection, reason)

    def _place(self, connection: Connection, chassis: str) -> bool:
        """Give a connection to its chassis; who has it already keeps it, unless it is the same switch come back."""
        held = next((held for held, name in self._placed.items() if name == chassis), None)
        if held is not None and (held.peer, held.dpid) != (connection.peer, connection.dpid):
            self._refuse(connection, f"chassis {chassis} is connected already, from {held.peer}")
            return False
        self._placed[connection] = chassis
        self._core.ask(_Message(self._core, chassis, connection))
        _log.info("switch_joined", chassis=chassis, dpid=f"{connection.dpid:016x}", peer=connection.peer)
        self._publish("health", f"Chassis {chassis}", {"action": "switch connected"})
        return True


def _own_name(connection: Connection) -> str:
    """What a bridge calls itself by its local port; its datapath id where that cannot be a name."""
    local = next((port.name for port in connection.ports() if port.number == LOCAL_PORT), "")
    return local if PLAIN_NAME.fullmatch(local) else f"{connection.dpid:016x}"


def _renamed(chassis: str, connection: Connection, inventory: Inventory, connected: Collection[str]) -> bool:
    """Whether a bare bridge that was called so before, and is not connected, calls itself otherwise now."""
    if inventory.hosted(chassis) or chassis in connected:
        return False
    return _own_name(connection) not in {chassis, INTEGRATION_BRIDGE}


def _spare(core: Core, connected: Collection[str]) -> str | None:
    """A bare bridge that can be forgotten for another: one that is not connected."""
    bare = {found.key for found in core.compiler.store.all(Chassis) if found.bare}
    return max(bare.difference(connected), default=None)


def _told(core: Core, seen: Callable[[News], None], news: News) -> None:
    seen(news)
    core.submit(news.puts, news.deletes)


class _Message:
    """A bridge is told of a switch, or of what to forget, only after the core has taken in what came before."""

    def __init__(self, core: Core, chassis: str, news: Connection | Flush) -> None:
        self._core, self._chassis, self._news = core, chassis, news

    def __call__(self) -> None:
        """Put it into the bridge's inbox."""
        self._core.bridge(self._chassis).inbox.put(self._news)


def _connection(core: Core, chassis: str) -> Connection | None:
    bridge = core.bridges.get(chassis)
    return bridge.connection if bridge else None
