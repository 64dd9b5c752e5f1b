"""Frames that come in where nothing but probes should: whose they are, and what they prove.

A probe proves something where it is ours, arrives once, in time, at one port, and no machine is at either end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from topology import lldp
from topology.agenda import UNSENT
from topology.flight import LIFETIME, Landing
from topology.sides import Attack, Outcome, Timed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from topology.ground import Ground
    from topology.sides import Place, Side

MOST_MOVES = 3
"""So often may a port reach another one than before, each time soon, before it is one that several ports hear."""
_NEIGHBOURLY = bytes.fromhex("0180c20000")
"""How addresses begin at which bridges speak to their neighbours (IEEE 802.1Q, 8.6.3): who uses them is no machine."""
_LLDP, _NSH = lldp.LLDP.to_bytes(2, "big"), b"\x89\x4f"
_SHORTEST = 14
_TOLD = {
    "never": "a probe that is not under way",
    "late": f"a probe that was kept back for more than {LIFETIME:g} s",
    "again": "a probe that has arrived there before",
}


class Hearing:
    """Judges frames by what is known."""

    def __init__(self, ground: Ground, key: bytes) -> None:
        self._ground = ground
        self._key = key

    def heard(self, side: Side, frame: bytes, now: float) -> Iterator[Outcome]:
        """Any frame that came in at a port of ours."""
        if len(frame) < _SHORTEST:
            return
        if frame[12:14] != _LLDP:
            if frame[12:14] != _NSH and not frame.startswith(_NEIGHBOURLY):
                yield from self._machine(side, frame, now)
            return
        try:
            signed = lldp.parse(frame)
        except ValueError as error:
            yield Attack("malformed", side.place, None, str(error))
        else:
            if signed is not None and lldp.genuine(signed, self._key):
                yield from self._ours(side, signed.probe, now)
                return
            if signed is not None:
                claims = signed.probe.bridge, signed.probe.port
                yield Attack("forged", side.place, claims, "a probe that this daemon has not signed")
        yield from self._machine(side, frame, now)

    def _machine(self, side: Side, frame: bytes, now: float) -> Iterator[Outcome]:
        """Who sends frames of its own is a machine, or else a bridge that has yet to join."""
        ground, wire = self._ground, self._ground.wires.at(side.place)
        if wire is not None and not all(bridge in ground.joined for bridge in wire.ends):
            return
        left = ground.strangers.heard(frame[6:12].hex(":"), side.place)
        if ground.role(side.place) == "host":
            yield from ground.lose(side.place, "machine")
        ground.free(left, now)

    def _ours(self, side: Side, probe: lldp.Probe, now: float) -> Iterator[Outcome]:
        """A probe that we signed: it proves something the first time that it arrives."""
        ground, claims = self._ground, (probe.bridge, probe.port)
        landing = ground.flight.land(probe.nonce, side.place, now)
        if not isinstance(landing, Landing):
            yield Attack("replayed", side.place, claims, _TOLD[landing])
            return
        source = ground.sides.get(landing.source)
        if source is None or not source.up or not side.up:
            return
        relay = next((place for place in (side.place, claims) if ground.role(place) == "host"), None)
        if source is side:
            yield Attack("reflected", side.place, claims, "a probe that came back to the port that had sent it")
        elif landing.elsewhere is not None:
            why = f"a probe that arrived at {named(landing.elsewhere)} too"
            yield Attack("flooded", side.place, claims, why)
            for place in (side.place, claims, landing.elsewhere):
                yield from ground.share(place)
        elif relay is not None:
            yield Attack("relayed", side.place, claims, f"a probe passed on by a machine at {named(relay)}")
        else:
            yield from self._reached(source, side, landing.seconds, now)

    def _reached(self, source: Side, target: Side, seconds: float, now: float) -> Iterator[Outcome]:
        """One port reaches another; where that one reaches it too, there is a wire."""
        ground = self._ground
        source.unheard = 0
        if source.reaches != target.place:
            soon = source.reaches is not None and now - source.moved < LIFETIME
            source.moves = source.moves + 1 if soon else 0
            source.reaches, source.moved = target.place, now
        if source.moves >= MOST_MOVES:
            yield Attack("flooded", target.place, source.place, "a port that reaches one port after another")
            yield from ground.share(source.place)
        if source.shared or target.shared or source.place[0] == target.place[0]:
            return
        if target.reaches == source.place:
            trusted = max(source.trusted, target.trusted)
            if now < trusted and not ground.wires.knows(source, target):
                ground.agenda.set(target, trusted)
                ground.agenda.set(source, trusted)
                return
            yield from ground.wires.joined(source, target)
            yield Timed(source.place, target.place, seconds)
        elif now - target.sent > UNSENT:
            ground.agenda.set(target, now)


def named(place: Place) -> str:
    """As users know ports: ``s1.2``."""
    return f"{place[0]}.{place[1]}"
