"""What a feature sees of the world. Everything it asks is remembered, so that it runs again when the answer changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

    from controller.store import Store

E = TypeVar("E")


class Missing(Exception):
    """Not an error but an answer: a referent is not there. The fragment stays empty and heals when it appears."""


class View:
    """A recording window on the store; ``reads`` collects the names of what was asked."""

    __slots__ = ("_store", "reads")

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads: set[tuple[Any, ...]] = set()

    def get(self, kind: type[E], key: str) -> E:
        """The entity; raises ``Missing``, which a feature lets pass."""
        entity = self.find(kind, key)
        if entity is None:
            raise Missing(key)
        return entity

    def find(self, kind: type[E], key: str) -> E | None:
        """The entity, or None for those who go on without it."""
        self.reads.add(("get", kind, key))
        return self._store.get(kind, key)

    def where(self, kind: type[E], index: str, value: Hashable) -> list[E]:
        """The entities under an index value, by key, so that flows come out the same after every restart."""
        self.reads.add(("where", kind, index, value))
        keys = sorted(self._store.where(kind, index, value))
        return [entity for key in keys if (entity := self.find(kind, key)) is not None]

    def count(self, kind: type, index: str, value: Hashable) -> int:
        """How many entities stand under an index value."""
        self.reads.add(("where", kind, index, value))
        return self._store.count(kind, index, value)

    def groups(self, kind: type, index: str, value: Hashable) -> list[str]:
        """The groups among the entities under a value, sorted; changes only with a group's first or last member."""
        self.reads.add(("groups", kind, index, value))
        return sorted(self._store.groups(kind, index, value))
