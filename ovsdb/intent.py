"""The intent database: what users asked for, durable before it is acknowledged, and followed by every daemon.

A change is one OVSDB transaction on the condition that nobody else changed anything since the revision it was made
for; the ``commit`` operation in it makes even a standalone ovsdb-server wait for its disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.errors import DatabaseError
from ovsdb import intent_rows, operations, values
from ovsdb.address import Tls, parse
from ovsdb.connection import Connection, Pace
from ovsdb.following import Following
from ovsdb.session import Limits
from ovsdb.sightings import Sightings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ovsdb.rows import Commit, ResourceChange, TokenRow

_PACE = Pace(first=0.1, longest=1.0)
_LIMITS = Limits(keepalive=5.0, message=1 << 30)
_TIMEOUT = 30.0


class StaleRevision(DatabaseError):
    """Somebody else changed intent meanwhile; nothing was changed."""


class IntentDatabase:
    """A replica that follows the database, and the transactions that change it.

    ``addresses`` are one ovsdb-server's, or all members' of a cluster. ``on_commit`` gets the initial commit with
    everything, then one for each revision (the server may merge some); ``on_state`` whether the database is in reach.
    Both run in one thread; they must return soon and must not wait for this database.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        on_commit: Callable[[Commit], None],
        on_state: Callable[[bool], None],
        tls: Tls | None = None,
    ) -> None:
        self._following = Following(on_commit, on_state)
        peers = tuple(parse(address) for address in addresses)
        self._connection = Connection(peers, tls, self._following, _LIMITS, _PACE)

    def start(self) -> None:
        """Connect and follow, in threads of its own; reconnects for ever."""
        self._connection.start()

    def stop(self) -> None:
        """End the session."""
        self._connection.stop()

    @property
    def revision(self) -> int:
        """The newest revision that ``on_commit`` has got."""
        return self._following.revision

    @property
    def certain(self) -> bool:
        """Whether what was delivered is what stands: not while out of reach, nor after an unknown outcome."""
        return self._following.certain

    def wait_ready(self, timeout: float) -> bool:
        """Return whether the initial commit was delivered within ``timeout`` seconds."""
        return self._following.wait(0, timeout)

    def wait_revision(self, revision: int, timeout: float) -> bool:
        """Return whether ``on_commit`` got ``revision`` or a newer one within ``timeout`` seconds."""
        return self._following.wait(revision, timeout)

    def transact(self, revision: int, changes: Sequence[ResourceChange], author: str) -> int:
        """Change resources on top of ``revision``; returns the new revision once it is durable and delivered.

        Raises StaleRevision, SessionLost when the outcome is unknown (the connection broke before the reply), and
        DatabaseError when nothing was changed.
        """
        new = revision + 1
        guard = operations.only_if("Cluster", [], ["revision"], [{"revision": revision}])
        wanted = [guard, operations.update("Cluster", [], {"revision": new, "author": author})]
        try:
            for change in values.in_turns(changes):
                wanted.extend(intent_rows.written(change, new, self._following.replica.uuids))
        except KeyError as error:
            raise StaleRevision(f"{error} does not stand any more") from error
        try:
            self._following.transact(wanted, _TIMEOUT)
        except operations.OperationFailed as error:
            if error.index == 0:
                raise StaleRevision(f"intent is not at revision {revision} any more") from error
            raise
        return new

    def tokens(self) -> tuple[TokenRow, ...]:
        """Return every token."""
        return tuple(self._following.replica.tokens.values())

    def put_token(self, token: TokenRow) -> None:
        """Make a token, or change the one of this name. Raises DatabaseError."""
        row = intent_rows.written_token(token)
        where = [["name", "==", token.name]]
        if any(known.name == token.name for known in self.tokens()):
            changed = {name: value for name, value in row.items() if name != "name"}
            self._following.transact([operations.update("Token", where, changed)], _TIMEOUT)
        else:
            self._following.transact([operations.insert("Token", row)], _TIMEOUT)

    def delete_token(self, name: str) -> bool:
        """Delete a token; returns whether there was one. Raises DatabaseError."""
        results = self._following.transact([operations.delete("Token", [["name", "==", name]])], _TIMEOUT)
        return values.integer(results[0].get("count")) > 0

    def sightings(self) -> Sightings:
        """What was seen of chassis and interfaces when a daemon last looked."""
        return Sightings(lambda wanted: self._following.transact(wanted, _TIMEOUT))
