"""The atlas: the map of bridges and links, and the routes and tracks that follow from it, told to the compiler.

It works beside the compiler, on a greenlet of its own, and lets others run while it computes. What fails is passed over
at once; what is changed on purpose changes so that no packet is lost over it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from controller.atlas.draining import DIGESTED, Draining
from controller.atlas.mapping import MAPPED, Mapping
from controller.atlas.placements import Placements
from controller.core import Breath, World
from controller.derived import Audience
from controller.entities import Chassis
from controller.inventory import News
from controller.links import Heading, LinkSettings, Placed, Route, Track
from topology.fabric import Fabric, Turn
from topology.map import Map

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from controller.atlas.mapping import Place
    from controller.atlas.steering import Steering
    from controller.core import Core
    from controller.entities import Entity
    from controller.links import LinkFigures

HEARD = MAPPED | {Audience}


class Figures(Protocol):
    """What is measured of links."""

    def of(self, link: str) -> LinkFigures | None:
        """Of one, by its name; None where nothing is."""


class Atlas:
    """``map`` is for whoever wants to look at it; ``remember`` gets what is to be known after a restart."""

    def __init__(  # noqa: PLR0917 - the parts that it speaks to, put together once
        self,
        core: Core,
        hub: Any,
        steering: Steering,
        figures: Figures,
        remember: Callable[[News], None],
        bug: Callable[[str, str, Exception], None],
    ) -> None:
        self.map = Map()
        self.steering = steering
        self.figures = figures
        self._core = core
        self._hub = hub
        self._remember = remember
        self._bug = bug
        self._breath = Breath(hub.sleep)
        self._mapping = Mapping(core.compiler.store, self.map, figures.of)
        self._fabric = Fabric(self._breath)
        self._placements = Placements(steering, core.compiler.store, self.map)
        self._draining = Draining(core, self.map, self._mapping, self._fabric, self._done)
        self._wake = hub.Queue()
        self._dirty: set[Place] = set()
        self._began = self._busy = False
        self._on_the_way = 0

    def recall(self, entities: Iterable[Entity]) -> None:
        """Take over what an earlier daemon told, ahead of ``begin``; to compile it is the caller's."""
        known = tuple(entities)
        self._fabric.recall({entity.key: entity.version for entity in known if isinstance(entity, Heading)})
        self._placements.recall(known)

    def begin(self) -> None:
        """Asked by the core once it knows the world that was recalled: no switch is to see routes go and come back."""
        self._began = True
        for turn, _ in self._turns():
            self._remember(News(turn.puts, turn.deletes))
            self._core.advance(World(turn.puts, turn.deletes))

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """A change was compiled: what of it concerns the map is looked at soon."""
        for read in changed:
            if read[0] != "get":
                continue
            if read[1] in HEARD:
                self._dirty.add((read[1], read[2]))
            elif read[1] is Route:
                self._draining.routed(read[2].partition(">")[0])
            elif read[1] in {Track, Placed}:
                self._draining.steered()
        if self._dirty and self._began:
            self._poke()

    def settled(self, _chassis: str) -> None:
        """A switch came, went, or took something in: changes that wait for all to hear them may wait no longer."""
        if (self._fabric.waiting.costs or self._fabric.waiting.tolls) and self._all_hear():
            self._poke()

    def measured(self, rates: dict[str, float]) -> None:
        """Loads and latencies were read anew: put them on the map, and let steering look at them.

        ``rates`` is what demands (keys) carry in Mbit/s, as far as known.
        """
        self._mapping.measured()
        self._placements.rates = rates
        self._poke()

    def hold(self, link: str, *, drained: bool) -> None:
        """Keep all that can go elsewhere off a link (its name) for a while, whatever users say of it."""
        (self._mapping.held.add if drained else self._mapping.held.discard)(link)
        self._dirty.add((LinkSettings, link))
        self._poke()

    def draining(self, name: str) -> dict[str, Any]:
        """Whether a link or bridge may be taken away without loss: ``{"drained", "reason", "message"}``."""
        return self._draining.of(name)

    def placed(self, policy: str) -> bool:
        """Whether what is chosen for a path policy (key) is for what it asks for now, and has been compiled."""
        return self._placements.current(policy)

    def run(self) -> None:
        """Follow changes for ever."""
        while True:
            self._wake.get()
            self._busy = True
            try:
                for turn, urgent in self._turns():
                    self._submit(turn, urgent=urgent)
            except Exception as error:  # noqa: BLE001 - our bug must not cost everybody the map
                self._bug("atlas", "", error)
            self._busy = False

    def _poke(self) -> None:
        if not self._wake.qsize():
            self._wake.put(None)

    def _done(self) -> bool:
        """Whether all that was heard is worked out, told and compiled."""
        return self._began and not (self._busy or self._dirty or self._on_the_way)

    def _submit(self, turn: Turn, *, urgent: bool) -> None:
        self._on_the_way += 1
        self._remember(News(turn.puts, turn.deletes))
        self._core.submit(turn.puts, turn.deletes, urgent=urgent)
        self._core.ask(self._arrived)

    def _arrived(self) -> None:
        """Compiled; whoever waits for something to be drained is to look again when that may be so."""
        self._on_the_way -= 1
        self._hub.spawn_after(DIGESTED, self._core.poke)

    def _turns(self) -> Iterator[tuple[Turn, bool]]:
        """What follows from all that was heard, one turn after the other: failures first, then plans, then tracks.

        With each, whether it is urgent.
        """
        dirty, self._dirty = self._dirty, set()
        self._breath.begin()
        turn = Turn()
        lost, planned = self._mapping.take(dirty, turn)
        self._fabric.fail(lost, turn)
        if lost.costs and turn.puts + turn.deletes:
            yield turn, True
            turn = Turn()
        wanted = self._destinations() if self._mapping.rewired or _moves_ends(dirty) else None
        if wanted is not None:
            self._fabric.leave(wanted, turn)
        self._fabric.plan(planned, turn, all_hear=self._all_hear())
        if wanted is not None:
            self._fabric.lead_to(wanted, turn)
        if turn.puts or turn.deletes:
            yield turn, False
        yield from self._steered()

    def _steered(self) -> Iterator[tuple[Turn, bool]]:
        turn, now = Turn(), time.monotonic()
        self._placements.plan(now, turn)
        if self._placements.again is not None:
            self._hub.spawn_after(max(0.0, self._placements.again - now), self._poke)
        if turn.puts or turn.deletes:
            yield turn, False

    def _all_hear(self) -> bool:
        """Whether all bridges take in what they are told, or have been told nothing yet."""
        return not self._fabric.routing.trees or not self._mapping.deaf(self._core.bridges)

    def _destinations(self) -> dict[str, bool]:
        """The chassis that frames are for, and whether hosts without wires reach them by their own tunnels."""
        store, fabric = self._core.compiler.store, self._mapping.fabric
        found: dict[str, bool] = {}
        for name in self.map.graph:
            if not store.count(Audience, "chassis", name):
                continue
            if name in fabric or not fabric.keys().isdisjoint(self.map.graph[name]):
                chassis = store.get(Chassis, name)
                found[name] = chassis is not None and chassis.encap_ip is not None and bool(chassis.tunnels)
        return found


def _moves_ends(dirty: Collection[Place]) -> bool:
    """Whether it may be other chassis now that frames are for."""
    return any(kind in {Audience, Chassis} for kind, _ in dirty)
