"""Rows of the intent database: from OVSDB's JSON to values, and as operations back, only what changed."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ovsdb import operations, values
from ovsdb.rows import ResourceChange, ResourceRow, TokenRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ovsdb.operations import Operation

_TEXTS = ("kind", "project", "name", "uid", "spec", "allocated", "created_at", "updated_at", "author")

COLUMNS: dict[str, tuple[str, ...]] = {
    "Cluster": ("revision", "author"),
    "Resource": (*_TEXTS, "labels", "revision"),
    "Token": ("name", "digest", "role", "projects", "created_at"),
}

_LONGEST_SPEC = 16 << 20


def resource(row: Mapping[str, Any]) -> ResourceRow:
    """Return the resource that ``row`` holds. Raises BadValue."""
    return ResourceRow(
        kind=sys.intern(values.text(row.get("kind"))),
        project=sys.intern(values.text(row.get("project"))),
        name=values.text(row.get("name")),
        uid=values.text(row.get("uid")),
        labels=tuple(values.mapping(row.get("labels")).items()),
        spec=values.text(row.get("spec"), _LONGEST_SPEC),
        allocated=values.text(row.get("allocated"), _LONGEST_SPEC),
        revision=values.integer(row.get("revision")),
        created_at=values.text(row.get("created_at")),
        updated_at=values.text(row.get("updated_at")),
        author=sys.intern(values.text(row.get("author"))),
    )


def token(row: Mapping[str, Any]) -> TokenRow:
    """Return the token that ``row`` holds."""
    return TokenRow(
        name=values.text(row.get("name")),
        digest=values.text(row.get("digest")),
        role=values.text(row.get("role")),
        projects=values.texts(row.get("projects")),
        created_at=values.text(row.get("created_at")),
    )


def written_resource(row: ResourceRow) -> dict[str, Any]:
    """Return all columns of a resource."""
    columns: dict[str, Any] = {name: getattr(row, name) for name in _TEXTS}
    return columns | {"labels": values.written_map(row.labels), "revision": row.revision}


def written_token(row: TokenRow) -> dict[str, Any]:
    """Return all columns of a token."""
    return {
        "name": row.name,
        "digest": row.digest,
        "role": row.role,
        "projects": values.written_set(row.projects),
        "created_at": row.created_at,
    }


def written(change: ResourceChange, revision: int, uuids: Mapping[tuple[str, str, str], str]) -> Iterator[Operation]:
    """Yield the operations of one change. Raises KeyError where the old resource does not stand any more."""
    old = change.old
    new = None if change.new is None else replace(change.new, revision=revision)
    if old is not None and new is not None and old.uid == new.uid and old.key == new.key:
        yield operations.update("Resource", operations.row(uuids[old.key]), _difference(old, new))
        return
    if old is not None:
        yield operations.delete("Resource", operations.row(uuids[old.key]))
    if new is not None:
        yield operations.insert("Resource", written_resource(new))


def _difference(old: ResourceRow, new: ResourceRow) -> dict[str, Any]:
    changed: dict[str, Any] = {name: getattr(new, name) for name in _TEXTS if getattr(new, name) != getattr(old, name)}
    if dict(new.labels) != dict(old.labels):
        changed["labels"] = values.written_map(new.labels)
    return changed | {"revision": new.revision}
