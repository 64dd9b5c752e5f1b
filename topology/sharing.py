"""How routes share demands out: evenly over all wires to neighbours on a cheapest way, at each bridge anew.

So do the switches, which pick one of these wires by a hash (``apps.fabric.routes``).
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from topology.dijkstra import distances
from topology.routing import LAST_RESORT

if TYPE_CHECKING:
    from topology.dijkstra import Arcs, Mesh

Shares = tuple[tuple[int, float], ...]
"""Directed links, each with the part of a demand that goes over it; one is twice its edge's number, plus its way."""


def shared(net: Mesh, source: int, target: int, left: list[float]) -> Shares:
    """Where a demand goes that takes the routes; ``left`` is as of ``costs_to``. () if nothing leads there."""
    if left[source] == inf:
        return ()
    found: dict[int, float] = {}
    arrived = {source: 1.0}
    while arrived:
        at = max(arrived, key=left.__getitem__)
        part = arrived.pop(at)
        if at == target:
            continue
        onward = [
            (to, 2 * edge + way, net.edges[edge].wires)
            for to, edge, way in net.arcs[at]
            if left[to] + _cost(net, to, edge, target) == left[at]
        ]
        for_each = part / sum(wires for _, _, wires in onward)
        for to, arc, wires in onward:
            found[arc] = found.get(arc, 0.0) + for_each * wires
            arrived[to] = arrived.get(to, 0.0) + for_each * wires
    return tuple(found.items())


def costs_to(net: Mesh, target: int) -> list[float]:
    """What it costs from each bridge to one, as routes count it."""
    back: Arcs = [[] for _ in net.names]
    for at, arcs in enumerate(net.arcs):
        for to, edge, _ in arcs:
            back[to].append((at, _cost(net, to, edge, target)))
    return distances(back, target)


def _cost(net: Mesh, to: int, edge: int, target: int) -> int:
    """Of one step; what is drained is left for when nothing else leads on."""
    drained = net.edges[edge].drained + (to != target and net.sites[to].drained)
    return net.edges[edge].cost + drained * LAST_RESORT
