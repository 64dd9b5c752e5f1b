"""Care of wires through the databases of their ends' hosts: room for headers, and BFD where packets are protected.

A switch takes a port for dead from when BFD begins until the other end has answered, which takes a second or two. The
wire carries everything meanwhile: flows that name one port go on by that, dead or not, and a group goes on by another
of its ports, since at no bridge BFD begins on two wires at a time. Nobody takes the wire for down. Where ends do not
find each other, all stays as it was. Of a bridge whose database nobody reaches only the cable tells.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import structlog

from controller.atlas.wires import ENDS, PACE, Wires
from controller.bell import Bell
from controller.core import Breath
from controller.entities import Chassis
from controller.links import Track, Wire, link_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.atlas.wires import Hosts, Place
    from controller.settings import Topology
    from controller.store import Store

GATHERING, PROMPT = 0.2, 0.1
"""Seconds in which more wires may come, and hosts may say more, before anything is done about it; while one waits."""
SECONDS = {"rising": 5.0, "ending": 5.0}
"""For both ends of a wire to hear each other, and for BFD to end where they do not."""
RETRY = 60.0
"""Seconds until what failed is tried again."""
DEAF = "its ends do not hear each other by BFD"
_log = structlog.get_logger("topology")


class Excused(Protocol):
    """Who takes no wire for down because of us (``controller.atlas.excused.Excused``)."""

    def begin(self, wire: Wire) -> None:
        """From now on the ends of a wire are up wherever they have a link."""

    def end(self, wire: Wire) -> None:
        """They are what their switches say again."""


@dataclass(slots=True)
class _Rise:
    """A wire on which BFD is to begin; the phase lasts until some time at most. ``trouble``: it cannot be had."""

    wire: Wire
    until: float
    phase: Literal["rising", "ending", "pacing"] = "rising"
    trouble: str | None = None

    def waits(self, phase: Literal["ending", "pacing"], now: float, seconds: float) -> float:
        """It is in another phase from now on; for how many seconds at most."""
        self.phase, self.until = phase, now + seconds
        return seconds


class Care:
    """``publish`` tells of wires that are watched from now on, or cannot be."""

    def __init__(  # noqa: PLR0917 - the parts that it speaks to, put together once
        self,
        store: Store,
        excused: Excused,
        hosts: Hosts,
        settings: Topology,
        hub: Any,
        publish: Callable[[str, str, dict[str, object]], None],
        bug: Callable[[str, str, Exception], None],
    ) -> None:
        self._excused = excused
        self._settings = settings
        self._bell = Bell(hub)
        self._publish = publish
        self._bug = bug
        self._breath = Breath(hub.sleep)
        self._wires = Wires(store, hosts, settings, self._breath)
        self._rises: dict[str, _Rise] = {}
        self._again: dict[str, float] = {}
        self._gathering = self._anew = False
        hosts.ends.told = self._told

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """A change was compiled: wires, bridges, or what protects packets."""
        read = {(one[1], one[2]) for one in changed if one[0] == "get" and one[1] in {Wire, Chassis, Track}}
        for kind, key in read:
            if kind is Track:
                self._wires.changed(key)
        if read:
            self._anew = True
            self._soon()

    def watched(self, wire: Wire) -> bool | None:
        """Whether both its ends hear each other by BFD; None where no database tells of one of them."""
        return None if self._wires.untold(wire) else self._wires.watched(wire, time.monotonic())

    def unwatched(self, wire: Wire) -> str | None:
        """Why silence on a wire would not be noticed by its ends as soon as is asked, None where it would."""
        if self._wires.watched(wire, time.monotonic()):
            return None
        untold = self._wires.untold(wire)
        if untold is not None:
            return untold
        alive = [state.alive for state in self._wires.states(wire)]
        if wire.key in self._rises or all(alive):
            return "BFD begins"
        return DEAF if wire.key in self._again or False in alive else "BFD is to begin"

    def narrowest(self) -> tuple[int, str] | None:
        """The least MTU of a wire that is up, and that wire (its key); None where no host tells of any."""
        return self._wires.narrowest()

    def run(self) -> None:
        """Look after wires for ever."""
        while True:
            self._bell.wait()
            self._gathering = False
            self._breath.begin()
            try:
                self._look(time.monotonic())
            except Exception as error:  # noqa: BLE001 - our bug must not end all care
                self._bug("care", "", error)

    def _told(self, place: Place) -> None:
        """A host says something else of an end: perhaps what a wire waits for."""
        self._wires.heard(place, time.monotonic())
        self._soon()

    def _soon(self) -> None:
        """Look after there was time for more news of this sort."""
        if not self._gathering:
            self._gathering = True
            self._bell.ring_in(PROMPT if self._rises else GATHERING)

    def _look(self, now: float) -> None:
        """Go on with the wires that are being dealt with, and begin with others; all that is asked is asked at once."""
        asked = self._anew
        self._anew = False
        for rise in tuple(self._rises.values()):
            asked |= self._go_on(rise, now)
        asked |= self._begin(now)
        if asked:
            self._wires.tend()

    def _begin(self, now: float) -> bool:
        """Have BFD begin on the wires that ought to be watched; whether there were any, at bridges with no other."""
        self._again = {key: due for key, due in self._again.items() if due > now}
        unsure = (rise for rise in self._rises.values() if rise.phase != "pacing" or rise.trouble)
        busy = {bridge for rise in unsure for bridge in rise.wire.ends}
        fresh = []
        for wire in self._wires.lacking():
            known = wire.key in self._again or wire.key in self._rises
            if not known and busy.isdisjoint(wire.ends):
                busy.update(wire.ends)
                fresh.append(wire)
        for wire in fresh:
            self._excused.begin(wire)
            self._rises[wire.key] = _Rise(wire, now + SECONDS["rising"])
            self._wires.watching[wire.key] = self._settings.bfd_interval
        if fresh:
            self._bell.ring_in(SECONDS["rising"])
        return bool(fresh)

    def _go_on(self, rise: _Rise, now: float) -> bool:
        """Whether something else is asked of a wire from now on."""
        states = self._wires.states(rise.wire)
        late = now >= rise.until
        match rise.phase:
            case "rising" if len(states) == ENDS and all(state.alive for state in states):
                self._bell.ring_in(rise.waits("pacing", now, PACE))
            case "rising" if late:
                rise.trouble = DEAF
                self._wires.watching[rise.wire.key] = 0
                self._bell.ring_in(rise.waits("ending", now, SECONDS["ending"]))
                return True
            case "ending" if late or all(state.alive is None for state in states):
                self._bell.ring_in(rise.waits("pacing", now, PACE))
            case "pacing" if late:
                self._leave(rise, now)
        return False

    def _leave(self, rise: _Rise, now: float) -> None:
        """Nothing more is done about a wire for now."""
        del self._rises[rise.wire.key]
        self._excused.end(rise.wire)
        trouble = rise.trouble
        if trouble is not None:
            self._again[rise.wire.key] = now + RETRY
            self._bell.ring_in(RETRY)
        elif not self._wires.watched(rise.wire, now):
            trouble = DEAF
        detail: dict[str, object] = {"watched": trouble is None, "wire": rise.wire.key}
        detail |= {"interval_ms": self._settings.bfd_interval} if trouble is None else {"why": trouble}
        _log.info("watch", **detail)
        self._publish("topology", f"Link {link_name(*rise.wire.ends)}", detail)
