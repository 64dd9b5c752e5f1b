"""The one writer: every change of intent passes here, one after the other, is judged whole and committed whole.

A caller gets its answer when the change is durable and this daemon's own intent has followed it. What
changes nothing commits nothing.
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from controller.errors import DatabaseError, Unavailable
from controller.intent.allocate import Underlay
from controller.intent.proposal import Outcome, Request, Result, outcome_of
from controller.intent.state import Intent
from ovsdb.intent import StaleRevision
from ovsdb.rows import ResourceChange, ResourceRow

_QUEUE = 1024
_ATTEMPTS = 8
_ANSWER_TIMEOUT = 120.0  # seconds that a caller waits, its turn included


class Database(Protocol):
    """What the writer needs of the intent database."""

    @property
    def certain(self) -> bool:
        """Whether intent as it was followed is intent as it stands."""

    def transact(self, revision: int, changes: Sequence[ResourceChange], author: str) -> int:
        """Commit durably on top of ``revision``; answers the new one. Raises StaleRevision and DatabaseError."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time and new identities come from; ``follow`` is for how many seconds the monitor may lag.

    ``seconds`` is the clock by which addresses that were freed rest: the one that intent is followed by.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    uid: Callable[[], str] = lambda: str(uuid.uuid4())
    follow: float = 10.0
    seconds: Callable[[], float] = time.monotonic


class Writer:
    """Takes requests from many threads, serves them on one."""

    def __init__(
        self,
        database: Database,
        intent: Intent,
        underlay: Underlay,
        clock: Clock | None = None,
        keep: Callable[[Intent, Request, Outcome], None] | None = None,
    ) -> None:
        """``keep`` raises UserError for a change after which something would not hold that has to stay true."""
        self.intent = intent
        self._database = database
        self._underlay = underlay
        self._clock = clock or Clock()
        self._keep = keep
        self._requests: queue.Queue[tuple[Request, Future[Outcome]] | None] = queue.Queue(_QUEUE)
        self._thread = threading.Thread(target=self._serve, name="intent-writer", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Serve what has been asked, then end."""
        self._requests.put(None)
        self._thread.join()

    def submit(self, request: Request) -> Outcome:
        """What became of a request; raises UserError, with nothing changed, if it is refused."""
        answer: Future[Outcome] = Future()
        try:
            self._requests.put_nowait((request, answer))
        except queue.Full:
            raise Unavailable("too many changes are waiting; try again") from None
        try:
            return answer.result(_ANSWER_TIMEOUT)
        except FutureTimeoutError:
            answer.cancel()
            raise Unavailable("the change did not get its turn in time; look before trying again") from None

    def _serve(self) -> None:
        while True:
            asked = self._requests.get()
            if asked is None:
                return
            request, answer = asked
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                answer.set_result(self._outcome(request))
            except Exception as error:  # noqa: BLE001 - it is the caller's to hear, and the next request's turn
                answer.set_exception(error)

    def _outcome(self, request: Request) -> Outcome:
        for _attempt in range(_ATTEMPTS):
            if not self._database.certain:
                # What was committed last may not be known: even "it is not there" could be wrong.
                raise Unavailable("the intent database is out of reach; nothing was changed, try again")
            revision = self.intent.revision
            outcome = outcome_of(self.intent, self._underlay, request, self._clock.uid, self._clock.seconds())
            if self._keep is not None and outcome.changed:
                self._keep(self.intent, request, outcome)
            if request.dry_run or not outcome.changed:
                return replace(outcome, revision=revision)
            try:
                return self._committed(revision, outcome, request.author)
            except StaleRevision:
                self._catch_up(revision)
            except DatabaseError as error:
                raise Unavailable(f"the intent database did not confirm the change: {error}") from error
        raise Unavailable("others change intent faster than this change can be judged; try again")

    def _committed(self, revision: int, outcome: Outcome, author: str) -> Outcome:
        now = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        results = tuple(_stamped(result, revision + 1, now, author) for result in outcome.results)
        changes = tuple(_change(result) for result in results if result.changed)
        committed = self._database.transact(revision, changes, author)
        if not self.intent.wait(committed, self._clock.follow):
            raise Unavailable(f"revision {committed} is committed, but has not been followed yet")
        time.sleep(0)  # the compiler has heard of it already: switches are told before the caller is
        return Outcome(committed, results)

    def _catch_up(self, revision: int) -> None:
        """Wait until another writer's commit has been followed, so that the next judgement can differ."""
        started = time.monotonic()
        if not self.intent.wait(revision + 1, self._clock.follow):
            waited = time.monotonic() - started
            raise Unavailable(f"the intent database moved on, but told nothing of it for {waited:.0f} s")


def _change(result: Result) -> ResourceChange:
    before, after = result.before, result.after
    return ResourceChange(before.row if before else None, after.row if after else None)


def _stamped(result: Result, revision: int, now: str, author: str) -> Result:
    """A result whose row says when, by whom and in which revision it was changed."""
    if not result.changed or result.after is None:
        return result
    row = result.after.row
    created = result.before.row.created_at if result.before else now
    stamped = ResourceRow(
        kind=row.kind,
        project=row.project,
        name=row.name,
        uid=row.uid,
        labels=row.labels,
        spec=row.spec,
        allocated=row.allocated,
        revision=revision,
        created_at=created,
        updated_at=now,
        author=author,
    )
    return replace(result, after=replace(result.after, row=stamped))
