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
from controller.compiler.compiler import Compiled, Compiler, Rules
from controller.intake import Intake
from controller.readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.compiler.ownership import Subject
    from controller.entities import Entity
    from controller.southbound.bridge import Bridge

BREATHE_SECONDS = 0.004
LARGE_TURN = 2_000
"""So many answers differ after a turn that what it made is not looked through again for what nobody needs."""
RECENT_REVISIONS = 1_000


@dataclass(slots=True)
class World:
    """Changes to take in: entities that came or changed, those that went, and the intent's revision if it is one.

    ``urgent``: something failed; switches hear of it ahead of all that they have yet to be told.
    """

    puts: list[Entity] = field(default_factory=list)
    deletes: list[tuple[type, str]] = field(default_factory=list)
    revision: int = 0
    urgent: bool = False


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


class Breath:
    """Called often by whoever runs long: lets others run when that has been for a while."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._since = 0.0

    def begin(self) -> None:
        """Nobody has waited yet."""
        self._since = time.monotonic()

    def __call__(self) -> None:
        """Yield if it is time."""
        if time.monotonic() - self._since > BREATHE_SECONDS:
            self._sleep(0)
            self.begin()


class Core:
    """The compiler and the bridges, and the queue between them and everybody else."""

    def __init__(self, rules: Rules, hub: Any, reporter: Reporter, make_bridge: Callable[[str, Any], Bridge]) -> None:
        self.breath = Breath(hub.sleep)
        self.compiler = Compiler(rules, reporter.bug, self.breath)
        self.readiness = Readiness()
        self.bridges: dict[str, Bridge] = {}
        self.turn = 0
        self.revision = 0
        self.recent: dict[int, tuple[int, frozenset[str]]] = {}
        self._hub = hub
        self._outstanding = sync.Outstanding(lambda chassis: self.bridge(chassis).inbox.put(None))
        self._inbox = Intake(hub)
        self._reporter = reporter
        self._make_bridge = make_bridge

    def submit(self, puts: Iterable[Entity], deletes: Iterable[tuple[type, str]], revision: int = 0) -> None:
        """Take in a change, in the order of submission."""
        world = World(list(puts), list(deletes), revision)
        if world.puts or world.deletes or revision:
            self._inbox.put(world)

    def hasten(self, world: World) -> None:
        """Take in a change of links or of ways over them: ahead of all others, in the order of these."""
        if world.puts or world.deletes:
            self._inbox.put(world, ahead=True)

    def ask(self, answer: Callable[[], None], *, ahead: bool = False) -> None:
        """Have something computed between two changes."""
        self._inbox.put(Question(answer), ahead=ahead)

    def bridge(self, chassis: str) -> Bridge:
        """The bridge of a chassis, made when it is first spoken of."""
        found = self.bridges.get(chassis)
        if found is None:
            found = self.bridges[chassis] = self._make_bridge(chassis, self._hub.Queue())
            self._hub.spawn(found.run)
        return found

    def run(self) -> None:
        """Take changes and questions for ever; others run in between, however many wait."""
        while True:
            waited = not self._inbox.qsize()
            item = self._inbox.get()
            if waited:
                self.breath.begin()
            try:
                self.take(item)
            except Exception as error:  # noqa: BLE001 - our bug must not cost everybody the core
                self._reporter.bug("core", type(item).__name__, error)
            self.breath()

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
        compiled = _compiled(self.compiler, world)
        self.turn += 1
        self.readiness.touch(compiled.touched, self.turn, time.time())
        self.readiness.forget(compiled.ended)
        self._reporter.compiled(compiled.changed)
        plan = sync.steps(self.turn, compiled.deltas, urgent=world.urgent)
        for chassis, steps in plan.items():
            inbox = self.bridge(chassis).inbox
            for step in steps:
                inbox.put(step)
        self._outstanding.add(plan)
        if world.urgent:
            self._outstanding.hurry()
            self._hub.spawn_after(sync.SILENCE, self._outstanding.give_up, self.turn)
        if world.revision:
            self.revision = max(self.revision, world.revision)
            self.recent[world.revision] = (self.turn, frozenset(compiled.deltas))
            if len(self.recent) > RECENT_REVISIONS:
                del self.recent[next(iter(self.recent))]

    def unconfirmed(self, revision: int) -> frozenset[str]:
        """The chassis that a revision touched and that have yet to confirm it; none for one long ago."""
        turn, touched = self.recent.get(revision, (0, frozenset()))
        return frozenset(name for name in touched if self.bridge(name).confirmed(self.turn) < turn)

    def confirmed(self) -> dict[str, int]:
        """The last turn that each bridge has confirmed."""
        return {chassis: bridge.confirmed(self.turn) for chassis, bridge in self.bridges.items()}

    def settle(self) -> None:
        """Tell who has become ready, and that something may have moved."""
        done = (
            self.readiness.settle(self.confirmed(), self.compiler.chassis_of, time.time())
            if self.readiness.waiting
            else []
        )
        self._reporter.ready(done)


def _compiled(compiler: Compiler, world: World) -> Compiled:
    """Without the collector: it would look through everything that stands, again and again, and find nothing."""
    gc.disable()
    try:
        compiled = compiler.run(world.puts, world.deletes)
    finally:
        gc.enable()
    if len(compiled.changed) > LARGE_TURN:
        gc.freeze()
    return compiled
