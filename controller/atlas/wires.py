"""Wires as the hosts of their ends know them: what is asked of both ends, which are watched, and which ought to be."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Protocol

from controller.entities import Chassis
from controller.links import Track, Wire, WireEnd, link_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.links import EndState
    from controller.settings import Topology
    from controller.store import Store

ENDS = 2
"""Of a wire."""
PACE = 1.2
"""Seconds from when both ends hear each other until they do so as often as is asked of them: until then a switch sends
one packet a second (RFC 5880, 6.8.3), and silence takes three of these; measured: 0.7 to 1.0 with Open vSwitch 3.1."""

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
        self._since: dict[Place, float] = {}
        self._narrowest: tuple[int, str] | None = None
        self._stale = True
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
        self._stale = True
        asked = {wire.key: tuple(self._asked(wire)) for wire in self._all()}
        self.watching = {key: interval for key, interval in self.watching.items() if key in asked}
        self._hosts.tend(end for ends in asked.values() for end in ends)

    def states(self, wire: Wire) -> list[EndState]:
        """What hosts say of the ends of a wire; of those of hosts that are out of reach, nothing."""
        found = map(self._hosts.ends.state, self._places(wire))
        return [state for state in found if state is not None and state.able]

    def heard(self, place: Place, now: float) -> None:
        """A host says something else than before of an end."""
        self._stale = True
        state = self._hosts.ends.state(place)
        if state is not None and state.alive:
            self._since.setdefault(place, now)
        else:
            self._since.pop(place, None)

    def watched(self, wire: Wire, now: float) -> bool:
        """Whether both ends hear each other, as often as is asked of them."""
        places = tuple(self._places(wire))
        since = [self._since[place] for place in places if place in self._since]
        return len(since) == ENDS and now >= max(since) + PACE

    def untold(self, wire: Wire) -> str | None:
        """Why hosts will never say of both ends of a wire that they are alive, None where they may."""
        for name, interface in zip(wire.ends, wire.names, strict=True):
            chassis: Chassis | None = self._store.get(Chassis, name)
            state = self._hosts.ends.state((chassis.dpid, interface)) if chassis is not None else None
            if state is None:
                return f"the database of {name} is not reached"
            if not state.able:
                return f"{interface} is of a sort that BFD does not watch"
        return None

    def narrowest(self) -> tuple[int, str] | None:
        """The least MTU of a wire that is up, and that wire (its key); None where no host tells of any."""
        if self._stale:
            self._stale = False
            up = (wire for wire in self._all() if wire.up)
            known = ((state.mtu, wire.key) for wire in up for state in self.states(wire))
            self._narrowest = min(((mtu, key) for mtu, key in known if mtu is not None), default=None)
        return self._narrowest

    def lacking(self) -> Iterator[Wire]:
        """Of which both ends could tell that they are alive, and do not, though they ought to.

        First those of which one end waits for the other, then as tracks that can be gone round go by them.
        """
        able: dict[str, list[Wire]] = defaultdict(list)
        for wire in self._all():
            states = self.states(wire)
            if len(states) == ENDS and any(state.alive is None for state in states):
                able[link_name(*wire.ends)].append(wire)
        for wires in able.values():
            yield from (wire for wire in wires if _half(self.states(wire)))
        for link in self._guarded.links():
            yield from (wire for wire in able.get(link, ()) if wire.up)

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


def _half(states: list[EndState]) -> bool:
    """Whether one end waits for the other, which is not to answer: an earlier daemon had only begun."""
    return {state.alive is None for state in states} == {True, False}


class Guarded:
    """The links that tracks with detours go by: there a switch must know by itself when the other end is gone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._links: dict[str, tuple[str, ...]] = {}

    def changed(self, key: str) -> None:
        """A track came or went."""
        self._links.pop(key, None)
        track: Track | None = self._store.get(Track, key)
        if track is not None and any(track.detours):
            steps = zip(track.bridges, track.bridges[1:], track.detours, strict=False)
            self._links[key] = tuple(link_name(one, other) for one, other, detour in steps if detour)

    def links(self) -> Iterable[str]:
        """The links (names) that can be gone round, each once, track by track in their order."""
        return dict.fromkeys(link for key in sorted(self._links) for link in self._links[key])
