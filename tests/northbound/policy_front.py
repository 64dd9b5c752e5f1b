"""A northbound side with the compiler behind it, and no switches: what policy comes to can be asked for."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from fake_database import FakeDatabase
from fake_world import FakeWorld
from falcon import testing
from front import LIMIT, Front

from apps import registry
from controller.compiler.compiler import Rules
from controller.core import Core
from controller.entities import Entity
from controller.intent.allocate import Underlay
from controller.intent.state import Intent
from controller.intent.writer import Writer
from controller.northbound.app import application
from controller.northbound.events import EventLog
from controller.northbound.tokens import Tokens
from controller.plans import Plans
from controller.policy.survey import Survey
from controller.preview import Change, caught_up
from controller.reachability import Reachability
from controller.settings import Http, Settings
from ovsdb.rows import Commit


class Threads:
    """The hub, of ordinary threads."""

    Queue = queue.Queue
    sleep = staticmethod(time.sleep)


class Nobody:
    """Who hears of the compiler; of bugs, the tests."""

    def bug(self, where: str, key: str, error: Exception) -> None:
        """There may be none."""
        raise AssertionError(f"{where} {key}") from error

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """Nobody waits for it."""

    def ready(self, subjects: list[tuple[str, str]]) -> None:
        """Nobody waits for them."""


class PlannedWorld(FakeWorld):
    """A world whose plans and surveys are true."""

    plans: Plans

    def plan(
        self, puts: tuple[Entity, ...], deletes: tuple[tuple[type, str], ...], reads: Callable[[str], bool]
    ) -> dict[str, object]:
        """What the compiler makes of a change."""
        return self.plans.plan(Change(puts, deletes), reads)


@dataclass(frozen=True, slots=True)
class _Follower:
    intent: Intent
    core: Core

    def __call__(self, commit: Commit) -> None:
        puts, deletes = self.intent.follow(commit, 0)
        self.core.submit(puts, deletes, commit.revision)


def _run(core: Core) -> None:
    with suppress(SystemExit):
        core.run()


def _end() -> None:
    raise SystemExit


@contextmanager
def policy_front() -> Iterator[Front]:
    """An application that nobody has asked anything yet."""
    rules, reporter = Rules(registry.INDEXES, registry.RELATIONS, registry.FEATURES), Nobody()
    core = Core(rules, Threads, reporter, lambda _chassis, _inbox: None)  # type: ignore[arg-type, return-value]
    thread = threading.Thread(target=_run, args=(core,))
    thread.start()
    intent, world, log = Intent(lambda _resource, _why: None), PlannedWorld(), EventLog()
    world.plans, world.survey = Plans(core, rules, reporter), Survey(core.compiler.store, partial(caught_up, core))
    reachability = Reachability(world.plans)
    world.plans.looks["reachability"] = reachability.look
    database = FakeDatabase(_Follower(intent, core))
    database.start()
    writer = Writer(database, intent, Underlay(), keep=reachability.keep)
    writer.start()
    tokens = Tokens(database)
    admin = tokens.first_admin()
    assert admin is not None
    app = application(writer, intent, world, log, tokens, Settings(http=Http(max_body=LIMIT, read_timeout=1)))
    try:
        yield Front(testing.TestClient(app), world, log, tokens, database, admin)
    finally:
        writer.stop()
        core.ask(_end)
        thread.join()
