"""Draining: whether a link or a bridge that is to be left alone is, so that it may be taken away without any loss."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from controller.courses import Middlebox
from controller.derived import Endpoint
from controller.links import Placed, Track
from topology.tracks import followed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from controller.atlas.mapping import Mapping
    from controller.core import Core
    from topology.fabric import Fabric
    from topology.map import Map

DIGESTED = 0.5
"""Seconds after which Open vSwitch forwards by what it was told last (measured: 0.17 on a busy machine)."""
FEW = 5
"""So many names are told before it is only said how many there are."""


class Draining:
    """Answers about links and bridges; ``settled`` says whether all that was said of them is on its way to switches."""

    def __init__(self, core: Core, ground: Map, mapping: Mapping, fabric: Fabric, settled: Callable[[], bool]) -> None:
        self._core = core
        self._ground = ground
        self._mapping = mapping
        self._fabric = fabric
        self._settled = settled
        self._turns: dict[str, int] = {}
        self._steered = 0
        self._changed = 0.0

    def routed(self, bridge: str) -> None:
        """Routes of a bridge changed in the turn that was just compiled."""
        self._turns[bridge] = self._core.turn
        self._changed = time.monotonic()

    def steered(self) -> None:
        """Tracks changed in the turn that was just compiled."""
        self._steered = self._core.turn
        self._changed = time.monotonic()

    def of(self, name: str) -> dict[str, Any]:
        """``{"drained", "reason", "message"}`` of a link (its ends in either order) or else a bridge.

        Reasons are Unknown, NotAsked, Changing, OnlyWay, Steered, OutOfReach, Confirming, and where it is Drained, or
        Inhabited: nothing passes through a bridge that machines are plugged into.
        """
        ends = self._mapping.cables.ends(name)
        if ends is None and name not in self._ground:
            return _no("Unknown", f"there is no link or bridge {name}")
        if not self._asked(name, ends):
            return _no("NotAsked", f"{name} is not in maintenance")
        if not self._settled():
            return _no("Changing", "routes are being worked out")
        if ends in self._fabric.waiting.costs or name in self._fabric.waiting.tolls:
            deaf = self._mapping.deaf(self._core.bridges)
            return _no("OutOfReach", f"{_listed(deaf)} cannot be told, and would lead frames astray")
        neighbours = tuple(self._ground.graph[name]) if ends is None else ends
        return self._used(name, ends, neighbours) or self._confirmed(name, neighbours)

    def _asked(self, name: str, ends: tuple[str, str] | None) -> bool:
        if ends is None:
            return self._ground.site(name).drained
        edge = self._ground.edge(*ends)
        return edge is None or edge.drained

    def _used(self, name: str, ends: tuple[str, str] | None, neighbours: Collection[str]) -> dict[str, Any] | None:
        """What still goes there; None where nothing does."""
        trees = self._fabric.routing.trees.values()
        steps = [(other, name) for other in neighbours] if ends is None else [ends, ends[::-1]]
        destinations = [
            tree.destination
            for tree in trees
            if tree.destination != name and any(hop in tree.next_hops.get(bridge, ()) for bridge, hop in steps)
        ]
        if destinations:
            return _no("OnlyWay", f"nothing else leads to {_listed(destinations)}")
        steered = {policy for policy, track in self._followed() if _passes(track, name, ends)}
        return _no("Steered", f"path policies lead there: {_listed(steered)}") if steered else None

    def _followed(self) -> Iterator[tuple[str, Track]]:
        """Policies with the tracks that packets take while nothing fails: detours are there for when something does."""
        store = self._core.compiler.store
        for policy, number in {(placed.policy, placed.track) for placed in store.all(Placed)}:
            for track in followed(number, lambda each: store.get(Track, str(each))):
                yield policy, track

    def _confirmed(self, name: str, bridges: Collection[str]) -> dict[str, Any]:
        """Whether who could send there has heard that it is not to."""
        known, newest = self._core.bridges, self._core.turn
        silent = [key for key in bridges if key not in known or not known[key].in_sync]
        if silent:
            return _no("OutOfReach", f"{_listed(silent)} cannot be reached, and may still send there")
        waiting = [key for key in bridges if known[key].confirmed(newest) < max(self._turns.get(key, 0), self._steered)]
        if waiting:
            return _no("Confirming", f"{_listed(waiting)} have yet to confirm")
        if time.monotonic() - self._changed < DIGESTED:
            return _no("Confirming", "switches have confirmed, and may not go by it yet")
        machines = self._machines(name)
        if machines:
            return _yes("Inhabited", f"nothing passes through {name} any more; plugged in there: {_listed(machines)}")
        return _yes("Drained", f"nothing goes by {name} any more")

    def _machines(self, bridge: str) -> list[str]:
        """Whose packets begin and end at a bridge, whatever is said of it; of a link there are none."""
        store = self._core.compiler.store
        boxes = [box.key for box in store.all(Middlebox) if box.chassis == bridge]
        return [*store.where(Endpoint, "chassis", bridge), *boxes]


def _passes(track: Track, name: str, ends: tuple[str, str] | None) -> bool:
    if ends is None:
        return name in track.bridges[1:-1]
    return any(set(step) == set(ends) for step in zip(track.bridges, track.bridges[1:], strict=False))


def _no(reason: str, message: str) -> dict[str, Any]:
    return {"drained": False, "reason": reason, "message": message}


def _yes(reason: str, message: str) -> dict[str, Any]:
    return {"drained": True, "reason": reason, "message": message}


def _listed(names: Iterable[str]) -> str:
    found = sorted(set(names))
    more = f" and {len(found) - FEW} more" if len(found) > FEW else ""
    return ", ".join(found[:FEW]) + more
