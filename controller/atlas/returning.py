"""What changed on the map between two looks, and which links have only just come back.

A link that failed and works again is not trusted at once: until it has stood for a while, paths go there only where
nothing else leads on. So one that comes and goes moves nothing to and fro.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from topology.map import Map

Shape = dict[str, tuple[Any, ...]]


class Returning:
    """Looks at the map; ``hold_down`` is how long a link that came back has to stand, in seconds."""

    def __init__(self, hold_down: float) -> None:
        self._hold_down = hold_down
        self._shape: Shape = {}
        self._lost: set[str] = set()
        self._until: dict[str, float] = {}

    def look(self, ground: Map, now: float) -> frozenset[str]:
        """The links and bridges (names) that are not as they were, loads and latencies aside; or are trusted again."""
        shape = _shape(ground)
        altered = {name for name in self._shape.keys() | shape.keys() if self._shape.get(name) != shape.get(name)}
        altered |= {name for name, until in self._until.items() if until <= now}
        for name in altered & self._lost & shape.keys():
            self._until[name] = now + self._hold_down
        self._lost = (self._lost | (self._shape.keys() - shape.keys())) - shape.keys()
        self._until = {name: until for name, until in self._until.items() if until > now and name in shape}
        self._shape = shape
        return frozenset(altered)

    def shunned(self) -> frozenset[str]:
        """The links that are not yet trusted again, at the last look."""
        return frozenset(self._until)

    def again(self) -> float | None:
        """When the next one will be."""
        return min(self._until.values(), default=None)


def _shape(ground: Map) -> Shape:
    edges = {edge.name: (edge.ends, edge.cost, edge.capacity, edge.labels, edge.drained) for edge in ground.edges()}
    return edges | {site.name: (site.labels, site.drained) for site in ground.sites()}
