"""Excused ports: a switch takes a port for dead while BFD begins there, and everything goes through it as before.

So wires stay up meanwhile, as long as there is a link and probes pass.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.links import Wire
    from controller.southbound.ports import PortDescription


class Excused:
    """``look`` is told of all ports of a chassis, the excused ones up."""

    def __init__(self, look: Callable[[str, tuple[PortDescription, ...]], None]) -> None:
        self._look = look
        self._places: set[tuple[str, int]] = set()
        self._told: dict[str, tuple[PortDescription, ...]] = {}

    def ports(self, chassis: str, described: Iterable[PortDescription]) -> None:
        """All ports of a chassis' bridge, as they are now; it is no more where it has none."""
        there = self._told[chassis] = tuple(described)
        self._look(chassis, tuple(self._seen(chassis)))
        if not there:
            del self._told[chassis]

    def begin(self, wire: Wire) -> None:
        """From now on the ends of a wire are up wherever they have a link."""
        self._places.update(zip(wire.ends, wire.ports, strict=True))

    def end(self, wire: Wire) -> None:
        """They are what their switches say again, and that is looked at where it is otherwise."""
        for chassis, port in zip(wire.ends, wire.ports, strict=True):
            self._places.discard((chassis, port))
            if any(each.number == port and not each.up for each in self._told.get(chassis, ())):
                self._look(chassis, tuple(self._seen(chassis)))

    def _seen(self, chassis: str) -> Iterator[PortDescription]:
        for port in self._told[chassis]:
            excused = port.linked and (chassis, port.number) in self._places
            yield replace(port, up=True) if excused else port
