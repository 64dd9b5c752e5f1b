"""The map by numbers, made once for each of its versions, and distances on it.

One run over 754 bridges takes 0.4 ms of processor time here and 0.8 ms in networkx, which looks each weight up by name
and would have to be given a graph of its own for each question (2 ms); a path takes several runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from controller.links import shorter_first
from topology.map import link_names

if TYPE_CHECKING:
    from topology.map import Edge, Map, Site

Arcs = list[list[tuple[int, int]]]
"""For each bridge the bridges that it leads to, each with a weight."""
NS = 1_000_000
"""Of one ms: where paths are compared, latencies are whole numbers."""
UNKNOWN_LATENCY, UNKNOWN_CAPACITY = 1.0, 1000.0
"""The ms and the Mbit/s that all links are taken for where nothing is known of any: any number makes them alike."""
_MADE: WeakKeyDictionary[Map, Mesh] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Mesh:
    """Bridges by number, in the order of their names, and for each the other end and the number of each of its edges.

    ``arcs[at]`` are ``(to, edge, way)``; ``way`` is 0 from the first end of the edge to the second, else 1. ``ns`` are
    the edges' latencies, ``capacities`` are in Mbit/s; one that is not known is taken for the worst that is.
    ``drained`` are bridges by number, ``drained_edges`` and ``unmeasured`` edges, the latter without a latency.
    ``named`` are the edges that a name may mean, for both names of each.
    """

    version: int
    names: tuple[str, ...]
    index: dict[str, int]
    sites: tuple[Site, ...]
    edges: tuple[Edge, ...]
    arcs: tuple[tuple[tuple[int, int, int], ...], ...]
    ns: tuple[int, ...]
    capacities: tuple[float, ...]
    ends: tuple[tuple[int, int], ...]
    drained: frozenset[int]
    drained_edges: frozenset[int]
    unmeasured: frozenset[int]
    named: dict[str, tuple[int, ...]]

    def edge(self, at: int, to: int) -> int | None:
        """The number of the edge between two bridges."""
        return next((edge for other, edge, _ in self.arcs[at] if other == to), None)


def mesh(ground: Map) -> Mesh:
    """The map by numbers; the same object until the map changes."""
    found = _MADE.get(ground)
    if found is None or found.version != ground.version:
        found = _MADE[ground] = _made(ground)
    return found


def _made(ground: Map) -> Mesh:
    names = tuple(sorted(ground.graph, key=shorter_first))
    index = {name: number for number, name in enumerate(names)}
    edges = tuple(sorted(ground.edges(), key=_ends))
    arcs: list[list[tuple[int, int, int]]] = [[] for _ in names]
    for number, edge in enumerate(edges):
        one, other = (index[end] for end in edge.ends)
        arcs[one].append((other, number, 0))
        arcs[other].append((one, number, 1))
    sites, met = tuple(ground.site(name) for name in names), tuple(tuple(sorted(each)) for each in arcs)
    slowest = max((edge.latency for edge in edges if edge.latency is not None), default=UNKNOWN_LATENCY)
    ns = tuple(round((slowest if edge.latency is None else edge.latency) * NS) for edge in edges)
    narrowest = min((edge.capacity for edge in edges if edge.capacity), default=UNKNOWN_CAPACITY)
    capacities = tuple(edge.capacity or narrowest for edge in edges)
    ends = tuple((index[edge.ends[0]], index[edge.ends[1]]) for edge in edges)
    drained = frozenset(number for number, site in enumerate(sites) if site.drained)
    idle = frozenset(number for number, edge in enumerate(edges) if edge.drained)
    unmeasured = frozenset(number for number, edge in enumerate(edges) if edge.latency is None)
    named: dict[str, tuple[int, ...]] = {}
    for number, edge in enumerate(edges):
        for name in link_names(edge.ends):
            named[name] = (*named.get(name, ()), number)
    return Mesh(ground.version, names, index, sites, edges, met, ns, capacities, ends, drained, idle, unmeasured, named)


def _ends(edge: Edge) -> tuple[tuple[int, str], ...]:
    return tuple(map(shorter_first, edge.ends))


def distances(arcs: Arcs, start: int, ahead: float = 0) -> list[float]:
    """How far each bridge is from one, ``inf`` where none leads; ``ahead`` is how far that one is itself."""
    found = [inf] * len(arcs)
    found[start] = ahead
    heap = [(ahead, start)]
    while heap:
        so_far, at = heappop(heap)
        if so_far > found[at]:
            continue
        for to, weight in arcs[at]:
            reached = so_far + weight
            if reached < found[to]:
                found[to] = reached
                heappush(heap, (reached, to))
    return found


def worst_on_the_way(arcs: Arcs, start: int) -> list[float]:
    """For each bridge the greatest weight on the way to it that makes this the least; ``inf`` where none leads."""
    found = [inf] * len(arcs)
    found[start] = 0
    heap = [(0.0, start)]
    while heap:
        so_far, at = heappop(heap)
        if so_far > found[at]:
            continue
        for to, weight in arcs[at]:
            reached = max(so_far, weight)
            if reached < found[to]:
                found[to] = reached
                heappush(heap, (reached, to))
    return found
