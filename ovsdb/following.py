"""Following the intent database: the greeting, the monitor, and every commit handed on once and in order."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from controller.errors import DatabaseError
from ovsdb import intent_rows, operations, values
from ovsdb.replica import Replica
from ovsdb.session import Session, SessionLost, take_in_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from ovsdb.rows import Commit

DATABASE = "Netloom"
_SERVER = {"Database": {"columns": ["name", "model", "connected"]}}
_TABLES = {table: {"columns": list(columns)} for table, columns in intent_rows.COLUMNS.items()}
_GREETING_TIMEOUT = 30.0

# The first daemon of all to come makes the row; for every other this is no change.
_FOUNDING = (
    operations.only_if("Cluster", [], ["revision"], []),
    operations.insert("Cluster", {"revision": 0, "author": ""}),
    operations.DURABLE,
)


class Following:
    """The attendant of the intent database's sessions.

    ``on_commit`` and ``on_state`` run in the session's thread: they must be quick and must not wait for the database.
    """

    def __init__(self, on_commit: Callable[[Commit], None], on_state: Callable[[bool], None]) -> None:
        self.replica = Replica()
        self.revision = 0
        self._on_commit = on_commit
        self._on_state = on_state
        self._session: Session | None = None
        self._doubtful: Session | None = None
        self._greeted: Session | None = None
        self._clustered = False
        self._progress = threading.Condition()
        self._loaded = False

    def wait(self, revision: int, timeout: float) -> bool:
        """Return whether the initial commit, and those up to ``revision``, were delivered within ``timeout``."""
        with self._progress:
            return self._progress.wait_for(lambda: self._loaded and self.revision >= revision, timeout)

    def transact(self, wanted: list[operations.Operation], timeout: float) -> list[dict[str, Any]]:
        """Return the results of one durable transaction. Raises SessionLost when its outcome is unknown."""
        session = self._session
        if session is None:
            raise DatabaseError("the intent database is not connected; nothing was changed")
        everything = [*wanted, operations.DURABLE]
        try:
            results = session.request("transact", [DATABASE, *everything], timeout)
        except SessionLost:
            self._doubtful = session
            session.close("the outcome of a transaction is unknown")
            raise
        return operations.outcome(results, everything)

    @property
    def certain(self) -> bool:
        """Whether what is held is what stands: not while out of reach, nor after a transaction of unknown outcome."""
        return self._session is not None and self._session is not self._doubtful

    def opened(self, session: Session) -> None:
        """Check the server, found the database where it is new, and follow it."""
        self._greeted = session
        server = session.request("monitor", ["_Server", "server", _SERVER], _GREETING_TIMEOUT)
        self._check_server(server)
        founded = session.request("transact", [DATABASE, *_FOUNDING], _GREETING_TIMEOUT)
        if not _exists_already(founded):
            operations.outcome(founded, _FOUNDING)
        take_in_order(session, "monitor", [DATABASE, "intent", _TABLES], self._load, _GREETING_TIMEOUT)

    def notified(self, method: str, params: list[Any]) -> None:
        """Take over what changed."""
        match method, params:
            case "update", ["intent", updates]:
                self._deliver(self.replica.update(updates))
            case "update", ["server", updates]:
                self._check_server(updates)

    def closed(self, reason: str) -> None:
        """Tell that the database is out of reach."""
        del reason
        if self._session is not None:
            self._session = None
            self._on_state(False)  # noqa: FBT003 - the callback's one argument

    def _load(self, tables: Any) -> None:
        self._check_age(tables)
        self._deliver(self.replica.load(tables))
        self._session = self._greeted
        self._on_state(True)  # noqa: FBT003 - the callback's one argument

    def _deliver(self, commit: Commit | None) -> None:
        if commit is None:
            return
        self._on_commit(commit)
        with self._progress:
            self.revision = commit.revision
            self._loaded = True
            self._progress.notify_all()

    def _check_server(self, updates: Any) -> None:
        for update in values.rows(updates, "Database").values():
            row = values.new_row(update) or {}
            if row.get("name") != DATABASE:
                continue
            self._clustered = row.get("model") == "clustered"
            if row.get("connected") is not True:
                raise DatabaseError("the server is cut off from its cluster")

    def _check_age(self, tables: Any) -> None:
        """Refuse a cluster member that lags behind what was seen already."""
        for update in values.rows(tables, "Cluster").values():
            row = values.new_row(update) or {}
            if self._clustered and values.integer(row.get("revision")) < self.revision:
                raise DatabaseError("the server lags behind its cluster")


def _exists_already(results: Any) -> bool:
    match results:
        case [{"error": "timed out"}, *_]:
            return True
    return False
