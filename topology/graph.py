"""The graph of chassis, networks, ports and links, true within moments of any change.

Nodes are ``("chassis", name)``, ``("network", key)`` and ``("port", key)``; an edge says that a port is plugged in on a
chassis, that a network is present there, or that a link joins two chassis' bridges. Hosts with a network in common are
linked by a tunnel: those links are derived, since there may be as many as pairs. What is said and measured of links and
bridges comes from outside, when somebody asks.
"""

from __future__ import annotations

from io import BytesIO
from itertools import combinations
from typing import TYPE_CHECKING

import networkx as nx

from controller.derived import Endpoint, Presence
from controller.entities import Chassis
from controller.links import Link

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from controller.entities import Entity

NodeKey = tuple[str, str]
Told = dict[str, object]


class Topology:
    """Takes entities as they come and go; gives nodes and links."""

    def __init__(self) -> None:
        self.graph: nx.Graph[NodeKey] = nx.Graph()
        self._links: dict[str, tuple[NodeKey, NodeKey]] = {}

    def put(self, entity: Entity) -> None:
        """An entity came or changed; types that are no part of the topology are passed over."""
        match entity:
            case Chassis():
                self.graph.add_node(("chassis", entity.key), encap_ip=entity.encap_ip or "", dpid=f"{entity.dpid:016x}")
            case Presence():
                self.graph.add_edge(("network", entity.network), ("chassis", entity.chassis))
            case Link():
                one, other = entity.ends
                ends = self._links[entity.key] = ("chassis", one), ("chassis", other)
                self.graph.add_edge(*ends, name=entity.key)
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
        elif kind is Link and key in self._links:
            self._part(*self._links.pop(key))
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
        """Pairs of hosts that have networks in common, with these networks; a bridge without an address has none."""
        shared: dict[tuple[str, str], list[str]] = {}
        for kind, network in sorted(self.graph):
            if kind != "network":
                continue
            there = sorted(
                name for sort, name in self.graph[kind, network] if self.graph.nodes[sort, name].get("encap_ip")
            )
            for pair in combinations(there, 2):
                shared.setdefault(pair, []).append(network)
        return [(*pair, tuple(networks)) for pair, networks in sorted(shared.items())]

    def as_json(self, links: Iterable[Told], bridges: Mapping[str, Told]) -> dict[str, object]:
        """Nodes and links as JSON values, with what is told of ``links`` and, by chassis, of ``bridges``."""
        nodes = [
            {"kind": kind, "name": name, **data, **_more(kind, name, bridges)}
            for (kind, name), data in sorted(self.graph.nodes(data=True))
        ]
        ends = sorted(tuple(sorted((a, b))) for a, b in self.graph.edges() if a[0] != b[0])
        plain = [
            {"kind": "plugged", "between": ["/".join(a), "/".join(b)], "role": "host"}
            if "port" in {a[0], b[0]}
            else {"kind": "present", "between": ["/".join(a), "/".join(b)]}
            for a, b in ends
        ]
        return {"nodes": nodes, "links": [*plain, *({**link, "role": "link"} for link in links if link["kind"])]}

    def as_graphml(self, links: Iterable[Told], bridges: Mapping[str, Told]) -> str:
        """GraphML, for other tools."""
        drawn, out = self._drawn(links, bridges), BytesIO()
        nx.write_graphml(nx.relabel_nodes(drawn, _flat(drawn)), out)
        return out.getvalue().decode()

    def as_dot(self, links: Iterable[Told], bridges: Mapping[str, Told]) -> str:
        """DOT, for Graphviz."""
        drawn = self._drawn(links, bridges)
        names = {node: _quoted(name) for node, name in _flat(drawn).items()}
        lines = sorted(f"  {names[node]}{_attributes(data)};" for node, data in drawn.nodes(data=True))
        lines += sorted(
            f"  {names[a]} -- {names[b]}{_attributes(_style(data) | data)};" for a, b, data in drawn.edges(data=True)
        )
        return "\n".join(["graph netloom {", *lines, "}", ""])

    def _drawn(self, links: Iterable[Told], bridges: Mapping[str, Told]) -> nx.Graph[NodeKey]:
        """A copy with all links, and what is told of everything."""
        drawn: nx.Graph[NodeKey] = self.graph.copy()
        for a, b, data in drawn.edges(data=True):
            data["kind"] = "plugged" if "port" in {a[0], b[0]} else "present"
        for link in links:
            match link["between"]:
                case [str() as one, str() as other]:
                    drawn.add_edge(("chassis", one), ("chassis", other), **_scalars(link))
        for (kind, name), data in drawn.nodes(data=True):
            data.update({"kind": kind, "name": name, **_scalars(_more(kind, name, bridges))})
        return drawn


def _more(kind: str, name: str, bridges: Mapping[str, Told]) -> Told:
    """What is told of the bridge of a chassis."""
    told = bridges.get(name, {}) if kind == "chassis" else {}
    return {field: told[field] for field in ("labels", "maintenance", "drained", "in_sync") if field in told}


def _scalars(told: Told) -> dict[str, str | float]:
    """What other tools can take of it: words and numbers, a pair of loads as two; what is not known is left out."""
    found: dict[str, str | float] = {}
    for field, value in told.items():
        match value:
            case str() | bool() | int() | float():
                found[field] = value
            case [int() | float() as there, int() | float() as back] if field == "load_mbps":
                found |= {"load_there_mbps": there, "load_back_mbps": back}
            case {**pairs} if pairs:
                found[field] = ",".join(f"{key}={said}" for key, said in pairs.items())
    return found


def _style(edge: Mapping[str, object]) -> dict[str, object]:
    """How a link looks: what it costs and takes, dashed for a tunnel, red where it is down."""
    if "cost" not in edge:
        return {}
    words = f"cost {edge['cost']}" + (f", {edge['latency_ms']} ms" if "latency_ms" in edge else "")
    shown: dict[str, object] = {"label": words}
    shown |= {"style": "dashed"} if edge["kind"] == "tunnel" else {}
    return shown | ({"color": "red"} if edge["state"] != "up" else {})


def _attributes(told: Mapping[str, object]) -> str:
    """What is told, as DOT has it."""
    return f" [{', '.join(f'{field}={_quoted(value)}' for field, value in told.items())}]"


def _quoted(value: object) -> str:
    """A word of DOT, whatever is in it (graphviz.org/doc/info/lang.html)."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _flat(nodes: Iterable[NodeKey]) -> dict[NodeKey, str]:
    return {node: ":".join(node) for node in nodes}
