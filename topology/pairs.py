"""Two paths that share nothing and are together the best there are.

The best path alone may leave no room for a second one, though two others exist; networkx finds those as a flow of two
units, and is asked only then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx

from topology.dijkstra import mesh
from topology.roads import roads

if TYPE_CHECKING:
    from topology.map import Map
    from topology.paths import Question
    from topology.roads import Roads

IN, OUT = 0, 1
Half = tuple[int, int]
"""A bridge where paths come in, or where they go out: what lies between can be met once, or freely."""


def pair(ground: Map, question: Question, *, nodes: bool) -> list[tuple[str, ...]]:
    """Two paths by the question's objective without a link in common, with ``nodes`` nor a bridge; [] if none exist.

    Waypoints and limits are not looked at; the lighter path comes first.
    """
    free = roads(ground, question)
    near = _ringed(free)
    if free.goal not in near:
        return []
    try:
        flow = nx.min_cost_flow(_units(free, near, nodes=nodes))
    except nx.NetworkXUnfeasible:
        return []
    names = mesh(ground).names
    ways = sorted(_taken(free, flow) for _ in range(2))
    return [tuple(names[at] for at in way) for _, way in ways]


def _ringed(free: Roads) -> set[int]:
    """The bridges that stay joined with the start whichever one link fails; both paths stay among them.

    To leave out the others, and to see where there is no pair at all, takes a tenth of what the flow would.
    """
    graph: nx.Graph[int] = nx.Graph((at, to) for at, legs in enumerate(free.legs) for to, _, _ in legs)
    graph.add_node(free.start)
    graph.remove_edges_from(list(nx.bridges(graph)))
    found: set[int] = nx.node_connected_component(graph, free.start)
    return found


def _units(free: Roads, near: set[int], *, nodes: bool) -> nx.DiGraph[Half]:
    """Each leg carries one path, and each bridge too where bridges count; two start and two arrive."""
    graph: nx.DiGraph[Half] = nx.DiGraph()
    ends = {free.start, free.goal}
    for at in sorted(near):
        graph.add_edge((at, IN), (at, OUT), weight=0, capacity=1 if nodes and at not in ends else 2)
        for to, weight in ((to, weight) for to, weight, _ in free.legs[at] if to in near):
            graph.add_edge((at, OUT), (to, IN), weight=weight, capacity=1)
    graph.nodes[free.start, IN]["demand"] = -2
    graph.nodes[free.goal, OUT]["demand"] = 2
    return graph


def _taken(free: Roads, flow: dict[Half, dict[Half, int]]) -> tuple[int, tuple[int, ...]]:
    """One path of the flow, which is taken off it, with its weight."""
    way, weight = [free.start], 0
    while way[-1] != free.goal:
        at = way[-1]
        to, paid = next((to, paid) for to, paid, _ in free.legs[at] if flow[at, OUT].get((to, IN)))
        flow[at, OUT][to, IN] -= 1
        way.append(to)
        weight += paid
    return weight, tuple(way)
