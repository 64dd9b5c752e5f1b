"""Bridges that find each other's wires, with a clock and cables of the test's own."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from controller.links import Wire
from topology.agenda import Pace
from topology.discovery import Discovery, PortState
from topology.sides import Attack, Seen, Send, Timed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from topology.sides import Outcome, Place, Use

KEY = b"a key of this run"
A1, A2, B1, B2, C1 = ("s1", 1), ("s1", 2), ("s2", 1), ("s2", 2), ("s3", 1)
FLIGHT = 0.003
INTERVAL, MISSES = 1.0, 3


def address(place: Place) -> str:
    return f"02:00:00:00:{place[0][1:]:0>2}:{place[1]:02x}"


class Floor:
    """Bridges, cables between their ports, and the time; a probe takes 3 ms and is lost where nothing is plugged in."""

    def __init__(self, *places: Place, wires: tuple[Wire, ...] = ()) -> None:
        self.now = 100.0
        self.discovery = Discovery(
            Pace(INTERVAL, MISSES), KEY, (n.to_bytes(16, "big") for n in itertools.count()).__next__
        )
        self.discovery.recall(wires)
        self.cables: dict[Place, tuple[Place, ...]] = {}
        self.flying: list[tuple[float, Place, bytes]] = []
        self.told: list[Outcome] = []
        self.sent: list[tuple[Place, bytes]] = []
        for place in places:
            self.port(place)
        for bridge in sorted({bridge for bridge, _ in places}):
            self.do(self.discovery.joined(bridge, self.now))

    def port(self, place: Place, use: Use = "open", *, up: bool = True) -> None:
        name = f"{place[0]}-eth{place[1]}"
        self.do(self.discovery.port(PortState(place, name, address(place), up, use), self.now))

    def cable(self, one: Place, *others: Place) -> None:
        """Whatever one port sends, the others hear, and back."""
        self.cables[one] = others
        for other in others:
            self.cables[other] = (one,)

    def do(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in list(outcomes):
            if isinstance(outcome, Send):
                self.sent.append((outcome.place, outcome.frame))
                self.flying += [
                    (self.now + FLIGHT, there, outcome.frame) for there in self.cables.get(outcome.place, ())
                ]
            elif not isinstance(outcome, Timed):
                self.told.append(outcome)

    def hear(self, place: Place, frame: bytes) -> None:
        self.do(self.discovery.heard(place, frame, self.now))

    def run(self, seconds: float) -> None:
        """Let time pass, in ms."""
        end = self.now + seconds
        while self.now < end:
            self.now += 0.001
            landed = [item for item in self.flying if item[0] <= self.now]
            self.flying = [item for item in self.flying if item[0] > self.now]
            for _, place, frame in landed:
                self.hear(place, frame)
            due = self.discovery.due()
            if due is not None and due <= self.now:
                self.do(self.discovery.tick(self.now))

    def up(self) -> set[str]:
        return {wire.key for wire in self.discovery.wires() if wire.up}

    def attacks(self) -> list[str]:
        return [outcome.attempt for outcome in self.told if isinstance(outcome, Attack)]


@pytest.fixture
def pair() -> Floor:
    """Two bridges and a wire between them, found."""
    floor = Floor(A1, A2, B1, B2)
    floor.cable(A1, B1)
    floor.run(0.1)
    floor.told.clear()
    return floor


def test_a_wire_is_found_in_a_few_milliseconds_from_both_ends() -> None:
    floor = Floor(A1, A2, B1, B2)
    floor.cable(A1, B1)
    floor.run(0.03)
    assert floor.told == [Seen(Wire("s1.1-s2.1", ("s1", "s2"), (1, 1), ("s1-eth1", "s2-eth1")), "found")]
    assert (floor.discovery.role(A1), floor.discovery.role(A2)) == ("link", None)


def test_a_wire_is_down_the_moment_one_of_its_ports_is_and_found_again_when_it_is_back(pair: Floor) -> None:
    pair.port(A1, up=False)
    assert [(type(told), told.cause) for told in pair.told if isinstance(told, Seen)] == [(Seen, "port down")]
    assert (pair.up(), len(pair.discovery.wires())) == (set(), 1)
    pair.run(0.5)
    assert pair.up() == set()
    pair.port(A1)
    pair.run(0.05)
    assert pair.up() == {"s1.1-s2.1"}
