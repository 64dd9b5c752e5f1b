"""The intent database as this process holds it: rows by value, and from each update the commit that it was."""

from __future__ import annotations

from typing import Any

from controller.errors import DatabaseError
from ovsdb import intent_rows, values
from ovsdb.rows import Commit, ResourceChange, ResourceRow, TokenRow

Key = tuple[str, str, str]


class Replica:
    """One copy of every row. It is written by the session's thread only; others read whole entries."""

    def __init__(self) -> None:
        self.revision = 0
        self.uuids: dict[Key, str] = {}
        self.tokens: dict[str, TokenRow] = {}
        self._author = ""
        self._cluster = ""
        self._resources: dict[str, ResourceRow] = {}

    def load(self, tables: Any) -> Commit | None:
        """Take over everything that stands; what was held before tells the differences.

        The first commit is initial. Raises DatabaseError where another database answers than the one before.
        """
        cluster = next(iter(values.rows(tables, "Cluster")), "")
        if self._cluster not in ("", cluster):
            raise DatabaseError(f"another database ({cluster}) answers than was followed ({self._cluster})")
        initial = not self._cluster
        self._cluster = cluster
        commit = self._applied(_with_deletions(tables, "Resource", self._resources), initial=initial)
        self._follow_entries(_with_deletions(tables, "Token", self.tokens))
        return commit

    def update(self, tables: Any) -> Commit | None:
        """Take over one update; None where no resource and no revision changed. Raises DatabaseError."""
        self._follow_entries(tables)
        return self._applied(tables, initial=False)

    def _applied(self, tables: Any, *, initial: bool) -> Commit | None:
        before = self.revision
        clusters = values.rows(tables, "Cluster")
        for uuid, update in clusters.items():
            row = values.new_row(update)
            if row is not None:  # a restored backup has the row anew, and the old one is deleted with it
                self._cluster = uuid
                self.revision, self._author = values.integer(row.get("revision")), values.text(row.get("author"))
        if clusters and values.new_row(clusters.get(self._cluster, {})) is None:
            raise DatabaseError("the database lost its revision")
        changes = self._resource_changes(values.rows(tables, "Resource"))
        if not changes and self.revision == before and not initial:
            return None
        return Commit(self.revision, changes, initial, self._author)

    def _resource_changes(self, updates: dict[str, Any]) -> tuple[ResourceChange, ...]:
        gone = self._deleted(updates)
        changes: list[ResourceChange] = []
        for uuid, update in values.in_turns(updates.items()):
            row = values.new_row(update)
            if row is None:
                continue
            new = intent_rows.resource(row)
            old = self._resources.get(uuid) or gone.pop(new.key, None)
            self._resources[uuid] = new
            self.uuids[new.key] = uuid
            if old != new:
                changes.append(ResourceChange(old, new))
        return (*changes, *(ResourceChange(old, None) for old in gone.values()))

    def _deleted(self, updates: dict[str, Any]) -> dict[Key, ResourceRow]:
        gone: dict[Key, ResourceRow] = {}
        for uuid, update in values.in_turns(updates.items()):
            if values.new_row(update) is None and uuid in self._resources:
                old = self._resources.pop(uuid)
                gone[old.key] = old
                self.uuids.pop(old.key, None)
        return gone

    def _follow_entries(self, tables: Any) -> None:
        for uuid, update in values.rows(tables, "Token").items():
            row = values.new_row(update)
            if row is None:
                self.tokens.pop(uuid, None)
            else:
                self.tokens[uuid] = intent_rows.token(row)


def _with_deletions(tables: Any, table: str, held: dict[str, Any]) -> dict[str, Any]:
    """Return the table's rows, and a deletion for each row held that does not stand any more."""
    found = values.rows(tables, table)
    part = {"Cluster": values.rows(tables, "Cluster")} if table == "Resource" else {}
    return part | {table: {uuid: {} for uuid in held.keys() - found.keys()} | found}
