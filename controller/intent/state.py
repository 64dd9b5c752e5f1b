"""Intent as it stands: every resource by its name, and the indexes by which a change is judged at once.

It only follows the intent database: nothing is written here that was not committed there first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from controller.entities import Entity
from controller.intent.indexes import Claims, Names
from controller.intent.kinds import KINDS
from controller.intent.pacer import Pacer
from controller.intent.resource import Key, Resource, title
from ovsdb.rows import Commit, ResourceChange, ResourceRow

_SPECS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind.spec) for name, kind in KINDS.items()}
_ALLOCATIONS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind.allocation) for name, kind in KINDS.items()}


def resource_of(row: ResourceRow) -> Resource:
    """A stored row, read; raises ValueError if this version cannot read it."""
    if row.kind not in KINDS:
        raise ValueError(f"unknown kind {row.kind}")
    spec = _SPECS[row.kind].validate_json(row.spec)
    return Resource(row, spec, _ALLOCATIONS[row.kind].validate_json(row.allocated))


def texts_of(kind: str, spec: object, allocated: object) -> tuple[str, str]:
    """Specification and allocation as the canonical JSON that a row keeps."""
    return _SPECS[kind].dump_json(spec, by_alias=True).decode(), _ALLOCATIONS[kind].dump_json(allocated).decode()


class Intent:
    """All resources; followed by one thread, read by many."""

    def __init__(self, unreadable: Callable[[str, str], None], quarantine: float = 0.0) -> None:
        """``unreadable(resource, why)`` is told of rows that this version cannot read; they stay out.

        ``quarantine`` is for how many seconds an address that was freed is not chosen again.
        """
        self.revision = -1
        self.claims = Claims(quarantine)
        self.names = Names()
        self._unreadable = unreadable
        self._resources: dict[Key, Resource] = {}
        self._referrers: dict[Key, dict[Key, None]] = {}
        self._moved = threading.Condition()

    def follow(self, commit: Commit, now: float) -> tuple[tuple[Entity, ...], tuple[tuple[type, str], ...]]:
        """Take in one commit at a moment (monotonic seconds).

        Answers what the compiler is to put, and to delete by type and key.
        """
        if commit.initial:
            commit = self._whole(commit)
        puts: list[Entity] = []
        deletes: list[tuple[type, str]] = []
        pacer = Pacer()
        for change in commit.changes:
            pacer.breathe()
            before, after = self._replace(change, now)
            if after is not None:
                puts.append(after)
            elif before is not None:
                deletes.append((type(before), before.key))
        with self._moved:
            self.revision = commit.revision
            self._moved.notify_all()
        return tuple(puts), tuple(deletes)

    def wait(self, revision: int, timeout: float) -> bool:
        """Return when that revision has been followed (True), or after ``timeout`` seconds (False)."""
        with self._moved:
            return self._moved.wait_for(lambda: self.revision >= revision, timeout)

    def resource(self, key: Key) -> Resource | None:
        """The resource of that name."""
        return self._resources.get(key)

    def resources(self) -> tuple[Resource, ...]:
        """All of them, as they stand."""
        return tuple(self._resources.values())

    def referrers(self, key: Key) -> tuple[Key, ...]:
        """Those who refer to a resource, whether it exists or not."""
        return tuple(self._referrers.get(key, ()))

    def _whole(self, commit: Commit) -> Commit:
        """An initial commit (also after a lost connection), with the end of everything that stood and is not in it."""
        changes = sorted(commit.changes, key=lambda change: change.new.key if change.new else ("", "", ""))
        standing = {change.new.key for change in changes if change.new}
        gone = [ResourceChange(old.row, None) for key, old in self._resources.items() if key not in standing]
        return Commit(commit.revision, (*gone, *changes), initial=True)

    def _replace(self, change: ResourceChange, now: float) -> tuple[Entity | None, Entity | None]:
        before = after = None
        if change.old is not None:
            before = self._remove(change.old.key, now)
        elif change.new is not None:
            before = self._remove(change.new.key, now)
        if change.new is not None:
            after = self._add(change.new)
        return before, after

    def _add(self, row: ResourceRow) -> Entity | None:
        try:
            resource = resource_of(row)
        except (ValueError, ValidationError) as error:
            self._unreadable(title(row.key), str(error))
            return None
        kind, key = KINDS[row.kind], resource.key
        self._resources[key] = resource
        self.names.add(key)
        for claim in kind.claims(key, resource.spec, resource.allocated):
            self.claims.take(claim, key)
        for target in kind.references(key, resource.spec):
            self._referrers.setdefault(target, {})[key] = None
        return kind.entity(resource)

    def _remove(self, key: Key, now: float) -> Entity | None:
        resource = self._resources.pop(key, None)
        if resource is None:
            return None
        kind = KINDS[key[0]]
        self.names.remove(key)
        for claim in kind.claims(key, resource.spec, resource.allocated):
            self.claims.release(claim, key, now)
        for target in kind.references(key, resource.spec):
            referrers = self._referrers[target]
            del referrers[key]
            if not referrers:
                del self._referrers[target]
        return kind.entity(resource)
