"""The compiler as the core runs it, and switches that hold nothing but what they were told."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from apps import registry
from controller.compiler.compiler import Compiled, Compiler, Rules
from controller.compiler.view import Missing, View
from controller.derived import Audience
from controller.entities import Chassis, Interface
from controller.flow.flow import Everywhere, Here, Hosts
from controller.policy.derived import Post
from controller.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.compiler.catalogue import Delta
    from controller.compiler.past import Glimpse
    from controller.entities import Entity
    from controller.flow.flow import Flow, Scope, Slot
    from tests.worlds import Key, World

T = TypeVar("T")
Owners = set[tuple[str, str]]
"""Rules' names with the keys of the entities for which they asked for a flow."""


RULES = Rules(registry.INDEXES, registry.RELATIONS, registry.FEATURES)


class Watched:
    """The compiler; what features and the catalogue complained of is kept in ``bugs``."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.bugs: list[Exception] = []
        self._compiler = Compiler(rules, self._bug, _go_on)
        self.store = self._compiler.store
        self.engine = self._compiler.engine
        self.catalogue = self._compiler.catalogue

    def turn(self, puts: Iterable[Entity], deletes: Iterable[Key] = ()) -> dict[str, Delta]:
        """One change of the world; what it changes on each chassis."""
        return self.run(puts, deletes).deltas

    def run(self, puts: Iterable[Entity], deletes: Iterable[Key]) -> Compiled:
        """One change of the world; all that follows from it."""
        return self._compiler.run(puts, deletes)

    def preview(self, puts: Iterable[Entity], deletes: Iterable[Key], steps: int = 100_000) -> dict[str, Delta] | None:
        """What one change would do, tried and undone."""
        return self._compiler.preview(puts, deletes, steps, attrgetter("deltas"))

    def look(self, puts: Iterable[Entity], deletes: Iterable[Key], look: Callable[[Glimpse], T]) -> T | None:
        """What somebody makes of a change that is tried and undone."""
        return self._compiler.preview(puts, deletes, 1_000_000, look)

    def flows(self, chassis: str) -> dict[Slot, Flow]:
        """What should stand on a chassis; no two flows in one slot."""
        flows = list(self.catalogue.flows(chassis))
        slots = {flow.slot: flow for flow in flows}
        assert len(slots) == len(flows), "two flows in one slot"
        return slots

    def owners(self, flow: Flow) -> Owners:
        """Who asked for a flow."""
        return {(rule, key) for rule, _, key in map(self.engine.owner, self.catalogue.owners(flow))}

    def _bug(self, _rule: str, _key: str, error: Exception) -> None:
        self.bugs.append(error)


def _go_on() -> None:
    """Nobody waits for a test's compiler."""


def compiled(world: World) -> Watched:
    """A clean build: everything at once, into an empty compiler."""
    compiler = Watched(RULES)  # as it is now: a test may have taken a feature out
    compiler.turn(world.values())
    return compiler


def specified(world: World) -> dict[str, dict[Slot, tuple[Flow, Owners]]]:
    """What should stand on each host, and for whom, computed in the plainest way there is.

    Of those who want one place the first by rule and key has it, with all who want the same.
    """
    store = Store(registry.INDEXES)
    for entity in world.values():
        store.put(entity, set())
    for relation in registry.RELATIONS:
        for _, row in _results(store, relation.source, relation.rows):
            store.put(row, set())
    wanted: dict[tuple[Scope, Slot], list[tuple[Flow, tuple[str, str]]]] = defaultdict(list)
    for feature in registry.FEATURES:
        found = _results(store, feature.source, feature.translate)
        for key, flow in sorted(found, key=lambda result: (result[0], result[1].instructions)):
            wanted[flow.scope, flow.slot].append((flow, (feature.name, key)))
    hosts: dict[str, dict[Slot, tuple[Flow, Owners]]] = {host: {} for host in _hosts(store)}
    for (scope, slot), claims in wanted.items():
        first = claims[0][0]
        owners = {owner for flow, owner in claims if flow.instructions == first.instructions}
        for host in _within(scope, store):
            hosts[host][slot] = (first, owners)
    return hosts


def _results(store: Store, source: type, function: Callable[[Any, View], Iterator[Any]]) -> list[tuple[str, Any]]:
    """What a relation or feature makes of every entity of its source, with the entity's key."""
    found: list[tuple[str, Any]] = []
    for entity in _all(store, source):
        with suppress(Missing):
            found += [(entity.key, result) for result in tuple(function(entity, View(store)))]
    return found


def _hosts(store: Store) -> set[str]:
    return {*store.keys(Chassis), *(interface.chassis for interface in _all(store, Interface))}


def _all(store: Store, kind: type) -> list[Any]:
    return [store.get(kind, key) for key in sorted(store.keys(kind))]


def _within(scope: Scope, store: Store) -> Iterable[str]:
    match scope:
        case Here(chassis=host):
            return (host,)
        case Hosts(realm=realm):
            posts = {post.chassis for post in _all(store, Post) if post.guard == realm}
            return posts | {audience.chassis for audience in _all(store, Audience) if audience.realm == realm}
        case Everywhere():
            return store.keys(Chassis)


class ModelSwitch:
    """A flow table as OpenFlow describes it: a put replaces what stands in its slot, a delete means one cookie."""

    def __init__(self) -> None:
        self.table: dict[Slot, Flow] = {}

    def put(self, flow: Flow) -> None:
        self.table[flow.slot] = flow

    def delete(self, flow: Flow) -> None:
        standing = self.table.get(flow.slot)
        if standing is not None and standing.cookie == flow.cookie:
            del self.table[flow.slot]

    def apply(self, delta: Delta) -> None:
        """Make a turn's change; each flow must be what the delta says it is: new, a replacement, or there to go."""
        for flow in delta.new:
            assert flow.slot not in self.table, f"new, but the place is taken: {flow}"
            self.put(flow)
        for flow in delta.changed:
            assert self.table[flow.slot].cookie != flow.cookie, f"changed into itself: {flow}"
            self.put(flow)
        for flow in delta.gone:
            assert self.table[flow.slot].cookie == flow.cookie, f"gone, but it is not there: {flow}"
            self.delete(flow)
