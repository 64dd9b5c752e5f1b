"""Maps to look for paths on: two public networks that are small enough to stand here, and others grown at random."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from controller.links import in_order, link_name
from topology.board import Load
from topology.map import Edge, Map

if TYPE_CHECKING:
    from collections.abc import Iterable

ABILENE = "0-1 0-2 1-10 2-9 3-4 3-6 4-5 4-6 5-8 6-7 7-8 7-10 8-9 9-10"
NSFNET = "0-1 0-2 0-3 1-2 1-7 2-5 3-4 3-10 4-5 4-6 5-9 5-13 6-7 7-8 8-9 8-11 8-12 10-11 10-12 11-13 12-13"
NEAR = 12
"""Neighbours that a bridge may be joined with when a map is grown."""
CAPACITY = 1000.0


def public(links: str) -> Map:
    """A network by the pairs of its bridges; all links are alike, as where only their ends were published."""
    return _map((int(one), int(other), 1.0) for one, other in (link.split("-") for link in links.split()))


def grown(bridges: int, links: int, seed: int) -> Map:
    """Bridges on a plane, each joined with the nearest that was there before it, then with some others near by."""
    draw = random.Random(seed)  # noqa: S311 - the same map every time
    places = [(draw.random(), draw.random()) for _ in range(bridges)]
    far = {(a, b): math.dist(places[a], places[b]) for b in range(bridges) for a in range(b)}
    joined = {min((far[a, b], (a, b)) for a in range(b))[1] for b in range(1, bridges)}
    near = sorted(far, key=far.__getitem__)[: NEAR * bridges]
    draw.shuffle(near)
    for pair in near:
        if len(joined) < links:
            joined.add(pair)
    return _map((a, b, 0.01 + 20 * far[a, b]) for a, b in sorted(joined))


def _map(links: Iterable[tuple[int, int, float]]) -> Map:
    ground = Map()
    for one, other, latency in links:
        ends = in_order(f"b{one}", f"b{other}")
        ground.put(Edge(link_name(*ends), ends, 10, round(latency, 3), CAPACITY))
    return ground


def crowd(ground: Map, count: int, seed: int) -> list[Load]:
    """Demands that are larger the larger both ends are, as those between towns; of all pairs at most ``count``."""
    draw = random.Random(seed)  # noqa: S311 - the same demands every time
    names = sorted(ground.graph)
    sizes = {name: draw.paretovariate(1.5) for name in names}
    pairs = [(one, other) for one in names for other in names if one != other]
    chosen = sorted(draw.sample(pairs, min(count, len(pairs))))
    return [Load(str(at), *ends, sizes[ends[0]] * sizes[ends[1]]) for at, ends in enumerate(chosen)]
