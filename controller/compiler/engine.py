"""The incremental engine: relations make entities from entities, features make flows, both as pure functions.

Each function's result for one entity is kept with what it read. A change runs again exactly the results that read it;
a relation whose rows come out equal stops the wave. ``docs/architecture.md`` tells why this equals compiling anew.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from controller.compiler.journal import TooMuch, Writing
from controller.compiler.past import Past
from controller.compiler.readers import Readers
from controller.compiler.sharing import Givers
from controller.compiler.view import Missing, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from controller.entities import Entity
    from controller.flow.flow import Flow, Scope
    from controller.store import Store


@dataclass(frozen=True, slots=True)
class Relation:
    """A derived table: from each entity of ``source``, zero or more entities of ``produces``.

    Where it is ``shared``, several entities may give one row, all the same; it goes with the last of them.
    """

    name: str
    source: type
    produces: type
    rows: Callable[[Any, View], Iterator[Entity]]
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Feature:
    """From each entity of ``source``, the flows that should exist while the world looks like this."""

    name: str
    source: type
    translate: Callable[[Any, View], Iterator[Flow]]


class Node(NamedTuple):
    """One rule's result for one entity; ``rule`` is the rule's place in the engine's list."""

    rule: int
    key: str


@dataclass(slots=True)
class Fragment:
    """What a node gave last, and what it had read for that; of what gave and read nothing there is none.

    There are hundreds of thousands: tuples take a fifth of the memory of sets.
    """

    reads: tuple[tuple[Any, ...], ...]
    results: tuple[Any, ...]


@dataclass(slots=True)
class Outcome:
    """What one run changed: flows by the node that owns them, and every read whose answer differs now."""

    added: list[tuple[Flow, Node]] = field(default_factory=list)
    removed: list[tuple[Flow, Node]] = field(default_factory=list)
    changed: set[tuple[Any, ...]] = field(default_factory=set)
    touched: set[Node] = field(default_factory=set)


Placed = tuple["Scope", int]
T = TypeVar("T")


class Engine:
    """Holds the fragments and runs what is dirty. ``breathe`` is called often, so that a long run starves nobody."""

    def __init__(
        self,
        store: Store,
        relations: Sequence[Relation],
        features: Sequence[Feature],
        report: Callable[[str, str, Exception], None],
        breathe: Callable[[], None],
    ) -> None:
        self._store = store
        self._writing = Writing(store)
        self.rules: tuple[Relation | Feature, ...] = (*relations, *features)
        self._strata = len(relations)
        self._by_source: dict[type, list[int]] = defaultdict(list)
        for place, rule in enumerate(self.rules):
            self._by_source[rule.source].append(place)
        self._fragments: dict[Node, Fragment] = {}
        self._givers = Givers()
        self.readers = Readers()
        self._report = report
        self._breathe = breathe

    def owner(self, node: Node) -> tuple[str, type, str]:
        """A node's rule, the type of its entity and the entity's key."""
        rule = self.rules[node.rule]
        return rule.name, rule.source, node.key

    def made(self, source: type, key: str) -> int:
        """How many flows stand for an entity."""
        features = (place for place in self._by_source.get(source, ()) if place >= self._strata)
        return sum(len(_results(self._fragments, Node(place, key))) for place in features)

    def run(self, puts: Iterable[Entity], deletes: Iterable[tuple[type, str]]) -> Outcome:
        """Take the changes into the store and bring every fragment up to date."""
        outcome = Outcome()
        changed: set[tuple[Any, ...]] = set()
        for kind, key in deletes:
            self._writing.delete(kind, key, changed)
        for entity in puts:
            self._writing.put(entity, changed)
        dirty: list[set[Node]] = [set() for _ in self.rules]
        self._spread(changed, dirty, outcome)
        for place in range(self._strata):
            for node in _drained(dirty[place], self._breathe):
                self._spread(self._relate(node), dirty, outcome)
        for place in range(self._strata, len(self.rules)):
            for node in _drained(dirty[place], self._breathe):
                self._translate(node, outcome)
        return outcome

    def preview(
        self,
        puts: Iterable[Entity],
        deletes: Iterable[tuple[type, str]],
        steps: int,
        look: Callable[[Outcome], T],
    ) -> T | None:
        """What ``look`` makes of a run that is undone again before anybody else runs.

        None where it would bring more than ``steps`` fragments up to date.
        """
        self._writing.begin(steps)
        breathe, self._breathe = self._breathe, _hold
        try:
            return look(self.run(puts, deletes))
        except TooMuch:
            return None
        finally:
            self._breathe = breathe
            for node, fragment in self._writing.undo().items():
                self._restore(node, fragment)

    def past(self) -> Past:
        """The store as it was before what is being tried."""
        return Past(self._store, self._writing.replaced())

    def _restore(self, node: Node, fragment: Fragment | None) -> None:
        standing = self._fragments.pop(node, None)
        now, then = set(standing.reads if standing else ()), set(fragment.reads if fragment else ())
        self.readers.drop(node, now - then)
        self.readers.add(node, then - now)
        if fragment is not None:
            self._fragments[node] = fragment
        if node.rule < self._strata:
            self._given(node, standing.results if standing else (), fragment.results if fragment else ())

    def _spread(self, changed: set[tuple[Any, ...]], dirty: list[set[Node]], outcome: Outcome) -> None:
        """Mark whoever read what changed, and the nodes of changed entities themselves."""
        outcome.changed |= changed
        for read in changed:
            if read[0] == "get":
                for place in self._by_source.get(read[1], ()):
                    dirty[place].add(Node(place, read[2]))
            for node in self.readers.of(read):
                dirty[node.rule].add(node)

    def _evaluate(self, node: Node) -> tuple[Any, ...]:
        """The node's results anew; its reads are kept up to date. A bug empties this fragment alone."""
        rule = self.rules[node.rule]
        function = rule.rows if isinstance(rule, Relation) else rule.translate
        entity = self._store.get(rule.source, node.key)
        old = self._fragments.get(node)
        self._writing.fragment(node, old)
        if entity is None:
            if old is not None:
                self.readers.drop(node, old.reads)
                del self._fragments[node]
            return ()
        view = View(self._store)
        try:
            results = tuple(function(entity, view))
        except Missing:
            results = ()
        except Exception as error:  # noqa: BLE001 - whatever a feature does wrong must not stop the others
            self._report(rule.name, node.key, error)
            results = ()
        before = set(old.reads if old else ())
        self.readers.drop(node, before - view.reads)
        self.readers.add(node, view.reads - before)
        if results or view.reads:
            self._fragments[node] = Fragment(tuple(view.reads), results)
        elif old is not None:
            del self._fragments[node]
        return results

    def _relate(self, node: Node) -> set[tuple[Any, ...]]:
        rule = self.rules[node.rule]
        assert isinstance(rule, Relation)  # noqa: S101 - told to the type checker
        before: tuple[str, ...] = _results(self._fragments, node)
        entities: tuple[Entity, ...] = self._evaluate(node)
        changed: set[tuple[Any, ...]] = set()
        after = tuple(entity.key for entity in entities)
        for key in self._given(node, before, after):
            self._writing.delete(rule.produces, key, changed)
        for entity in entities:
            self._writing.put(entity, changed)
        if node in self._fragments:
            self._fragments[node].results = after
        return changed

    def _given(self, node: Node, before: Iterable[str], after: Iterable[str]) -> set[str]:
        """The rows that go when a node gives these instead of those."""
        rule = self.rules[node.rule]
        if isinstance(rule, Relation) and rule.shared:
            return self._givers.turn(node.rule, before, after)
        return set(before).difference(after)

    def _translate(self, node: Node, outcome: Outcome) -> None:
        before: tuple[Flow, ...] = _results(self._fragments, node)
        after: tuple[Flow, ...] = self._evaluate(node)
        outcome.touched.add(node)
        if not before:
            outcome.added.extend((flow, node) for flow in _distinct(after).values())
            return
        old, new = _distinct(before), _distinct(after)
        outcome.removed.extend((flow, node) for place, flow in old.items() if place not in new)
        outcome.added.extend((flow, node) for place, flow in new.items() if place not in old)


def _drained(nodes: set[Node], breathe: Callable[[], None]) -> Iterator[Node]:
    """Take out one after the other; others may come in meanwhile."""
    done = 0
    while nodes:
        yield nodes.pop()
        done += 1
        if not done % 64:
            breathe()


def _results(fragments: dict[Node, Fragment], node: Node) -> tuple[Any, ...]:
    fragment = fragments.get(node)
    return fragment.results if fragment else ()


def _hold() -> None:
    """Let nobody else run."""


def _distinct(flows: tuple[Flow, ...]) -> dict[Placed, Flow]:
    return {(flow.scope, flow.cookie): flow for flow in flows}
