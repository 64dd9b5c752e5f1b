"""What a question leaves of the map: the links that may be used, each with a weight that says how gladly.

A weight is a whole number, so that paths compare exactly: first how much of it is drained, then what the objective
counts, then hops or cost among equals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

from topology.dijkstra import mesh
from topology.map import link_names

if TYPE_CHECKING:
    from controller.links import Wanted
    from controller.policy.values import Labels
    from topology.dijkstra import Arcs, Mesh
    from topology.map import Edge, Map, Site
    from topology.paths import Question

LEVELS = 20
"""Load counts in twentieths of a link, so that no path is long for a difference that nobody feels."""
DRAINED = 1 << 20
"""What the level of a drained link is raised by."""


@dataclass(frozen=True, slots=True)
class Roads:
    """Where each bridge leads, ``legs`` as ``(to, weight, ns)``; ``back`` and ``late`` say who leads there, and how.

    ``late`` is by latency. ``stops`` are to be met in order between ``start`` and ``goal``.
    """

    mesh: Mesh
    start: int
    goal: int
    stops: tuple[int, ...]
    legs: list[list[tuple[int, int, int]]]
    back: Arcs
    late: Arcs


def roads(ground: Map, question: Question) -> Roads:
    """What may be used; all names must be on the map."""
    net, wanted = mesh(ground), question.wanted
    start, goal, *stops = (net.index[name] for name in (question.source, question.target, *wanted.via))
    weights, penalty = _weights(net, wanted)
    barred, slow = _barred(net, wanted), _left_for_last(net, question)
    heavy = net.drained - {start, goal, *stops}
    found = Roads(net, start, goal, tuple(stops), *_nowhere(net))
    legs, back, late = found.legs, found.back, found.late
    for number, ((one, other), ns, light) in enumerate(zip(net.ends, net.ns, weights, strict=True)):
        if number in barred:
            continue
        weight = light + penalty if number in slow else light
        there = weight + penalty if other in heavy else weight
        here = weight + penalty if one in heavy else weight
        legs[one].append((other, there, ns))
        legs[other].append((one, here, ns))
        back[other].append((one, there))
        back[one].append((other, here))
        late[other].append((one, ns))
        late[one].append((other, ns))
    return found


def below(free: Roads, by_load: Arcs, most: int) -> Roads:
    """Those of links whose level of load is at most ``most``; ``by_load`` is as of ``levels``."""
    legs, back, late = _nowhere(free.mesh)
    loaded = [dict(each) for each in by_load]
    for at, each in enumerate(free.legs):
        for to, weight, ns in each:
            if loaded[at][to] <= most:
                legs[at].append((to, weight, ns))
                back[to].append((at, weight))
                late[to].append((at, ns))
    return replace(free, legs=legs, back=back, late=late)


def _nowhere(net: Mesh) -> tuple[list[list[tuple[int, int, int]]], Arcs, Arcs]:
    return [[] for _ in net.names], [[] for _ in net.names], [[] for _ in net.names]


def _weights(net: Mesh, wanted: Wanted) -> tuple[list[int], int]:
    """The weight of each edge, and what is added where one is drained; more than any path weighs without."""
    costs, ones = [edge.cost for edge in net.edges], [1] * len(net.edges)
    first, second = {"cost": (costs, ones), "latency": (net.ns, ones)}.get(wanted.objective, (ones, costs))
    steps = len(net.names) * (len(wanted.via) + 1)
    among_equals = 1 + steps * max(second, default=1)
    weights = [one * among_equals + other for one, other in zip(first, second, strict=True)]
    return weights, 1 + steps * max(weights, default=1)


def _left_for_last(net: Mesh, question: Question) -> frozenset[int]:
    """The links that are to be used only where nothing else leads on."""
    shunned = (
        {number for number, edge in enumerate(net.edges) if edge.name in question.shunned} if question.shunned else ()
    )
    return net.drained_edges.union(shunned)


def _barred(net: Mesh, wanted: Wanted) -> set[int]:
    """The links that may not be used."""
    barred = set() if wanted.max_latency is None else set(net.unmeasured)
    if wanted.avoid_bridges or wanted.avoid_labels:
        closed = {at for at, site in enumerate(net.sites) if avoids(wanted, site)}
        barred |= {number for at in closed for _, number, _ in net.arcs[at]}
    barred.update(number for name in wanted.avoid_links for number in net.named.get(name, ()))
    if wanted.avoid_labels or wanted.min_bandwidth is not None:
        barred |= {number for number, edge in enumerate(net.edges) if not allows(wanted, edge)}
    return barred


def allows(wanted: Wanted, edge: Edge) -> bool:
    """Whether a link may be used; where a limit speaks of what is not known of the link, it may not."""
    if wanted.max_latency is not None and edge.latency is None:
        return False
    if wanted.min_bandwidth is not None and (edge.capacity is None or edge.capacity < wanted.min_bandwidth):
        return False
    if _marked(wanted, edge.labels):
        return False
    return not wanted.avoid_links or not any(name in wanted.avoid_links for name in link_names(edge.ends))


def avoids(wanted: Wanted, site: Site) -> bool:
    """Whether no path may meet a bridge."""
    return site.name in wanted.avoid_bridges or _marked(wanted, site.labels)


def _marked(wanted: Wanted, labels: Labels) -> bool:
    return bool(wanted.avoid_labels) and not set(labels).isdisjoint(wanted.avoid_labels)


def level(net: Mesh, edge: int, way: int, rate: float) -> int:
    """How loaded a link would be one way with ``rate`` more, in steps of a twentieth; a drained one beyond all."""
    loaded = max(1, ceil((net.edges[edge].load[way] + rate) / net.capacities[edge] * LEVELS))
    return loaded + DRAINED if net.edges[edge].drained else loaded


def levels(ground: Roads, rate: float) -> Arcs:
    """The roads by level of load."""
    arcs, net = ground.mesh.arcs, ground.mesh
    used = [{to for to, _, _ in legs} for legs in ground.legs]
    return [
        [(to, level(net, edge, way, rate)) for to, edge, way in each if to in used[at]] for at, each in enumerate(arcs)
    ]
