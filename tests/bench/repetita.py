"""Public topologies with demands, as the Repetita collection has them: ``NAME.graph`` beside ``NAME*.demands``.

A graph has NODES with a line each (label, x, y) and EDGES (label, source, target, weight, kbit/s, us) for one way each;
demands are (label, source, target, kbit/s). Links beside each other are one here, of several wires; as switches share
out evenly over these, each carries what the narrowest does. Of what differs by the way, the worse counts.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from controller.links import in_order, link_name
from topology.board import Load
from topology.map import Edge, Map, Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FINE = 1000
"""Parts of a weight where weights are no whole numbers."""


def cases(folder: Path) -> Iterator[tuple[str, Map, list[Load]]]:
    """Each file of demands with its graph, in the order of their names."""
    for graph in sorted(folder.rglob("*.graph")):
        for demands in sorted(graph.parent.glob(f"{graph.stem}*.demands")):
            if demands.name[len(graph.stem)] in "._":
                ground, names = _graph(graph)
                yield demands.stem, ground, list(_loads(demands, names))


def _graph(path: Path) -> tuple[Map, list[str]]:
    """The map, and the bridges by number."""
    nodes, edges = _sections(path.read_text())
    names = [f"b{number}" for number in range(len(nodes))]
    weights = [float(edge[3]) for edge in edges]
    times = 1 if all(weight.is_integer() for weight in weights) else FINE
    ways: dict[tuple[str, str], list[tuple[int, float, float, bool]]] = defaultdict(list)
    for (_, source, target, _, rate, delay), weight in zip(edges, weights, strict=True):
        ends = in_order(names[int(source)], names[int(target)])
        forth = ends[0] == names[int(source)]
        ways[ends].append((max(1, round(weight * times)), float(rate) / 1000, float(delay) / 1000, forth))
    ground = Map()
    for name in names:
        ground.put(Site(name))
    for ends, both in ways.items():
        wires = max(sum(each[3] is way for each in both) for way in (True, False))
        cost, latency = max(each[0] for each in both), max(each[2] for each in both)
        capacity = wires * min(each[1] for each in both)
        ground.put(Edge(link_name(*ends), ends, cost, latency, capacity, wires=wires))
    return ground, names


def _sections(text: str) -> tuple[list[list[str]], list[list[str]]]:
    """The lines of both parts, in words."""
    parts: dict[str, list[list[str]]] = {}
    current: list[list[str]] = []
    for words in map(str.split, text.splitlines()):
        if words and words[0] in {"NODES", "EDGES"}:
            current = parts[words[0]] = []
        elif words and words[0] != "label":
            current.append(words)
    return parts["NODES"], parts["EDGES"]


def _loads(path: Path, names: list[str]) -> Iterator[Load]:
    for number, line in enumerate(path.read_text().splitlines()[2:]):
        _, source, target, rate = line.split()
        if source != target:
            yield Load(str(number), names[int(source)], names[int(target)], float(rate) / 1000)
