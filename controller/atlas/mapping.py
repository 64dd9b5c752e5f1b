"""Mapping: the wires that bridges hear each other through, what users say of links, and tunnels make the map.

Where the bridges of a fabric are hosts with tunnels too, the map has tunnels from these to all other hosts, and between
hosts that path policies speak of. Tunnels cost more than wires, and hosts without wires lead to nobody but themselves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Protocol

from controller.entities import Chassis
from controller.links import (
    BridgeSettings,
    Demand,
    Link,
    LinkFigures,
    LinkSettings,
    PathPolicy,
    Wire,
    in_order,
    link_name,
)
from topology.map import Edge, Site
from topology.routing import LAST_RESORT, Change
from topology.trees import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from collections.abc import Mapping as Mapped

    from topology.fabric import Turn
    from topology.map import Map

MAPPED = frozenset({Wire, LinkSettings, BridgeSettings, Chassis, Demand, PathPolicy})
"""What the map is made of."""
TUNNEL_COST = 90
"""What a tunnel costs more than a wire: frames take it where links between bridges do not lead on."""

Ends = tuple[str, str]
Place = tuple[type, str]


class Facts(Protocol):
    """What the compiler's store knows (``controller.store.Store``)."""

    def get(self, kind: type, key: str) -> Any | None:
        """The entity, or None."""

    def keys(self, kind: type) -> Iterable[str]:
        """The keys of all entities of a type."""


class Ear(Protocol):
    """How a bridge takes in what it is told (``controller.southbound.bridge.Bridge``)."""

    @property
    def in_sync(self) -> bool:
        """Whether it is there, and has taken in all."""


class Mapping:
    """Keeps a map as the facts have it; ``figures`` tells what is measured of a link (its name).

    ``fabric`` are the bridges that are wired, or were when they were last heard, with the number of their links.
    ``held`` are links (by name) that are drained for a reason of ours. ``rewired``: other bridges are wired, or by
    other links, since the change that was taken in last.
    """

    def __init__(self, facts: Facts, ground: Map, figures: Callable[[str], LinkFigures | None]) -> None:
        self.held: set[str] = set()
        self._facts = facts
        self._ground = ground
        self._figures = figures
        self._wires: dict[str, Wire] = {}
        self._cables: dict[Ends, set[str]] = defaultdict(set)
        self._named: dict[str, Ends] = {}
        self._tunnels: set[Ends] = set()
        self.rewired = False
        self.fabric: Counter[str] = Counter()

    def ends(self, name: str) -> Ends | None:
        """The bridges that a link joins, by its name with the ends in either order."""
        return self._named.get(name)

    def take(self, places: Collection[Place], turn: Turn) -> tuple[Change, Change]:
        """Bring the map up to date with facts that differ; links go into the turn.

        What routing has to hear of it: what was lost, and what is otherwise by somebody's will.
        """
        links: set[Ends] = set()
        sites: set[str] = set()
        self.rewired = False
        for kind, key in places:
            if kind is Wire:
                links |= self._wire(key)
            elif kind is LinkSettings and key in self._named:
                links.add(self._named[key])
            elif kind in {Chassis, BridgeSettings}:
                sites.add(key)
        if self.rewired or any(kind in {Chassis, Demand, PathPolicy} for kind, _ in places):
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
        return [name for name in self.fabric if degrees[name] and not (name in bridges and bridges[name].in_sync)]

    def measured(self) -> None:
        """Take over what is measured of every link; routes have nothing to do with that."""
        for edge in list(self._ground.edges()):
            fresh = self._edge(edge.ends)
            if fresh is not None and fresh != edge:
                self._ground.put(fresh)

    def _wire(self, key: str) -> set[Ends]:
        """A wire came, changed or went; the pairs of bridges that it is about."""
        old, new = self._wires.pop(key, None), self._facts.get(Wire, key)
        was, now = (in_order(*wire.ends) if wire is not None else None for wire in (old, new))
        if now is not None and new is not None:
            self._wires[key] = new
            if now not in self._cables:
                self.rewired = True
                self.fabric.update(now)
                self._name(now)
            self._cables[now].add(key)
        if was is not None and was != now:
            self._cables[was].discard(key)
            if not self._cables[was]:
                del self._cables[was]
                self.rewired = True
                self.fabric.subtract(was)
                self.fabric = +self.fabric
        return {ends for ends in (was, now) if ends is not None}

    def _name(self, ends: Ends) -> None:
        self._named.setdefault(link_name(*ends), ends)
        self._named.setdefault("-".join(reversed(ends)), ends)

    def _draw(self, ends: Ends, lost: Change, planned: Change, turn: Turn) -> None:
        """Put one link on the map as it is now."""
        name, before, after = link_name(*ends), self._ground.edge(*ends), self._edge(ends)
        link = self._link(ends)
        if link is not None and link != self._facts.get(Link, name):
            turn.puts.append(link)
        elif link is None and self._facts.get(Link, name) is not None:
            turn.deletes.append((Link, name))
        if after is None:
            if before is not None:
                self._ground.drop_edge(*ends)
                lost.costs[ends] = None
            return
        if after != before:
            self._ground.put(after)
        if before is None or _weight(before) != _weight(after):
            planned.costs[ends] = _weight(after)

    def _link(self, ends: Ends) -> Link | None:
        """All wires of it that are up; None where none was ever heard of."""
        if ends not in self._cables:
            return None
        wires = sorted(_ports(self._wires[key], ends) for key in self._cables[ends] if self._wires[key].up)
        return Link(link_name(*ends), ends, tuple(wires))

    def _edge(self, ends: Ends) -> Edge | None:
        """The link as the map has it, if one can go by it."""
        link = self._link(ends)
        if link is not None and not link.wires:
            return None
        if link is None and ends not in self._tunnels:
            return None
        name = link_name(*ends)
        said, seen = self._said(ends), self._figures(name) or LinkFigures()
        return Edge(
            name,
            ends,
            max(1, said.cost) + (TUNNEL_COST if link is None else 0),
            said.latency if said.latency is not None else seen.latency,
            said.bandwidth if said.bandwidth is not None else seen.capacity,
            seen.load or (0.0, 0.0),
            said.labels,
            drained=said.maintenance or name in self.held,
        )

    def _said(self, ends: Ends) -> LinkSettings:
        """What a user says of the link."""
        for name in (link_name(*ends), "-".join(reversed(ends))):
            found: LinkSettings | None = self._facts.get(LinkSettings, name)
            if found is not None:
                return found
        return LinkSettings(link_name(*ends))

    def _place(self, name: str, planned: Change) -> None:
        """Put a bridge on the map as it is now, and say what it costs to pass through it."""
        said: BridgeSettings | None = self._facts.get(BridgeSettings, name)
        wired = name in self.fabric
        if not wired and self._facts.get(Chassis, name) is None:
            self._ground.drop_site(name)
            return
        site = Site(name, said.labels, said.maintenance) if said is not None else Site(name)
        if name not in self._ground or self._ground.site(name) != site:
            self._ground.put(site)
        planned.tolls[name] = NEVER if not wired else LAST_RESORT if site.drained else 0

    def _tunnelled(self) -> set[Ends]:
        """Look again which tunnels there are; those that came or went."""
        before, self._tunnels = self._tunnels, set(self._pairs())
        for ends in self._tunnels - before:
            self._name(ends)
        return before ^ self._tunnels

    def _pairs(self) -> Iterator[Ends]:
        """Hosts with wires and all others, and hosts that steering speaks of, where both have a tunnel in common."""
        found = (self._facts.get(Chassis, key) for key in self._facts.keys(Chassis))
        hosts = {host.key: host for host in found if host is not None and host.encap_ip and host.tunnels}
        hybrids, spoken = hosts.keys() & self.fabric.keys(), hosts.keys() & self._spoken_of()
        for ones, others in ((hybrids, hosts.keys()), (spoken, spoken)):
            for one in ones:
                for other in others:
                    pair = in_order(one, other)
                    common = dict(hosts[one].tunnels).keys() & dict(hosts[other].tunnels).keys()
                    if one != other and common and pair not in self._cables:
                        yield pair

    def _spoken_of(self) -> set[str]:
        """The chassis that demands begin or end at, or that policies want passed."""
        demands = (self._facts.get(Demand, key) for key in self._facts.keys(Demand))
        policies = (self._facts.get(PathPolicy, key) for key in self._facts.keys(PathPolicy))
        ends = {end for demand in demands if demand is not None for end in (demand.source, demand.target)}
        return ends.union(*(policy.wanted.via for policy in policies if policy is not None))


def _weight(edge: Edge) -> int:
    """What routing pays for a link."""
    return edge.cost + (LAST_RESORT if edge.drained else 0)


def _ports(wire: Wire, ends: Ends) -> tuple[int, int]:
    return wire.ports if wire.ends == ends else (wire.ports[1], wire.ports[0])
