"""The graph of chassis, networks and ports, true within moments of any change.

Nodes are ``("chassis", name)``, ``("network", key)`` and ``("port", key)``; an edge says that a port is plugged in on a
chassis, or that a network is present there. Chassis with a network in common are linked by a tunnel: those links are
derived, since there may be as many as pairs.
"""

from __future__ import annotations

from io import BytesIO
from itertools import combinations
from typing import TYPE_CHECKING

import networkx as nx

from controller.derived import Endpoint, Presence
from controller.entities import Chassis

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.entities import Entity

NodeKey = tuple[str, str]


class Topology:
    """Takes entities as they come and go; gives nodes and links."""

    def __init__(self) -> None:
        self.graph: nx.Graph[NodeKey] = nx.Graph()

    def put(self, entity: Entity) -> None:
        """An entity came or changed; types that are no part of the topology are passed over."""
        match entity:
            case Chassis():
                self.graph.add_node(("chassis", entity.key), encap_ip=entity.encap_ip or "", dpid=f"{entity.dpid:016x}")
            case Presence():
                self.graph.add_edge(("network", entity.network), ("chassis", entity.chassis))
            case Endpoint():
                self.delete(Endpoint, entity.key)
                self.graph.add_node(("port", entity.key), mac=entity.mac, ofport=entity.ofport)
                self.graph.add_edge(("port", entity.key), ("chassis", entity.chassis), interface=entity.interface)

    def delete(self, kind: type, key: str) -> None:
        """An entity went; what others still say of it stays."""
        if kind is Presence:
            network, _, chassis = key.rpartition("@")
            self._part(("network", network), ("chassis", chassis))
        elif kind is Endpoint and ("port", key) in self.graph:
            for chassis in list(self.graph["port", key]):
                self._part(("port", key), chassis)
            self._forget(("port", key))
        elif kind is Chassis and ("chassis", key) in self.graph:
            self._forget(("chassis", key))

    def _part(self, one: NodeKey, other: NodeKey) -> None:
        if self.graph.has_edge(one, other):
            self.graph.remove_edge(one, other)
            self._tidy(one)
            self._tidy(other)

    def _forget(self, node: NodeKey) -> None:
        self.graph.nodes[node].clear()
        self._tidy(node)

    def _tidy(self, node: NodeKey) -> None:
        """A node of which nothing is told, neither itself nor by others, is none."""
        if not self.graph.nodes[node] and not self.graph.degree(node):
            self.graph.remove_node(node)

    def tunnels(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Chassis pairs that have networks in common, with these networks."""
        shared: dict[tuple[str, str], list[str]] = {}
        for kind, network in sorted(self.graph):
            if kind != "network":
                continue
            there = sorted(name for _, name in self.graph[kind, network])
            for pair in combinations(there, 2):
                shared.setdefault(pair, []).append(network)
        return [(*pair, tuple(networks)) for pair, networks in sorted(shared.items())]

    def as_json(self) -> dict[str, object]:
        """Nodes and links as JSON values."""
        nodes = [{"kind": kind, "name": name, **data} for (kind, name), data in sorted(self.graph.nodes(data=True))]
        ends = sorted(tuple(sorted((a, b))) for a, b in self.graph.edges())
        links = [
            {"kind": "plugged" if "port" in {a[0], b[0]} else "present", "between": ["/".join(a), "/".join(b)]}
            for a, b in ends
        ]
        tunnels = [{"kind": "tunnel", "between": [a, b], "networks": list(n)} for a, b, n in self.tunnels()]
        return {"nodes": nodes, "links": [*links, *tunnels]}

    def as_graphml(self) -> str:
        """GraphML, for other tools."""
        out = BytesIO()
        nx.write_graphml(nx.relabel_nodes(self.graph, _flat(self.graph)), out)
        return out.getvalue().decode()

    def as_dot(self) -> str:
        """DOT, for Graphviz."""
        names = _flat(self.graph)
        lines = [f'  "{name}";' for name in sorted(names.values())]
        lines += sorted(f'  "{names[a]}" -- "{names[b]}";' for a, b in self.graph.edges())
        return "\n".join(["graph netloom {", *lines, "}", ""])


def _flat(nodes: Iterable[NodeKey]) -> dict[NodeKey, str]:
    return {node: ":".join(node) for node in nodes}
