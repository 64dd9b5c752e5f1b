"""Links as they are listed: their wires or tunnel, what is said and measured of them, whether they are up.

A link's numbers go both ways in the order of ``between``; latencies are in ms, rates in Mbit/s.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from controller.links import Ends, Link, LinkFigures, LinkSettings, Wire, in_order, link_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from controller.status.atlas import Atlas
    from controller.store import Store
    from ovsdb.rows import Liveness

Row = dict[str, object]
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Cables:
    """What joins two bridges: wires, or, where there are none, a tunnel that carries ``networks``."""

    ends: Ends
    wires: tuple[Wire, ...] = ()
    networks: tuple[str, ...] = ()


class Watch(Protocol):
    """Who knows which wires BFD watches (``controller.atlas.care.Care``)."""

    def watched(self, wire: Wire) -> bool | None:
        """Whether both its ends hear each other by BFD; None where no database tells of one of them."""

    def unwatched(self, wire: Wire) -> str | None:
        """Why silence on a wire would not be noticed by its ends as soon as is asked, None where it would."""

    def narrowest(self) -> tuple[int, str] | None:
        """The least MTU of a wire that is up, and that wire (its key); None where no host tells of any."""


class Links:
    """Every link that there is or that something is said of; ``watch`` knows of wires.

    ``tunnels`` gives pairs of hosts with the networks that they share, ``watches`` whom a host watches by BFD.
    """

    def __init__(
        self,
        store: Store,
        atlas: Atlas,
        tunnels: Callable[[], Iterable[tuple[str, str, tuple[str, ...]]]],
        watches: Callable[[str], Mapping[str, Liveness]],
        watch: Watch,
    ) -> None:
        self._store = store
        self._atlas = atlas
        self._tunnels = tunnels
        self._watches = watches
        self.watch = watch

    def rows(self) -> list[Row]:
        """All of them, by name; last those that are not there and that something is said of."""
        found = self._found()
        said = sorted(set(self._store.keys(LinkSettings)) - set(_either_way(found.values())))
        ordered = sorted(found.values(), key=lambda cables: _place(cables.ends))
        return [*map(self._row, ordered), *map(self._absent, said)]

    def row(self, name: str) -> Row | None:
        """One by its name, the ends in either order."""
        found = self._found()
        known = _either_way(found.values()).get(name)
        if known is not None:
            return self._row(known)
        return self._absent(name) if self._store.get(LinkSettings, name) is not None else None

    def names(self) -> frozenset[str]:
        """What links that are there may be called, up or down."""
        return frozenset(_either_way(self._found().values()))

    def _found(self) -> dict[str, Cables]:
        """What is there, by name."""
        wires: dict[Ends, list[Wire]] = {}
        for wire in sorted(self._store.all(Wire), key=attrgetter("key")):
            wires.setdefault(in_order(*wire.ends), []).append(wire)
        for link in self._store.all(Link):
            wires.setdefault(link.ends, [])
        found = {link_name(*ends): Cables(ends, tuple(some)) for ends, some in wires.items()}
        for one, other, networks in self._tunnels():
            found.setdefault(link_name(one, other), Cables(in_order(one, other), networks=networks))
        for edge in self._atlas.map.edges():
            found.setdefault(edge.name, Cables(edge.ends))
        return found

    def _row(self, cables: Cables) -> Row:
        name = link_name(*cables.ends)
        said = settings_of(self._store, cables.ends) or LinkSettings(name)
        seen = self._atlas.figures.of(name) or LinkFigures()
        wired = bool(cables.wires) or self._store.get(Link, name) is not None
        wires = [_wire(wire, cables.ends, watched=self.watch.watched(wire)) for wire in cables.wires]
        return {
            "name": name,
            "kind": "wire" if wired else "tunnel",
            "between": list(cables.ends),
            "state": self._wired(name, cables) if wired else self._tunnelled(cables.ends),
            **_told(said, seen),
            "drained": said.maintenance and bool(self._atlas.draining(name)["drained"]),
            "watched": _all_watched(wires),
            "wires": wires,
            "networks": list(cables.networks),
        }

    def _wired(self, name: str, cables: Cables) -> str:
        link = self._store.get(Link, name)
        alive = bool(link.wires) if link is not None else any(wire.up for wire in cables.wires)
        return "up" if alive else "down"

    def _tunnelled(self, ends: Ends) -> str:
        """Down where one end misses the other's BFD; nobody watches most tunnels."""
        one, other = ends
        heard = (self._watches(one).get(other), self._watches(other).get(one))
        return "down" if "down" in heard else "up"

    def _absent(self, name: str) -> Row:
        said = self._store.get(LinkSettings, name) or LinkSettings(name)
        return {
            "name": name,
            "kind": None,
            "between": None,
            "state": "absent",
            **_told(said, LinkFigures()),
            "drained": said.maintenance,
            "watched": None,
            "wires": [],
            "networks": [],
        }


def settings_of(store: Store, ends: Ends) -> LinkSettings | None:
    """What is said of the link between two bridges, whichever of them its name begins with."""
    one, other = ends
    found: LinkSettings | None = store.get(LinkSettings, f"{one}-{other}") or store.get(LinkSettings, f"{other}-{one}")
    return found


def _either_way(known: Iterable[Cables]) -> dict[str, Cables]:
    """Links by their names with the ends in either order."""
    return {"-".join(ends): cables for cables in known for ends in (cables.ends, cables.ends[::-1])}


def _told(said: LinkSettings, seen: LinkFigures) -> Row:
    """What is said comes before what is measured."""
    return {
        "cost": said.cost,
        "latency_ms": _rounded(said.latency if said.latency is not None else seen.latency),
        "load_mbps": [_rounded(load) for load in seen.load] if seen.load is not None else None,
        "capacity_mbps": said.bandwidth if said.bandwidth is not None else seen.capacity,
        "labels": dict(said.labels),
        "maintenance": said.maintenance,
    }


def _wire(wire: Wire, ends: Ends, *, watched: bool | None) -> Row:
    order = (0, 1) if wire.ends == ends else (1, 0)
    return {
        "ports": [wire.ports[end] for end in order],
        "interfaces": [wire.names[end] for end in order],
        "state": "up" if wire.up else "down",
        "watched": watched,
    }


def _all_watched(wires: Iterable[Row]) -> bool | None:
    """Whether all are that are up; None where nobody can say of one, or none is up."""
    found = {wire["watched"] for wire in wires if wire["state"] == "up"}
    return None if None in found or not found else found == {True}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _place(ends: Ends) -> tuple[int, str, int, str]:
    """Links in the order of their ends, s2 before s10."""
    return len(ends[0]), ends[0], len(ends[1]), ends[1]
