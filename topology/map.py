"""The map that paths are looked for on: bridges and the links between them, with what is known and asked of each.

A link stands once between its two ends; what it can carry it can carry both ways. Values only: a change of the map is
a call, and whoever computes is given the map as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx

from controller.links import link_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.links import Ends
    from controller.policy.values import Labels


@dataclass(frozen=True, slots=True)
class Edge:
    """A link that is up. ``latency`` in ms and ``capacity`` in Mbit/s, None where unknown; ``ends`` as ``in_order``.

    ``load`` is what each end sends to the other, in Mbit/s. ``drained``: to be used only where nothing else leads on.
    ``wires`` are so many; all that it carries they carry together.
    """

    name: str
    ends: tuple[str, str]
    cost: int
    latency: float | None = None
    capacity: float | None = None
    load: tuple[float, float] = (0.0, 0.0)
    labels: Labels = ()
    drained: bool = False
    wires: int = 1


@dataclass(frozen=True, slots=True)
class Site:
    """A bridge. ``drained``: nothing is to pass through it that can pass elsewhere."""

    name: str
    labels: Labels = ()
    drained: bool = False


class Map:
    """Sites and edges; ``version`` grows with every change, so that what was worked out for one can be kept."""

    def __init__(self) -> None:
        self.graph: nx.Graph[str] = nx.Graph()
        self.version = 0

    def put(self, what: Site | Edge) -> None:
        """It came or changed; the ends of an edge are there from then on."""
        self.version += 1
        if isinstance(what, Site):
            self.graph.add_node(what.name, site=what)
        else:
            self.graph.add_edge(*what.ends, edge=what)

    def drop_site(self, name: str) -> None:
        """It went, and its edges with it."""
        if name in self.graph:
            self.version += 1
            self.graph.remove_node(name)

    def drop_edge(self, one: str, other: str) -> None:
        """It went, or is down."""
        if self.graph.has_edge(one, other):
            self.version += 1
            self.graph.remove_edge(one, other)

    def edge(self, one: str, other: str) -> Edge | None:
        """The edge between two bridges."""
        found = self.graph.get_edge_data(one, other)
        return found["edge"] if found else None

    def site(self, name: str) -> Site:
        """The bridge; one of which only edges tell has nothing said of it."""
        found: Site | None = self.graph.nodes[name].get("site")
        return found if found is not None else Site(name)

    def edges(self) -> Iterator[Edge]:
        """All edges."""
        for _, _, edge in self.graph.edges(data="edge"):
            yield edge

    def sites(self) -> Iterator[Site]:
        """All bridges."""
        for name in self.graph:
            yield self.site(name)

    def __contains__(self, name: str) -> bool:
        return name in self.graph


def link_names(ends: Ends) -> tuple[str, str]:
    """What users may call the link between two bridges: its name, and that with its ends the other way round."""
    return link_name(*ends), "-".join(reversed(ends))
