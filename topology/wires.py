"""Wires: which pairs of ports are cabled to one another, whether or not they work just now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from controller.links import Wire, in_order, wire_name
from topology.sides import Lost, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from topology.sides import Cause, Place, Side


class Wires:
    """At most one at each port."""

    def __init__(self) -> None:
        self._at: dict[Place, Wire] = {}

    def recall(self, wires: Iterable[Wire]) -> None:
        """What was known before."""
        for wire in wires:
            self._at.update(dict.fromkeys(ends(wire), wire))

    def at(self, place: Place) -> Wire | None:
        """The wire of a port."""
        return self._at.get(place)

    def knows(self, one: Side, other: Side) -> bool:
        """Whether there is, or was, a wire between two ports."""
        held = self._at.get(one.place)
        return held is not None and other.place in ends(held)

    def __len__(self) -> int:
        """How many ports end one."""
        return len(self._at)

    def all(self) -> tuple[Wire, ...]:
        """Each once."""
        return tuple(wire for place, wire in self._at.items() if place == ends(wire)[0])

    def joined(self, one: Side, other: Side) -> Iterator[Seen | Lost]:
        """Both hear each other: that is a wire, and what else was said of either port is not."""
        wire = between(one, other)
        if self._at.get(one.place) == wire:
            return
        for side in (one, other):
            held = self._at.get(side.place)
            if held is not None and held.key != wire.key:
                yield from self.lose(side.place, "elsewhere")
        self._at[one.place] = self._at[other.place] = wire
        yield Seen(wire, "found")

    def down(self, place: Place, cause: Cause) -> Iterator[Seen]:
        """Nothing passes through a port."""
        wire = self._at.get(place)
        if wire is not None and wire.up:
            wire = replace(wire, up=False)
            self._at.update(dict.fromkeys(ends(wire), wire))
            yield Seen(wire, cause)

    def lose(self, place: Place, cause: Cause) -> Iterator[Lost]:
        """No wire ends at a port any more."""
        wire = self._at.get(place)
        if wire is not None:
            for end in ends(wire):
                del self._at[end]
            yield Lost(replace(wire, up=False), cause)


def ends(wire: Wire) -> tuple[Place, Place]:
    """The ports at its ends."""
    return (wire.ends[0], wire.ports[0]), (wire.ends[1], wire.ports[1])


def other_end(wire: Wire, place: Place) -> Place:
    """The port at the end that is not this one."""
    first, second = ends(wire)
    return second if place == first else first


def between(one: Side, other: Side) -> Wire:
    """The wire between two ports of different bridges."""
    first, second = one, other
    if in_order(one.place[0], other.place[0])[0] != one.place[0]:
        first, second = other, one
    bridges, ports = (first.place[0], second.place[0]), (first.place[1], second.place[1])
    return Wire(wire_name(bridges, ports), bridges, ports, (first.name, second.name))
