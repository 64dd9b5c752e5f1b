"""Cables: the wires between each two bridges, and what the links that they make are called."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from controller.links import Link, in_order, link_name
from topology.map import link_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.links import Ends, Wire


class Cables:
    """Wires by the bridges that they join.

    ``fabric`` are the bridges that are wired, or were when they were last heard, with the number of their links;
    ``pairs`` counts how often it became other pairs that are joined.
    """

    def __init__(self) -> None:
        self.fabric: Counter[str] = Counter()
        self.pairs = 0
        self._wires: dict[str, Wire] = {}
        self._keys: dict[Ends, set[str]] = defaultdict(set)
        self._named: dict[str, Ends] = {}

    def __contains__(self, ends: Ends) -> bool:
        """Whether wires join two bridges, be they up or down."""
        return ends in self._keys

    def put(self, key: str, wire: Wire | None) -> set[Ends]:
        """A wire came, changed or went; the pairs of bridges that it is about."""
        old = self._wires.pop(key, None)
        was, now = (in_order(*each.ends) if each is not None else None for each in (old, wire))
        if now is not None and wire is not None:
            self._wires[key] = wire
            if now not in self._keys:
                self.pairs += 1
                self.fabric.update(now)
                self.name(now)
            self._keys[now].add(key)
        if was is not None and was != now:
            self._take(key, was)
        return {ends for ends in (was, now) if ends is not None}

    def _take(self, key: str, ends: Ends) -> None:
        self._keys[ends].discard(key)
        if not self._keys[ends]:
            del self._keys[ends]
            self.pairs += 1
            self.fabric.subtract(ends)
            self.fabric = +self.fabric

    def name(self, ends: Ends) -> None:
        """The link between these bridges may be spoken of from now on, by its ends in either order.

        A name belongs to who had it first: names of bridges may have dashes in them.
        """
        for name in link_names(ends):
            self._named.setdefault(name, ends)

    def ends(self, name: str) -> Ends | None:
        """The bridges that a link joins, by its name with the ends in either order."""
        return self._named.get(name)

    def link(self, ends: Ends) -> Link | None:
        """All wires of it that are up; None where none was ever heard of, or another link has its name."""
        if ends not in self._keys or self._named.get(link_name(*ends)) != ends:
            return None
        return Link(link_name(*ends), ends, tuple(sorted(self._up(ends))))

    def _up(self, ends: Ends) -> Iterator[tuple[int, int]]:
        for key in self._keys[ends]:
            wire = self._wires[key]
            if wire.up:
                yield wire.ports if wire.ends == ends else (wire.ports[1], wire.ports[0])
