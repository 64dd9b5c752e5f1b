"""Care of wires through the databases of their ends' hosts: room for headers, and BFD where packets are protected.

A switch takes a port for dead from when BFD begins until the other end has answered, which takes up to two seconds. So
links are drained first, no two of one bridge at a time. What cannot leave one goes on by the one port that flows name
outright, dead or not, or takes its detour. Where ends do not find each other, all stays as it was. Of a bridge whose
database nobody reaches only the cable tells.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import structlog

from controller.atlas.wires import ENDS, Wires, apart
from controller.bell import Bell
from controller.core import Breath
from controller.entities import Chassis
from controller.links import Track, Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.atlas.wires import Hosts, Place
    from controller.settings import Topology
    from controller.store import Store

GATHERING = 0.2
"""Seconds in which more wires may come, and hosts may say more, before anything is done about it."""
SECONDS = {"draining": 5.0, "rising": 10.0, "ending": 5.0}
"""For a link to be drained, for both ends of its wires to hear each other, and for BFD to end where they do not."""
REST, RETRY = 1.0, 60.0
"""Seconds until paths are what they were, so that others are looked at, and until what failed is tried again."""
_log = structlog.get_logger("topology")


class Atlas(Protocol):
    """Who leads traffic off links (``controller.atlas.atlas.Atlas``)."""

    def hold(self, link: str, *, drained: bool) -> None:
        """Keep all that can go elsewhere off a link for a while."""

    def draining(self, name: str) -> dict[str, Any]:
        """Whether a link may be taken away without loss."""


@dataclass(slots=True)
class _Rise:
    """A link on whose ``wires`` BFD is to begin; the phase lasts until some time at most."""

    link: str
    wires: tuple[Wire, ...]
    until: float
    phase: Literal["draining", "rising", "ending"] = "draining"


class Care:
    """``publish`` tells of links that are watched from now on, or cannot be."""

    def __init__(  # noqa: PLR0917 - the parts that it speaks to, put together once
        self,
        store: Store,
        atlas: Atlas,
        hosts: Hosts,
        settings: Topology,
        hub: Any,
        publish: Callable[[str, str, dict[str, object]], None],
        bug: Callable[[str, str, Exception], None],
    ) -> None:
        self._atlas = atlas
        self._settings = settings
        self._bell = Bell(hub)
        self._publish = publish
        self._bug = bug
        self._breath = Breath(hub.sleep)
        self._wires = Wires(store, hosts, settings, self._breath)
        self._rises: dict[str, _Rise] = {}
        self._rested = 0.0
        self._again: dict[str, float] = {}
        self._gathering = self._anew = False
        hosts.ends.told = self._soon

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """A change was compiled: wires, bridges, or what protects packets."""
        read = {(one[1], one[2]) for one in changed if one[0] == "get" and one[1] in {Wire, Chassis, Track}}
        for kind, key in read:
            if kind is Track:
                self._wires.changed(key)
        if read:
            self._anew = True
            self._soon()

    def settled(self, _chassis: str) -> None:
        """A bridge confirmed something: perhaps what a link waits for."""
        if self._rises:
            self._bell.ring()

    def watched(self, wire: Wire) -> bool | None:
        """Whether both its ends hear each other by BFD; None where no database tells of one of them."""
        states = self._wires.states((wire,))
        return all(state.alive for state in states) if len(states) == ENDS else None

    def run(self) -> None:
        """Look after wires for ever."""
        while True:
            self._bell.wait()
            self._gathering = False
            self._breath.begin()
            try:
                if self._anew:
                    self._anew = False
                    self._wires.tend()
                self._look(time.monotonic())
            except Exception as error:  # noqa: BLE001 - our bug must not end all care
                self._bug("care", "", error)

    def _soon(self, _place: Place | None = None) -> None:
        """Look after there was time for more news of this sort; at once where a link waits for some."""
        if self._rises:
            self._bell.ring()
        elif not self._gathering:
            self._gathering = True
            self._bell.ring_in(GATHERING)

    def _look(self, now: float) -> None:
        """Go on with the links that are being dealt with, or begin with the next."""
        for rise in tuple(self._rises.values()):
            self._go_on(rise, now)
        if not self._rises and now >= self._rested:
            self._begin(now)
        if any(rise.phase == "draining" for rise in self._rises.values()):
            self._bell.ring_in(GATHERING)

    def _begin(self, now: float) -> None:
        self._again = {link: due for link, due in self._again.items() if due > now}
        for link, wires in apart(self._wires.lacking(self._again)).items():
            self._rises[link] = _Rise(link, wires, now + SECONDS["draining"])
            self._atlas.hold(link, drained=True)

    def _go_on(self, rise: _Rise, now: float) -> None:
        states = self._wires.states(rise.wires)
        late = now >= rise.until
        match rise.phase:
            case "draining":
                answer = self._atlas.draining(rise.link)
                if answer["drained"] or (late and _bears(rise, answer)):
                    self._ask(rise, self._settings.bfd_interval, now)
                elif late:
                    self._leave(rise, now, answer["message"])
            case "rising" if len(states) == ENDS * len(rise.wires) and all(state.alive for state in states):
                self._leave(rise, now, None)
            case "rising" if late:
                self._ask(rise, 0, now)
            case "ending" if late or all(state.alive is None for state in states):
                self._leave(rise, now, "its ends do not hear each other by BFD")

    def _ask(self, rise: _Rise, interval: int, now: float) -> None:
        """Have both ends of every wire begin, or stop, to tell that they are alive."""
        self._wires.watching.update((wire.key, interval) for wire in rise.wires)
        rise.phase = "rising" if interval else "ending"
        rise.until = now + SECONDS[rise.phase]
        self._wires.tend()
        self._bell.ring_in(SECONDS[rise.phase])

    def _leave(self, rise: _Rise, now: float, trouble: str | None) -> None:
        """The link may be used again."""
        del self._rises[rise.link]
        self._atlas.hold(rise.link, drained=False)
        self._rested = now + REST
        self._bell.ring_in(REST)
        if trouble is None:
            _log.info("link_watched", link=rise.link, interval_ms=self._settings.bfd_interval)
            self._publish(
                "topology", f"Link {rise.link}", {"watched": True, "interval_ms": self._settings.bfd_interval}
            )
            return
        self._again[rise.link] = now + RETRY
        self._bell.ring_in(RETRY)
        _log.info("link_not_watched", link=rise.link, why=trouble)
        self._publish("topology", f"Link {rise.link}", {"watched": False, "why": trouble})


def _bears(rise: _Rise, answer: dict[str, Any]) -> bool:
    """Whether what does not leave a link loses nothing by it: several wires are picked from by whether they live."""
    return len(rise.wires) == 1 and answer.get("reason") in {"OnlyWay", "Steered"}
