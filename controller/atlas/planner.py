"""Planner: what becomes of routes and tracks when facts of the map are otherwise, one turn after the other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from controller.derived import Audience
from controller.entities import Chassis
from topology.fabric import Fabric, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from controller.atlas.mapping import Mapping, Place
    from controller.atlas.placements import Placements
    from controller.core import Core
    from topology.map import Map


PATIENCE = 30.0
"""Seconds that a plan waits for a bridge that cannot be told; who is silent for longer may not be there at all."""


class Planner:
    """Keeps routes with the map; ``placements`` keeps tracks. ``again`` is when (monotonic) to look, come what may."""

    def __init__(
        self, core: Core, ground: Map, mapping: Mapping, placements: Placements, breathe: Callable[[], None]
    ) -> None:
        self.fabric = Fabric(breathe)
        self.again: float | None = None
        self._breathe = breathe
        self._waits_since: float | None = None
        self._core = core
        self._ground = ground
        self._mapping = mapping
        self._placements = placements

    def turns(self, dirty: Collection[Place], *, measured: bool) -> Iterator[tuple[Turn, bool]]:
        """What follows from these facts: failures first, then plans, then tracks; with each, whether it is urgent.

        ``measured``: figures of links are otherwise too, of which tracks may take account.
        """
        turn, pairs = Turn(), self._mapping.cables.pairs
        lost, planned = self._mapping.take(dirty, turn)
        self.fabric.fail(lost, turn)
        if lost.costs and turn.puts + turn.deletes:
            yield turn, True
            turn = Turn()
        moves = self._mapping.cables.pairs != pairs or any(kind in {Audience, Chassis} for kind, _ in dirty)
        wanted = self._destinations() if moves else None
        if wanted is not None:
            self.fabric.leave(wanted, turn)
        now = time.monotonic()
        self.fabric.plan(planned, turn, all_hear=self.all_hear())
        insists = self._insists(now)
        if insists:
            self.fabric.insist(turn)
        if wanted is not None:
            self.fabric.lead_to(wanted, turn)
        if turn.puts or turn.deletes:
            yield turn, False
        if measured:
            self._mapping.measured(self._breathe)
        turn = Turn()
        deaf = () if insists else self._mapping.deaf(self._core.bridges)
        mends = self._placements.plan(now, turn, deaf)
        if turn.puts or turn.deletes:
            yield turn, mends
        self._waits_since = (self._waits_since or now) if self.waits else None
        until = None if self._waits_since is None else self._waits_since + PATIENCE
        self.again = min((at for at in (self._placements.again, until) if at is not None), default=None)

    @property
    def waits(self) -> bool:
        """Whether something is planned that not all bridges can be told of."""
        return bool(self.fabric.waiting.costs or self.fabric.waiting.tolls or self._placements.held)

    @property
    def may_go_on(self) -> bool:
        """Whether it is worth to look again at what waits, now that a bridge takes in what it is told."""
        return bool(self._placements.held) or (self.waits and self.all_hear())

    def _insists(self, now: float) -> bool:
        """Whether plans have been waiting for too long."""
        return self.waits and self._waits_since is not None and now - self._waits_since >= PATIENCE

    def all_hear(self) -> bool:
        """Whether all bridges take in what they are told, or have been told nothing yet."""
        return not self.fabric.routing.trees or not self._mapping.deaf(self._core.bridges)

    def _destinations(self) -> dict[str, bool]:
        """The chassis that frames are for, and whether hosts without wires reach them by their own tunnels."""
        store, fabric = self._core.compiler.store, self._mapping.cables.fabric
        found: dict[str, bool] = {}
        for name in self._ground.graph:
            if not store.count(Audience, "chassis", name):
                continue
            if name in fabric or not fabric.keys().isdisjoint(self._ground.graph[name]):
                chassis = store.get(Chassis, name)
                found[name] = chassis is not None and chassis.encap_ip is not None and bool(chassis.tunnels)
        return found
