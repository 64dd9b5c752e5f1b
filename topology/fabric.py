"""The fabric's routes: what bridges are told of next hops, and when they may be told in place.

After a failure, and where distances stay, routes are replaced as they stand. A planned change that makes ways longer or
shorter builds the other version of all routes to a destination, then frames head for that one: none of them meets
bridges that have and have not heard of the change, so that it is neither lost nor goes round. While some bridge cannot
be told of it, such a change waits for a while, unless something fails that it may make up for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from controller.links import Heading, Route
from topology.routing import Change, Routing
from topology.trees import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from controller.entities import Entity
    from topology.routing import Shift
    from topology.trees import Hops


@dataclass(slots=True)
class Turn:
    """What is to be told in one go."""

    puts: list[Entity] = field(default_factory=list)
    deletes: list[tuple[type, str]] = field(default_factory=list)


class Fabric:
    """Routes to each destination, of the version that frames head for."""

    def __init__(self, breathe: Callable[[], None]) -> None:
        self.routing = Routing(breathe)
        self.versions: dict[str, int] = {}
        self.waiting = Change()
        self._recalled: dict[str, int] = {}

    def recall(self, headings: Mapping[str, int]) -> None:
        """Begin with the versions that an earlier daemon had."""
        self._recalled = dict(headings)

    def fail(self, change: Change, turn: Turn) -> None:
        """What is gone is gone: change routes as they stand, at once."""
        for ends in change.costs:
            self.waiting.costs.pop(ends, None)
        self._at_once(change, turn)
        if change.costs:
            self.insist(turn)

    def insist(self, turn: Turn) -> None:
        """Make what waits come true, as it can be."""
        waiting, self.waiting = self.waiting, Change()
        self._at_once(waiting, turn)

    def plan(self, change: Change, turn: Turn, *, all_hear: bool) -> None:
        """Change routes so that nothing is lost over it, as soon as all bridges hear of it.

        Who cannot be told would lead frames of the other version nowhere, or back. What only joins bridges that had no
        way to each other does not wait.
        """
        self.waiting.costs.update(change.costs)
        self.waiting.tolls.update(change.tolls)
        if not all_hear:
            self._at_once(self._taken(), turn)
            return
        waiting, self.waiting = self.waiting, Change()
        for destination, shift in self.routing.change(waiting).items():
            if shift.farther:
                self._other_version(destination, shift, turn)
            else:
                self._in_place(destination, shift.before, turn)

    def leave(self, destinations: Mapping[str, bool], turn: Turn) -> None:
        """Drop routes to all but these; of what changes at once this comes first, and ``lead_to`` last."""
        trees = self.routing.trees
        for name in [name for name, tree in trees.items() if destinations.get(name) is not tree.own_way]:
            self._end(name, turn, stays=name in destinations)

    def lead_to(self, destinations: Mapping[str, bool], turn: Turn) -> None:
        """These are the destinations now; True: bridges that nothing passes through reach it by themselves."""
        for name, own_way in destinations.items():
            if name in self.routing.trees:
                continue
            version = self.versions.setdefault(name, self._recalled.get(name, 0))
            tree = self.routing.begin(name, own_way=own_way)
            turn.puts.append(Heading(name, version))
            turn.puts += [_route(bridge, name, version, hops) for bridge, hops in tree.next_hops.items()]

    def _at_once(self, change: Change, turn: Turn) -> None:
        for destination, shift in self.routing.change(change).items():
            self._in_place(destination, shift.before, turn)

    def _taken(self) -> Change:
        """What of the waiting changes need not wait, taken out of them."""
        waiting, trees = self.waiting, self.routing.trees.values()
        apart = [ends for ends in waiting.costs if not any(tree.distances.keys() >= {*ends} for tree in trees)]
        opened = [name for name, toll in waiting.tolls.items() if NEVER in {toll, self.routing.ground.toll(name)}]
        same = [name for name, toll in waiting.tolls.items() if toll == self.routing.ground.toll(name)]
        costs = {ends: waiting.costs.pop(ends) for ends in apart}
        return Change(costs, {name: waiting.tolls.pop(name) for name in {*opened, *same}})

    def _end(self, destination: str, turn: Turn, *, stays: bool) -> None:
        tree, version = self.routing.end(destination), self.versions[destination]
        turn.deletes += [(Route, _key(bridge, destination, version)) for bridge in tree.next_hops]
        if not stays:
            self._recalled[destination] = self.versions.pop(destination)
            turn.deletes.append((Heading, destination))

    def _in_place(self, destination: str, bridges: Iterable[str], turn: Turn) -> None:
        version, next_hops = self.versions[destination], self.routing.trees[destination].next_hops
        for bridge in bridges:
            hops = next_hops.get(bridge)
            if hops:
                turn.puts.append(_route(bridge, destination, version, hops))
            else:
                turn.deletes.append((Route, _key(bridge, destination, version)))

    def _other_version(self, destination: str, shift: Shift, turn: Turn) -> None:
        """All routes again, under the other version; the old ones go when nobody heads for them any more."""
        old = self.versions[destination]
        new = self.versions[destination] = 1 - old
        next_hops = self.routing.trees[destination].next_hops
        stood = {bridge for bridge in next_hops if shift.before.get(bridge, next_hops[bridge])}
        stood.update(bridge for bridge, hops in shift.before.items() if hops)
        turn.puts += [_route(bridge, destination, new, hops) for bridge, hops in next_hops.items()]
        turn.puts.append(Heading(destination, new))
        turn.deletes += [(Route, _key(bridge, destination, old)) for bridge in stood]


def _key(bridge: str, destination: str, version: int) -> str:
    return f"{bridge}>{destination}/{version}"


def _route(bridge: str, destination: str, version: int, hops: Hops) -> Route:
    return Route(_key(bridge, destination, version), bridge, destination, version, hops)
