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
from controller.atlas.planner import Planner
from controller.atlas.telling import Telling
from controller.bell import Bell
from controller.core import Breath
from controller.derived import Audience
from controller.links import Heading, Placed, Route, Track, Wire
from topology.map import Map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.atlas.mapping import Place
    from controller.atlas.steering import Steering
    from controller.core import Core
    from controller.entities import Entity
    from controller.inventory import News
    from controller.links import LinkFigures
    from topology.fabric import Turn

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
        self._bug = bug
        self._breath = Breath(hub.sleep)
        self._mapping = Mapping(core.compiler.store, self.map, figures.of)
        self._placements = Placements(steering, core.compiler.store, self.map, self._presses)
        self._planner = Planner(core, self.map, self._mapping, self._placements, self._breath)
        self._draining = Draining(core, self.map, self._mapping, self._planner.fabric, self.done)
        self._telling = Telling(core, hub, remember, DIGESTED)
        self._bell = Bell(hub)
        self._dirty: set[Place] = set()
        self._began = self._busy = self._measured = False

    def recall(self, entities: Iterable[Entity]) -> None:
        """Take over what an earlier daemon told, ahead of ``begin``; to compile it is the caller's."""
        known = tuple(entities)
        self._planner.fabric.recall({entity.key: entity.version for entity in known if isinstance(entity, Heading)})
        self._placements.recall(known, time.monotonic())

    def begin(self) -> None:
        """Asked by the core once it knows the world that was recalled: no switch is to see routes go and come back."""
        self._began = True
        for turn, _ in self._turns():
            self._telling.at_once(turn)

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
            self._bell.ring()

    def settled(self, _chassis: str) -> None:
        """A switch came, went, or took something in: changes that wait for all to hear them may wait no longer."""
        if self._planner.may_go_on:
            self._bell.ring()

    def measured(self, rates: dict[str, float]) -> None:
        """Loads and latencies were read anew: put them on the map, and let steering look at them.

        ``rates`` is what demands (keys) carry in Mbit/s, as far as known.
        """
        self._measured = True
        self._placements.rates = rates
        self._bell.ring()

    def draining(self, name: str) -> dict[str, Any]:
        """Whether a link or bridge may be taken away without loss: ``{"drained", "reason", "message"}``."""
        return self._draining.of(name)

    def placed(self, policy: str) -> bool:
        """Whether what is chosen for a path policy (key) is for what it asks for now, and has been compiled."""
        return self._placements.current(policy)

    def run(self) -> None:
        """Follow changes for ever."""
        while True:
            self._bell.wait()
            self._busy = bool(self._dirty)
            try:
                for turn, urgent in self._turns():
                    self._telling.tell(turn, urgent=urgent)
            except Exception as error:  # noqa: BLE001 - our bug must not cost everybody the map
                self._bug("atlas", "", error)
            self._busy = False

    def done(self) -> bool:
        """Whether all that was heard is worked out, told and compiled."""
        return self._began and not (self._busy or self._dirty or self._telling.under_way)

    def _presses(self) -> bool:
        """Whether news of wires waits, of which one may have failed."""
        return any(kind is Wire for kind, _ in self._dirty)

    def _turns(self) -> Iterator[tuple[Turn, bool]]:
        """All that follows from what was heard."""
        dirty, self._dirty = self._dirty, set()
        measured, self._measured = self._measured, False
        self._breath.begin()
        yield from self._planner.turns(dirty, measured=measured)
        if self._planner.again is not None:
            self._bell.ring_by(self._planner.again, time.monotonic())
