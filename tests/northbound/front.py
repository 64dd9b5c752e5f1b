"""The northbound application as a test sees it: callers by role, and answers as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fake_database import FakeDatabase
from fake_world import FakeWorld
from falcon import testing

from controller.intent.allocate import Underlay
from controller.intent.state import Intent
from controller.intent.writer import Writer
from controller.northbound.app import application
from controller.northbound.events import EventLog
from controller.northbound.tokens import Tokens
from controller.settings import Http, Settings
from ovsdb.rows import Commit

LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Front:
    """Everything behind one counter."""

    client: testing.TestClient
    world: FakeWorld
    events: EventLog
    tokens: Tokens
    database: FakeDatabase
    admin: str

    def token(self, role: str, *projects: str) -> str:
        """A token of that role."""
        return self.tokens.issue(f"{role}-{len(self.tokens.rows())}", role, projects)[0]

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = None,
        *,
        raw: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> testing.Result:
        """Call as the administrator, or with another token; ``body`` is sent as JSON, ``raw`` as it is."""
        sent = {"Authorization": f"Bearer {token or self.admin}", **(headers or {})}
        content = {"json": body} if body is not None else {"body": raw} if raw is not None else {}
        return self.client.simulate_request(method, path, headers=sent, params=params, params_csv=False, **content)

    def made(self, *paths: str) -> None:
        """Make resources with nothing in particular in them; ports are on ``web``."""
        for path in paths:
            spec = {"network": "web"} if "/ports/" in path else {}
            assert self.call("PUT", f"/v1/projects/{path}", {"spec": spec}).status_code == 201


@dataclass(frozen=True, slots=True)
class _Follower:
    intent: Intent
    events: EventLog

    def __call__(self, commit: Commit) -> None:
        self.intent.follow(commit, 0)
        self.events.publish_commit(commit)


def _readable(resource: str, why: str) -> None:
    raise AssertionError(f"{resource}: {why}")


@contextmanager
def front(events: EventLog | None = None) -> Iterator[Front]:
    """An application that nobody has asked anything yet."""
    log, world, intent = events or EventLog(), FakeWorld(), Intent(_readable)
    database = FakeDatabase(_Follower(intent, log))
    database.start()
    writer = Writer(database, intent, Underlay())
    writer.start()
    tokens = Tokens(database)
    admin = tokens.first_admin()
    assert admin is not None
    app = application(writer, intent, world, log, tokens, Settings(http=Http(max_body=LIMIT, read_timeout=1)))
    try:
        yield Front(testing.TestClient(app), world, log, tokens, database, admin)
    finally:
        writer.stop()
