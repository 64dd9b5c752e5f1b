"""Cartography: all about links as one part of the daemon: who finds them, who keeps the map, who cares for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.atlas.atlas import Atlas
from controller.atlas.care import Care
from controller.atlas.scouts import Scouts
from controller.atlas.steering import Steering
from controller.core import Breath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.atlas.scouts import Tools
    from controller.core import Core
    from controller.entities import Entity
    from controller.settings import Topology
    from ovsdb.hosts import Hosts


class Cartography:
    """``followers`` want to know of changes that were compiled, ``settlers`` of bridges that came and went."""

    def __init__(self, core: Core, settings: Topology, tools: Tools, hosts: Hosts, hub: Any) -> None:
        self.scouts = Scouts(core, settings, tools, hub)
        steering = Steering(settings, Breath(hub.sleep))
        self.atlas = Atlas(core, hub, steering, self.scouts.figures, tools.remember, tools.bug)
        excused = self.scouts.excused
        self.care = Care(core.compiler.store, excused, hosts, settings, hub, tools.publish, tools.bug)
        self._core = core
        self._hub = hub
        changing = (self.scouts.probing, self.atlas, self.care)
        self.followers: tuple[Callable[[set[tuple[Any, ...]]], None], ...] = tuple(part.compiled for part in changing)
        self.settlers: tuple[Callable[[str], None], ...] = (self.scouts.probing.settled, self.atlas.settled)

    def recall(self, entities: Iterable[Entity]) -> None:
        """Take over what an earlier daemon knew; to compile it is the caller's."""
        known = tuple(entities)
        self.scouts.recall(known)
        self.atlas.recall(known)

    def go(self) -> None:
        """Begin, once the core has been given what was recalled."""
        self._core.ask(self.atlas.begin)
        self._hub.spawn(self.atlas.run)
        self._hub.spawn(self.care.run)
        self.scouts.go(self.atlas.measured)
