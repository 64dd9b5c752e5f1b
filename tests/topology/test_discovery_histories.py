"""After any history of cables, ports, bridges and machines, the wires are the cables, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.floor import INTERVAL, VM, Floor, frame
from topology.agenda import SELDOM

if TYPE_CHECKING:
    from topology.sides import Place

BRIDGES, PORTS = ("s1", "s2", "s3"), (1, 2, 3)
PLACES: list[Place] = [(bridge, port) for bridge in BRIDGES for port in PORTS]
LONG = 2 * SELDOM * INTERVAL
DEEDS = ("cable", "pull", "down", "up", "bind", "free", "leave", "come", "speak", "take", "wait")
DEED = st.tuples(st.sampled_from(DEEDS), st.sampled_from(PLACES), st.sampled_from(PLACES), st.floats(0, 2))


class World:
    """A floor, and what is true of it."""

    def __init__(self) -> None:
        self.floor = Floor(*PLACES)
        self.up = set(PLACES)
        self.there = set(PLACES)
        self.bound: set[Place] = set()
        self.machines: set[Place] = set()
        self.away: set[str] = set()

    def do(self, deed: str, place: Place, other: Place, seconds: float) -> None:
        """One deed, and some time."""
        match deed:
            case "cable" if place[0] != other[0]:
                self.pull(place)
                self.pull(other)
                self.floor.cable(place, other)
            case "pull":
                self.pull(place)
            case "down" | "up" if place in self.there:
                (self.up.add if deed == "up" else self.up.discard)(place)
                if deed == "down":
                    self.machines.discard(place)
                self.tell(place)
            case "bind" | "free" if place in self.there:
                self.machines |= {place} & self.bound
                (self.bound.add if deed == "bind" else self.bound.discard)(place)
                self.tell(place)
            case "leave":
                self.away.add(place[0])
                self.floor.discovery.left(place[0])
            case "come":
                self.away.discard(place[0])
                self.floor.join(place[0])
            case "take" if place in self.there:
                self.take(place)
            case "speak":
                self.speak(place)
        self.floor.run(seconds)

    def pull(self, place: Place) -> None:
        for end in (place, *self.floor.cables.pop(place, ())):
            self.floor.cables.pop(end, None)

    def take(self, place: Place) -> None:
        """The port goes and comes back."""
        self.floor.do(self.floor.discovery.gone(place))
        self.machines.discard(place)
        self.tell(place)

    def tell(self, place: Place) -> None:
        use = "bound" if place in self.bound else "open"
        self.floor.port(place, use, up=place in self.up)  # type: ignore[arg-type]  # one of the two
        if place not in self.up:
            self.machines.discard(place)

    def speak(self, place: Place) -> None:
        """A machine of its own at each port says something, where nothing keeps it from coming in."""
        if place in self.up and not self.away:
            self.floor.hear(place, frame(VM[:-2] + f"{PLACES.index(place):02x}"))
            self.machines.add(place)

    def wires(self) -> set[frozenset[Place]]:
        """The cables between working ports at which no machine is."""
        ends = self.up - self.bound - self.machines
        cables = {frozenset((one, other)) for one, (other,) in self.floor.cables.items()}
        return {cable for cable in cables if cable <= ends}


def found(floor: Floor) -> set[frozenset[Place]]:
    wires = [wire for wire in floor.discovery.ground.wires.all() if wire.up]
    return {frozenset(zip(wire.ends, wire.ports, strict=True)) for wire in wires}


@settings(max_examples=60)
@given(st.lists(DEED, max_size=25))
def test_the_wires_are_the_cables(deeds: list[tuple[str, Place, Place, float]]) -> None:
    world = World()
    for deed in deeds:
        world.do(*deed)
        known = world.floor.discovery.ground.wires.all()
        assert len({end for wire in known for end in zip(wire.ends, wire.ports, strict=True)}) == 2 * len(known)
    for bridge in sorted(world.away):
        world.do("come", (bridge, 1), (bridge, 1), 0)
    world.floor.run(LONG)
    shared = {place for place in PLACES if world.floor.discovery.ground.role(place) == "shared"}
    assert found(world.floor) == {cable for cable in world.wires() if not cable & shared}
    assert len(shared) <= 2 * sum(deed[0] == "cable" for deed in deeds)
    world.floor.told.clear()
    world.floor.run(LONG)
    assert world.floor.causes() == []
