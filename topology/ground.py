"""What the search for wires knows: ports, wires, strangers, and when which port is probed next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from topology.agenda import UNSENT, Agenda, Pace
from topology.flight import Flight
from topology.strangers import Strangers
from topology.wires import Wires, ends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.links import Role
    from topology.sides import Cause, Lost, Place, Seen, Side


class Ground:
    """All ports of all bridges; ``joined`` are the bridges that are in reach."""

    def __init__(self, pace: Pace) -> None:
        self.sides: dict[Place, Side] = {}
        self._of: dict[str, dict[Place, Side]] = {}
        self.joined: set[str] = set()
        self.wires = Wires()
        self.strangers = Strangers()
        self.flight = Flight()
        self.agenda = Agenda(pace)

    def role(self, place: Place) -> Role | None:
        """What a port turned out to be, None while nobody can say."""
        side = self.sides.get(place)
        return side.role(strange=self.strangers.at(place)) if side is not None else None

    def probed(self, side: Side) -> bool:
        """Whether a wire may end there and its switch is in reach; at the other end of its wire too, if it has one.

        Where a machine was heard is probed too, seldom: what it does with that is worth knowing.
        """
        if side.use != "open" or not side.up or side.place[0] not in self.joined:
            return False
        wire = self.wires.at(side.place)
        if wire is not None:
            return all(bridge in self.joined for bridge in wire.ends)
        return not side.locked and self.role(side.place) != "shared"

    def fresh(self, side: Side, now: float) -> None:
        """Begin to probe a port anew, at once."""
        side.tries = side.unheard = 0
        if now - side.sent > UNSENT:
            self.agenda.set(side, now)
        else:
            self.agenda.set(side, now + UNSENT)

    def part(self, place: Place, cause: Cause) -> Iterator[Seen]:
        """Nothing passes through a port: where it leads has to be found anew, from both ends."""
        wire = self.wires.at(place)
        for end in ends(wire) if wire is not None else (place,):
            if end in self.sides:
                self.sides[end].look_again()
        yield from self.wires.down(place, cause)

    def lose(self, place: Place, cause: Cause) -> Iterator[Lost]:
        """A port is no end of a wire, whatever was thought before."""
        for _ in self.part(place, cause):
            pass
        yield from self.wires.lose(place, cause)

    def share(self, place: Place) -> Iterator[Lost]:
        """Several ports hear what this one sends."""
        if place in self.sides:
            self.sides[place].shared = True
            yield from self.lose(place, "shared")

    def free(self, place: Place | None, now: float) -> None:
        """Whoever was heard at a port lives elsewhere."""
        side = self.sides.get(place) if place is not None else None
        if side is not None and self.role(side.place) is None:
            self.fresh(side, now)

    def of(self, bridge: str) -> tuple[Side, ...]:
        """The ports of a bridge."""
        return tuple(self._of.get(bridge, {}).values())

    def put(self, side: Side, now: float) -> None:
        """A port came."""
        self.sides[side.place] = self._of.setdefault(side.place[0], {})[side.place] = side
        self.free(self.strangers.ours(side.address), now)

    def drop(self, place: Place) -> None:
        """A port went, and with it all that it made us remember; with the last one, its bridge."""
        side = self.sides.pop(place, None)
        if side is not None:
            of_bridge = self._of[place[0]]
            del of_bridge[place]
            if not of_bridge:
                del self._of[place[0]]
                self.agenda.forget(place[0])
            self.flight.forget(place)
            self.strangers.forget(place)
            self.strangers.ours_no_more(side.address)
