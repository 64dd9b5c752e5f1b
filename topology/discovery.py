"""The search for wires: open ports send signed probes, and two ports that hear each other's are the ends of a wire.

A wire is down at once when one of its ports is, and when probes stay out. What machines send, pass on or make up never
makes a wire: a port that an intent binds, or that a machine is heard at, is a machine's until it has been down. Pure:
the time, the key and the nonces are arguments; what is to be done comes back as outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from topology import lldp
from topology.agenda import UNSENT, Pace
from topology.ground import Ground
from topology.hearing import Hearing
from topology.sides import Outcome, Place, Send, Side
from topology.wires import ends, other_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from controller.links import Wire
    from topology.sides import Use


PROBATION = 2
"""Intervals in which no machine may be heard at a port that came up, or came, after its bridge, before a wire that
nobody knew ends there: most machines say something when their interface comes up."""


@dataclass(frozen=True, slots=True)
class PortState:
    """A port as it is: its interface and that one's MAC, whether it works, and what for it is there."""

    place: Place
    name: str
    address: str
    up: bool
    use: Use


class Discovery:
    """``ground`` is what is known. ``key`` signs, ``nonce`` gives one that was never given before; times in s."""

    def __init__(self, pace: Pace, key: bytes, nonce: Callable[[], bytes]) -> None:
        self.ground = Ground(pace)
        self._hearing = Hearing(self.ground, key)
        self._pace = pace
        self._key = key
        self._nonce = nonce

    def port(self, told: PortState, now: float) -> Iterator[Outcome]:
        """A port came or changed."""
        ground, side = self.ground, self.ground.sides.get(told.place)
        if side is not None and (side.name, side.address) != (told.name, told.address):
            yield from self.gone(told.place)
            side = None
        was_up = side is not None and side.up
        if side is None:
            side = Side(told.place, told.name, told.address, told.up, told.use)
            ground.put(side, now)
            yield from self._recognized(side)
        side.locked |= side.use == "bound" and told.use != "bound"
        side.use, side.up = told.use, told.up
        if not told.up:
            side.reset()
            ground.strangers.forget(told.place)
            yield from ground.part(told.place, "port down")
        if told.use == "other" or ground.role(told.place) == "host":
            yield from ground.lose(told.place, "machine")
        elif told.up and not was_up:
            if told.place[0] in ground.joined:
                side.trusted = now + PROBATION * self._pace.interval
            ground.fresh(side, now)

    def gone(self, place: Place) -> Iterator[Outcome]:
        """A port went."""
        yield from self.ground.lose(place, "port gone")
        self.ground.drop(place)

    def joined(self, bridge: str, now: float) -> Iterator[Outcome]:
        """A bridge is in reach, or has got more flows: its ports that have not been answered are probed at once."""
        ground, again = self.ground, bridge in self.ground.joined
        ground.joined.add(bridge)
        for side in ground.of(bridge):
            if not again or (side.reaches is None and 0 < side.tries <= self._pace.misses):
                ground.fresh(side, now)
        if again:
            return
        for wire in ground.wires.all():
            if bridge in wire.ends:
                yield from self._rejoined(wire, bridge, now)

    def forgotten(self, bridge: str) -> Iterator[Outcome]:
        """There is no such bridge any more, and no wire to it."""
        for wire in self.ground.wires.all():
            if bridge in wire.ends:
                yield from self.ground.lose(ends(wire)[0], "port gone")

    def left(self, bridge: str) -> None:
        """A bridge is out of reach: its wires go on, and nothing can be said of them."""
        self.ground.joined.discard(bridge)

    def lives(self, mac: str, place: Place, now: float) -> None:
        """A machine is bound to a port: where else it was heard, a bridge had passed on what it sent."""
        self.ground.free(self.ground.strangers.heard(mac, place), now)

    def unsent(self, place: Place, now: float) -> None:
        """The switch was not there for the probe that its port was to send."""
        side = self.ground.sides.get(place)
        if side is not None:
            side.unheard -= 1
            side.tries -= 1
            self.ground.agenda.set(side, now + UNSENT)

    def tick(self, now: float) -> Iterator[Outcome]:
        """Probe the ports that are due; where too many probes in a row did not arrive, the wire is down."""
        ground = self.ground
        for side in ground.agenda.take(ground.sides, now):
            if not ground.probed(side):
                continue
            wire = ground.wires.at(side.place)
            if wire is not None and wire.up and side.unheard >= self._pace.misses:
                yield from ground.part(side.place, "silent")
            if wire is None and ground.agenda.waits(side, now):
                continue
            ground.agenda.sent(side, now, len(ground.wires) if wire is not None else None)
            probe = lldp.Probe(*side.place, self._nonce())
            ground.flight.launch(probe.nonce, side.place, now)
            yield Send(side.place, lldp.encode(probe, side.address, self._key))

    def heard(self, place: Place, frame: bytes, now: float) -> Iterator[Outcome]:
        """A frame came in at a port where nothing but probes should."""
        side = self.ground.sides.get(place)
        if side is not None and side.use != "other":
            yield from self._hearing.heard(side, frame, now)

    def _recognized(self, side: Side) -> Iterator[Outcome]:
        """A port that ended a wire before this daemon started still does, if it is the same interface."""
        wire = self.ground.wires.at(side.place)
        if wire is None:
            return
        if wire.names[ends(wire).index(side.place)] != side.name:
            yield from self.ground.lose(side.place, "port gone")
        elif wire.up:
            side.reaches = other_end(wire, side.place)

    def _rejoined(self, wire: Wire, bridge: str, now: float) -> Iterator[Outcome]:
        """Watch a wire again from both ends; one whose port is not there any more is none."""
        for end in ends(wire):
            side = self.ground.sides.get(end)
            if side is not None:
                self.ground.fresh(side, now)
            elif end[0] == bridge:
                yield from self.ground.lose(end, "port gone")
