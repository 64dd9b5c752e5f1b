"""The core: one greenlet that takes every change of intent and inventory, compiles it, and gives each bridge its steps.

Nothing here waits for a switch. Others speak to it through ``submit`` and ``ask``; the answers about readiness, drift
and flows are read from what it keeps (see ``controller.world``).
"""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from controller import sync
from controller.compiler.catalogue import Catalogue, Delta
from controller.compiler.engine import Engine, Outcome
from controller.entities import Chassis, Endpoint, Network, Port, Presence
from controller.flow.flow import EVERYWHERE, Hosts, Scope
from controller.readiness import Readiness, Subject
from controller.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.compiler.engine import Feature, Node, Relation
    from controller.entities import Entity
    from controller.southbound.bridge import Bridge
    from controller.store import Index

BREATHE_SECONDS = 0.004
LARGE_TURN = 5_000
RECENT_REVISIONS = 1_000


@dataclass(frozen=True, slots=True)
class Rules:
    """What the apps bring: indexes, relations and features."""

    indexes: dict[type, tuple[Index, ...]]
    relations: tuple[Relation, ...]
    features: tuple[Feature, ...]


@dataclass(slots=True)
class World:
    """Changes to take in: entities that came or changed, those that went, and the intent's revision if it is one."""

    puts: list[Entity] = field(default_factory=list)
    deletes: list[tuple[type, str]] = field(default_factory=list)
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be computed by the core's greenlet between two changes; ``answer`` is called with nothing."""

    answer: Callable[[], None]


class Reporter(Protocol):
    """Who hears what the core has to tell."""

    def bug(self, where: str, key: str, error: Exception) -> None:
        """Something of ours went wrong; where it was a feature, its fragment stays empty."""

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """A change was compiled; these reads have other answers now."""

    def ready(self, subjects: list[Subject]) -> None:
        """These have become ready, if any; whoever waits for a switch should look again."""


class Core:
    """The store, the compiler and the bridges, and the queue between them and everybody else."""

    def __init__(self, rules: Rules, hub: Any, reporter: Reporter, make_bridge: Callable[[str, Any], Bridge]) -> None:
        self.store = Store(rules.indexes)
        self.catalogue = Catalogue(self._conflict)
        self.engine = Engine(self.store, rules.relations, rules.features, reporter.bug, self.breathe)
        self.readiness = Readiness()
        self.bridges: dict[str, Bridge] = {}
        self.turn = 0
        self.revision = 0
        self.recent: dict[int, tuple[int, frozenset[str]]] = {}
        self._hub = hub
        self._inbox = hub.Queue()
        self._reporter = reporter
        self._make_bridge = make_bridge
        self._breathed = 0.0

    def submit(self, puts: Iterable[Entity], deletes: Iterable[tuple[type, str]], revision: int = 0) -> None:
        """Take in a change, in the order of submission."""
        self._inbox.put(World(list(puts), list(deletes), revision))

    def ask(self, answer: Callable[[], None]) -> None:
        """Have something computed between two changes."""
        self._inbox.put(Question(answer))

    def bridge(self, chassis: str) -> Bridge:
        """The bridge of a chassis, made when it is first spoken of."""
        found = self.bridges.get(chassis)
        if found is None:
            found = self.bridges[chassis] = self._make_bridge(chassis, self._hub.Queue())
            self._hub.spawn(found.run)
        return found

    def run(self) -> None:
        """Take changes and questions for ever."""
        while True:
            item = self._inbox.get()
            try:
                self.take(item)
            except Exception as error:  # noqa: BLE001 - our bug must not cost everybody the core
                self._reporter.bug("core", type(item).__name__, error)

    def take(self, item: World | Question | None) -> None:
        """One change or question; None only lets those that wait be looked at again."""
        match item:
            case World():
                self.advance(item)
            case Question():
                item.answer()
            case None:
                pass
        self.settle()

    def poke(self) -> None:
        """Look again at who waits."""
        if not self._inbox.qsize():
            self._inbox.put(None)

    def advance(self, world: World) -> None:
        """Compile a change and hand out its steps."""
        deltas, outcome = self.compile(world.puts, world.deletes)
        self.turn += 1
        self._account(outcome)
        self._reporter.compiled(outcome.changed)
        for chassis, steps in sync.steps(self.turn, deltas).items():
            inbox = self.bridge(chassis).inbox
            for step in steps:
                inbox.put(step)
        if world.revision:
            self.revision = max(self.revision, world.revision)
            self.recent[world.revision] = (self.turn, frozenset(deltas))
            if len(self.recent) > RECENT_REVISIONS:
                del self.recent[next(iter(self.recent))]

    def unconfirmed(self, revision: int) -> frozenset[str]:
        """The chassis that a revision touched and that have yet to confirm it; none for one long ago."""
        turn, touched = self.recent.get(revision, (0, frozenset()))
        return frozenset(name for name in touched if self.bridge(name).confirmed(self.turn) < turn)

    def compile(self, puts: Iterable[Entity], deletes: Iterable[tuple[type, str]]) -> tuple[dict[str, Delta], Outcome]:
        """What a change does to each chassis' flows. The store and the catalogue have it afterwards."""
        self._breathed = time.monotonic()
        gc.disable()
        try:
            outcome = self.engine.run(puts, deletes)
            left, joined = self.memberships(outcome, self.store)
            deltas = self.catalogue.turn(outcome.removed, outcome.added, left, joined)
        finally:
            gc.enable()
        if len(outcome.added) > LARGE_TURN:
            gc.freeze()
        return deltas, outcome

    @staticmethod
    def memberships(outcome: Outcome, store: Store) -> tuple[list[tuple[Scope, str]], list[tuple[Scope, str]]]:
        """Chassis that left or joined the scopes that several share."""
        left: list[tuple[Scope, str]] = []
        joined: list[tuple[Scope, str]] = []
        for read in outcome.changed:
            if read[0] != "get" or read[1] not in {Presence, Chassis}:
                continue
            there = store.get(read[1], read[2])
            scope: Scope = EVERYWHERE if read[1] is Chassis else Hosts(read[2].rpartition("@")[0])
            chassis = read[2].rpartition("@")[2]
            (joined if there is not None else left).append((scope, chassis))
        return left, joined

    def _account(self, outcome: Outcome) -> None:
        """Who waits for this turn: the ports and networks whose flows it touched."""
        touched = {subject for node in outcome.touched if (subject := self.subject(node))}
        present = {subject for subject in touched if self._stands(subject)}
        self.readiness.touch(present, self.turn, time.time())
        self.readiness.forget(touched - present)

    def subject(self, node: Node) -> Subject | None:
        """The resource that a fragment belongs to."""
        _, kind, key = self.engine.owner(node)
        if kind is Endpoint:
            return ("Port", key)
        return ("Network", key) if kind is Network else None

    def _stands(self, subject: Subject) -> bool:
        kind = Endpoint if subject[0] == "Port" else Network
        return self.store.get(kind, subject[1]) is not None

    def chassis_of(self, subject: Subject) -> frozenset[str]:
        """The chassis whose flows a port or network needs."""
        if subject[0] == "Network":
            return self.store.groups(Endpoint, "network", subject[1])
        endpoint = self.store.get(Endpoint, subject[1])
        if endpoint is None:
            port = self.store.get(Port, subject[1])
            return self.store.groups(Endpoint, "network", port.network) if port else frozenset()
        return self.store.groups(Endpoint, "network", endpoint.network)

    def confirmed(self) -> dict[str, int]:
        """The last turn that each bridge has confirmed."""
        return {chassis: bridge.confirmed(self.turn) for chassis, bridge in self.bridges.items()}

    def settle(self) -> None:
        """Tell who has become ready, and that something may have moved."""
        done = self.readiness.settle(self.confirmed(), self.chassis_of, time.time()) if self.readiness.waiting else []
        self._reporter.ready(done)

    def breathe(self) -> None:
        """Let others run, if we have been running for a while."""
        now = time.monotonic()
        if now - self._breathed > BREATHE_SECONDS:
            self._hub.sleep(0)
            self._breathed = time.monotonic()

    def _conflict(self, bug: Exception) -> None:
        self._reporter.bug("catalogue", "", bug)
