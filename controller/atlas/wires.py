"""Wires as the hosts of their ends know them: what is asked of both ends, and which ought to be watched and are not."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Protocol

from controller.entities import Chassis
from controller.links import Track, Wire, WireEnd, link_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from controller.links import EndState
    from controller.settings import Topology
    from controller.store import Store

ENDS = 2
"""Of a wire."""

Place = tuple[int, str]
"""A datapath id and the name of an interface."""


class Ends(Protocol):
    """What hosts say of the ends of wires (``ovsdb.wire_ends.WireEnds``)."""

    told: Callable[[Place], None]

    def state(self, place: Place) -> EndState | None:
        """Of an interface; None where no host in reach says anything."""


class Hosts(Protocol):
    """Who asks it of hosts (``ovsdb.hosts.Hosts``)."""

    ends: Any

    def tend(self, ends: Iterable[WireEnd]) -> None:
        """From now on this is wanted of interfaces at the ends of wires."""


class Wires:
    """``watching`` holds the ms between signs of life that were asked of wires (keys), 0 for none.

    ``breath`` is called often while there is much to look at.
    """

    def __init__(self, store: Store, hosts: Hosts, settings: Topology, breath: Callable[[], None]) -> None:
        self.watching: dict[str, int] = {}
        self._store = store
        self._hosts = hosts
        self._settings = settings
        self._breath = breath
        self._guarded = Guarded(store)

    def changed(self, track: str) -> None:
        """A track (its key) came or went."""
        self._guarded.changed(track)

    def tend(self) -> None:
        """Ask of all ends what is wanted of them now."""
        asked = {wire.key: tuple(self._asked(wire)) for wire in self._all()}
        self.watching = {key: interval for key, interval in self.watching.items() if key in asked}
        self._hosts.tend(end for ends in asked.values() for end in ends)

    def states(self, wires: Iterable[Wire]) -> list[EndState]:
        """What hosts say of the ends of wires; of those of hosts that are out of reach, nothing."""
        found = (self._hosts.ends.state(place) for wire in wires for place in self._places(wire))
        return [state for state in found if state is not None and state.able]

    def lacking(self, but: Collection[str]) -> dict[str, tuple[Wire, ...]]:
        """The links of which one end waits for the other, else those of one track that ought to be watched.

        With their wires, but for some links: of these all ends could tell that they are alive, and some do not.
        """
        bundles: dict[str, list[Wire]] = defaultdict(list)
        for wire in self._all():
            if wire.up or _half(self.states((wire,))):
                bundles[link_name(*wire.ends)].append(wire)
        able = {link: tuple(wires) for link, wires in bundles.items() if link not in but and self._could(wires)}
        half = {link for link, wires in able.items() if any(_half(self.states((wire,))) for wire in wires)}
        tracks = (able.keys() & links for links in self._guarded.tracks())
        chosen = half or next((found for found in tracks if found), set())
        return {link: able[link] for link in sorted(chosen)}

    def _could(self, wires: Iterable[Wire]) -> bool:
        """Whether all ends could tell that they are alive, and some do not."""
        found = [self.states((wire,)) for wire in wires]
        silent = any(state.alive is None for states in found for state in states)
        return silent and all(len(states) == ENDS for states in found)

    def _all(self) -> Iterator[Wire]:
        """Every wire; others have their turn in between."""
        for key in sorted(self._store.keys(Wire)):
            self._breath()
            wire: Wire | None = self._store.get(Wire, key)
            if wire is not None:
                yield wire

    def _asked(self, wire: Wire) -> Iterator[WireEnd]:
        for dpid, name in self._places(wire):
            yield WireEnd(dpid, name, self._settings.link_mtu, self.watching.get(wire.key))

    def _places(self, wire: Wire) -> Iterator[Place]:
        """Both ends as hosts know them; without those of bridges that are known by no datapath id."""
        for name, interface in zip(wire.ends, wire.names, strict=True):
            chassis: Chassis | None = self._store.get(Chassis, name)
            if chassis is not None and chassis.dpid:
                yield chassis.dpid, interface


def apart(links: Mapping[str, tuple[Wire, ...]]) -> dict[str, tuple[Wire, ...]]:
    """Those of some links that share no bridge: each of these can still be reached by its other links."""
    taken: set[str] = set()
    found = {}
    for link, wires in links.items():
        if taken.isdisjoint(wires[0].ends):
            taken.update(wires[0].ends)
            found[link] = wires
    return found


def _half(states: list[EndState]) -> bool:
    """Whether one end waits for the other, which is not to answer: an earlier daemon had only begun."""
    return {state.alive is None for state in states} == {True, False}


class Guarded:
    """The links that tracks with detours go by: there a switch must know by itself when the other end is gone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._links: dict[str, frozenset[str]] = {}

    def changed(self, key: str) -> None:
        """A track came or went."""
        self._links.pop(key, None)
        track: Track | None = self._store.get(Track, key)
        if track is not None and any(track.detours):
            steps = zip(track.bridges, track.bridges[1:], track.detours, strict=False)
            self._links[key] = frozenset(link_name(one, other) for one, other, detour in steps if detour)

    def tracks(self) -> Iterator[frozenset[str]]:
        """The links (names) of each track that can be gone round."""
        return (self._links[key] for key in sorted(self._links))
