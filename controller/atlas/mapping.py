"""Mapping: the wires that bridges hear each other through, what users say of links, and tunnels make the map.

Where the bridges of a fabric are hosts with tunnels too, the map has tunnels from these to all other hosts, and between
hosts that path policies speak of. Tunnels cost more than wires, and hosts without wires lead to nobody but themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from controller.atlas.cables import Cables
from controller.atlas.tunnels import tunnels
from controller.entities import Chassis
from controller.links import BridgeSettings, Demand, Link, LinkFigures, LinkSettings, PathPolicy, Wire, link_name
from topology.map import Edge, Site
from topology.routing import LAST_RESORT, Change
from topology.trees import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from collections.abc import Mapping as Mapped

    from controller.atlas.tunnels import Facts
    from topology.fabric import Turn
    from topology.map import Map

MAPPED = frozenset({Wire, LinkSettings, BridgeSettings, Chassis, Demand, PathPolicy})
"""What the map is made of."""
TUNNEL_COST = 90
"""What a tunnel costs more than a wire: frames take it where links between bridges do not lead on."""

Ends = tuple[str, str]
Place = tuple[type, str]


class Ear(Protocol):
    """How a bridge takes in what it is told (``controller.southbound.bridge.Bridge``)."""

    @property
    def in_sync(self) -> bool:
        """Whether it is there, and has taken in all."""


class Mapping:
    """Keeps a map as the facts have it; ``figures`` tells what is measured of a link (its name)."""

    def __init__(self, facts: Facts, ground: Map, figures: Callable[[str], LinkFigures | None]) -> None:
        self.cables = Cables()
        self._facts = facts
        self._ground = ground
        self._figures = figures
        self._tunnels: set[Ends] = set()
        self._by_wire: set[Ends] = set()

    def take(self, places: Collection[Place], turn: Turn) -> tuple[Change, Change]:
        """Bring the map up to date with facts that differ; links go into the turn.

        What routing has to hear of it: what was lost, and what is otherwise by somebody's will.
        """
        links: set[Ends] = set()
        sites: set[str] = set()
        pairs = self.cables.pairs
        for kind, key in places:
            if kind is Wire:
                links |= self.cables.put(key, self._facts.get(Wire, key))
            elif kind is LinkSettings and (ends := self.cables.ends(key)) is not None:
                links.add(ends)
            elif kind in {Chassis, BridgeSettings}:
                sites.add(key)
        if self.cables.pairs != pairs or any(kind in {Chassis, Demand, PathPolicy} for kind, _ in places):
            links |= self._tunnelled()
        lost, planned = Change(), Change()
        for ends in links:
            self._draw(ends, lost, planned, turn)
        for name in sites | {bridge for ends in links for bridge in ends}:
            self._place(name, planned)
        return lost, planned

    def deaf(self, bridges: Mapped[str, Ear]) -> list[str]:
        """The wired bridges that frames may pass, and that take in nothing now."""
        degrees = self._ground.graph.degree
        wired = (name for name in self.cables.fabric if degrees[name])
        return [name for name in wired if not (name in bridges and bridges[name].in_sync)]

    def measured(self, breathe: Callable[[], None]) -> None:
        """Take over what is measured of every link; routes have nothing to do with that."""
        for edge in list(self._ground.edges()):
            breathe()
            fresh = self._edge(edge.ends)
            if fresh is not None and fresh != edge:
                self._ground.put(fresh)

    def _tunnelled(self) -> set[Ends]:
        """Look again which tunnels there are; those that came or went."""
        before = self._tunnels
        self._tunnels = set(tunnels(self._facts, self.cables.fabric))
        for ends in self._tunnels - before:
            self.cables.name(ends)
        return before ^ self._tunnels

    def _draw(self, ends: Ends, lost: Change, planned: Change, turn: Turn) -> None:
        """Put one link on the map as it is now."""
        failed = ends in self._by_wire
        self._tell(ends, turn)
        before, after = self._ground.edge(*ends), self._edge(ends)
        if after is not None and after != before:
            self._ground.put(after)
        if after is None and before is not None:
            self._ground.drop_edge(*ends)
        was, now = (_weight(edge) if edge is not None else None for edge in (before, after))
        if was != now:
            (lost if now is None or (failed and ends not in self._by_wire) else planned).costs[ends] = now

    def _tell(self, ends: Ends, turn: Turn) -> None:
        """Tell of the link as it is now; of one whose wires are all down nothing is told where a tunnel is there."""
        link, told = self.cables.link(ends), self._facts.get(Link, link_name(*ends))
        by_wire = link is not None and bool(link.wires)
        (self._by_wire.add if by_wire else self._by_wire.discard)(ends)
        if link is not None and (by_wire or ends not in self._tunnels):
            if link != told:
                turn.puts.append(link)
        elif told is not None and told.ends == ends:
            turn.deletes.append((Link, link_name(*ends)))

    def _edge(self, ends: Ends) -> Edge | None:
        """The link as the map has it, if one can go by it."""
        by_wire = ends in self._by_wire
        if not by_wire and ends not in self._tunnels:
            return None
        name = link_name(*ends)
        said, seen = self._said(ends), self._figures(name) or LinkFigures()
        link = self.cables.link(ends) if by_wire else None
        return Edge(
            name,
            ends,
            max(1, said.cost) + (0 if by_wire else TUNNEL_COST),
            said.latency if said.latency is not None else seen.latency,
            said.bandwidth if said.bandwidth is not None else seen.capacity,
            seen.load or (0.0, 0.0),
            said.labels,
            drained=said.maintenance,
            wires=len(link.wires) if link is not None else 1,
        )

    def _said(self, ends: Ends) -> LinkSettings:
        """What a user says of the link."""
        for name in (link_name(*ends), "-".join(reversed(ends))):
            found: LinkSettings | None = self._facts.get(LinkSettings, name)
            if found is not None and self.cables.ends(name) == ends:
                return found
        return LinkSettings(link_name(*ends))

    def _place(self, name: str, planned: Change) -> None:
        """Put a bridge on the map as it is now, and say what it costs to pass through it."""
        said: BridgeSettings | None = self._facts.get(BridgeSettings, name)
        wired = name in self.cables.fabric
        if not wired and self._facts.get(Chassis, name) is None:
            self._ground.drop_site(name)
            return
        site = Site(name, said.labels, said.maintenance) if said is not None else Site(name)
        if name not in self._ground or self._ground.site(name) != site:
            self._ground.put(site)
        planned.tolls[name] = NEVER if not wired else LAST_RESORT if site.drained else 0


def _weight(edge: Edge) -> int:
    """What routing pays for a link."""
    return edge.cost + (LAST_RESORT if edge.drained else 0)
