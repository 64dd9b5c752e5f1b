"""Host news: what hosts' databases tell of chassis and interfaces, for the inventory, the core and those who listen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import structlog

from controller.core import World
from controller.host_states import DONE
from controller.inventory import TUNNELS, Inventory, News

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.core import Core
    from controller.switchboard import Switchboard
    from ovsdb.rows import ChassisRow, InterfaceRow

_log = structlog.get_logger("hosts")


class Listener(Protocol):
    """Who wants to know what hosts say of their interfaces beyond what is worth compiling."""

    def heard(self, chassis: str, changed: tuple[InterfaceRow, ...], removed: tuple[str, ...], *, whole: bool) -> None:
        """Interfaces came, changed or went; ``whole``: these are all there are."""

    def left(self, chassis: str) -> None:
        """A host is out of reach."""


class HostNews:
    """Takes the events of hosts (``ovsdb.host.HostEvents``); ``seen`` gets what is worth remembering."""

    def __init__(
        self,
        core: Core,
        inventory: Inventory,
        switchboard: Switchboard,
        publish: Callable[[str, str, dict[str, object]], None],
        seen: Callable[[News], None],
    ) -> None:
        self._core = core
        self._inventory = inventory
        self._switchboard = switchboard
        self._publish = publish
        self._seen = seen
        self.listeners: list[Listener] = []
        self._fresh: set[str] = set()

    def chassis(self, row: ChassisRow) -> None:
        """A host joined, or looks different."""
        joined = not self._inventory.joined(row.name)
        if joined:
            self._fresh.add(row.name)
        action = "joined" if joined else "changed"
        self._publish("chassis", f"Chassis {row.name}", {"action": action, "encap_ip": row.encap_ip})
        self.told(self._inventory.host(row))
        holder = self._inventory.chassis_of(row.dpid or 0)
        if holder not in {None, row.name}:
            _log.warning("datapath_claimed", chassis=row.name, holder=holder)
            self._publish("health", f"Chassis {row.name}", {"refused": f"its bridge has the datapath id of {holder}'s"})
        elif row.dpid:
            self._switchboard.placed(row.dpid, row.name)

    def interfaces(self, chassis: str, changed: tuple[InterfaceRow, ...], removed: tuple[str, ...]) -> None:
        """Interfaces came, changed or went; the first report of a session tells all there are."""
        now, whole = time.time_ns() // 1_000_000, chassis in self._fresh
        self._fresh.discard(chassis)
        for listener in self.listeners:
            listener.heard(chassis, changed, removed, whole=whole)
        self.told(self._inventory.interfaces(chassis, changed, removed, now, whole=whole))
        for row in changed:
            if row.state not in {None, DONE}:
                self._publish("health", f"Chassis {chassis}", {"interface": row.name, "trouble": row.state})
            if row.iface_id and row.type not in TUNNELS:
                detail: dict[str, object] = {"chassis": chassis, "interface": row.name, "ofport": row.ofport}
                self._publish("binding", f"Interface {chassis}/{row.name}", detail | {"iface_id": row.iface_id})

    def gone(self, chassis: str) -> None:
        """The session with a host is lost; its data plane goes on, and so does what we know of it."""
        self._inventory.left(chassis)
        for listener in self.listeners:
            listener.left(chassis)
        self._publish("chassis", f"Chassis {chassis}", {"action": "out of reach"})

    def told(self, news: News) -> None:
        """Remember this, and compile it."""
        self._seen(news)
        self._core.submit(news.puts, news.deletes)

    def hastened(self, news: News) -> None:
        """The same ahead of all that is not about links, ports that are dead, and ways."""
        self._seen(news)
        self._core.hasten(World(news.puts, news.deletes))
