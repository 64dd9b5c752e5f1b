"""A floor of bridges with cables between their ports, and a clock of its own, for tests of the search for wires."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from topology.agenda import Pace
from topology.discovery import Discovery, PortState
from topology.sides import Attack, Lost, Seen, Send, Timed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.links import Wire
    from topology.sides import Outcome, Place, Use

KEY = b"a key of this run"
A1, A2, B1, B2, C1 = ("s1", 1), ("s1", 2), ("s2", 1), ("s2", 2), ("s3", 1)
FLIGHT = 0.003
INTERVAL, MISSES = 1.0, 3
VM = "0a:00:00:00:00:01"


def address(place: Place) -> str:
    """The MAC of a port."""
    return (b"\x02\0" + int(place[0][1:]).to_bytes(2, "big") + place[1].to_bytes(2, "big")).hex(":")


def frame(source: str, kind: str = "0800", target: str = "ffffffffffff") -> bytes:
    """What a machine of this MAC sends."""
    return bytes.fromhex(target + source.replace(":", "") + kind) + bytes(46)


class Floor:
    """A probe takes 3 ms, and is lost where nothing is plugged in. ``told`` is all but probes and their times."""

    def __init__(self, *places: Place, wires: tuple[Wire, ...] = ()) -> None:
        self.now = 100.0
        nonces = (number.to_bytes(16, "big") for number in itertools.count())
        self.discovery = Discovery(Pace(INTERVAL, MISSES), KEY, nonces.__next__)
        self.discovery.ground.wires.recall(wires)
        self.cables: dict[Place, tuple[Place, ...]] = {}
        self.flying: list[tuple[float, Place, bytes]] = []
        self.told: list[Outcome] = []
        self.times: list[Timed] = []
        self.sent: list[tuple[float, Place, bytes]] = []
        for place in places:
            self.port(place)
        for bridge in sorted({bridge for bridge, _ in places}):
            self.join(bridge)

    def port(self, place: Place, use: Use = "open", *, up: bool = True, name: str = "") -> None:
        """The port is so now."""
        told = PortState(place, name or f"{place[0]}-eth{place[1]}", address(place), up, use)
        self.do(self.discovery.port(told, self.now))

    def join(self, bridge: str) -> None:
        """The bridge is in reach."""
        self.do(self.discovery.joined(bridge, self.now))

    def cable(self, one: Place, *others: Place) -> None:
        """Whatever the one sends the others hear, and back."""
        self.cables[one] = others
        for other in others:
            self.cables[other] = (one,)

    def do(self, outcomes: Iterable[Outcome]) -> None:
        """Carry out, and write down."""
        for outcome in list(outcomes):
            match outcome:
                case Send(place=place, frame=data):
                    self.sent.append((self.now, place, data))
                    self.flying += [(self.now + FLIGHT, there, data) for there in self.cables.get(place, ())]
                case Timed():
                    self.times.append(outcome)
                case _:
                    self.told.append(outcome)

    def hear(self, place: Place, data: bytes) -> None:
        """A frame comes in there."""
        self.do(self.discovery.heard(place, data, self.now))

    def run(self, seconds: float) -> None:
        """Let time pass, from one thing that happens to the next."""
        end = self.now + seconds
        while self.now < end:
            due = self.discovery.ground.agenda.next()
            self.now = max(self.now, min([end, *(at for at, _, _ in self.flying), *([] if due is None else [due])]))
            landed = [item for item in self.flying if item[0] <= self.now]
            self.flying = [item for item in self.flying if item[0] > self.now]
            for _, place, data in landed:
                self.hear(place, data)
            self.do(self.discovery.tick(self.now))

    def probe(self, place: Place) -> bytes:
        """The last probe of a port."""
        return next(data for _, sender, data in reversed(self.sent) if sender == place)

    def up(self) -> set[str]:
        """The wires that are."""
        return {wire.key for wire in self.discovery.ground.wires.all() if wire.up}

    def attacks(self) -> list[str]:
        """What was tried."""
        return [outcome.attempt for outcome in self.told if isinstance(outcome, Attack)]

    def causes(self) -> list[str]:
        """Why wires came and went."""
        return [outcome.cause for outcome in self.told if isinstance(outcome, Seen | Lost)]
