"""The store: every entity, by type and key, with the indexes that features read, and what changed.

A change is named by what a reader could have asked: an entity by key, the members of an index value, or the groups
among those members. The compiler runs again exactly what asked for something that changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

    from controller.entities import Entity

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Index:
    """How entities of one type are found: ``of`` gives the values an entity stands under, ``group`` its group there."""

    name: str
    of: Callable[[Any], Iterable[Hashable]]
    group: Callable[[Any], str] | None = None


@dataclass(slots=True)
class _Members:
    """The keys under one index value; ``groups`` counts them by group. A key alone stands without all this."""

    keys: dict[str, None] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)


class Store:
    """Entities, and how they are found (``indexes``); one writer, read by the compiler's views."""

    def __init__(self, indexes: Mapping[type, tuple[Index, ...]]) -> None:
        self.indexes = indexes
        self._entities: dict[type, dict[str, Entity]] = {}
        self._members: dict[tuple[type, str, Hashable], _Members | str] = {}

    def get(self, kind: type, key: str) -> Any | None:
        """The entity, or None."""
        return self._entities.get(kind, {}).get(key)

    def __iter__(self) -> Iterator[type[Any]]:
        """The types of which there are entities, or were."""
        return iter(tuple(self._entities))

    def keys(self, kind: type) -> Iterable[str]:
        """The keys of all entities of a type."""
        return self._entities.get(kind, {}).keys()

    def all(self, kind: type[T]) -> tuple[T, ...]:
        """All entities of a type, as they are now."""
        return cast("tuple[T, ...]", tuple(self._entities.get(kind, {}).values()))

    def where(self, kind: type, index: str, value: Hashable) -> tuple[str, ...]:
        """The keys that stand under an index value."""
        members = self._members.get((kind, index, value))
        if isinstance(members, str):
            return (members,)
        return tuple(members.keys) if members else ()

    def count(self, kind: type, index: str, value: Hashable) -> int:
        """How many stand under an index value."""
        members = self._members.get((kind, index, value))
        if isinstance(members, str):
            return 1
        return len(members.keys) if members else 0

    def groups(self, kind: type, index: str, value: Hashable) -> frozenset[str]:
        """The groups that have at least one member under an index value."""
        members = self._members.get((kind, index, value))
        return frozenset(members.groups) if isinstance(members, _Members) else frozenset()

    def put(self, entity: Entity, changed: set[tuple[Any, ...]]) -> bool:
        """Add or replace; the reads that would now differ are added to ``changed``. False when nothing differs."""
        kind = type(entity)
        table = self._entities.setdefault(kind, {})
        old = table.get(entity.key)
        if old == entity:
            return False
        table[entity.key] = entity
        changed.add(("get", kind, entity.key))
        for index in self.indexes.get(kind, ()):
            self._reindex(kind, index, entity.key, (old, entity), changed)
        return True

    def delete(self, kind: type, key: str, changed: set[tuple[Any, ...]]) -> bool:
        """Remove; False when it was not there."""
        old = self._entities.get(kind, {}).pop(key, None)
        if old is None:
            return False
        changed.add(("get", kind, key))
        for index in self.indexes.get(kind, ()):
            self._reindex(kind, index, key, (old, None), changed)
        return True

    def _reindex(
        self,
        kind: type,
        index: Index,
        key: str,
        entities: tuple[Entity | None, Entity | None],
        changed: set[tuple[Any, ...]],
    ) -> None:
        before, after = (_places(index, entity) for entity in entities)
        for value, group in before - after:
            self._leave((kind, index.name, value), key, group, changed)
        for value, group in after - before:
            self._enter((kind, index.name, value), key, group, changed)

    def _enter(
        self, place: tuple[type, str, Hashable], key: str, group: str | None, changed: set[tuple[Any, ...]]
    ) -> None:
        members = self._members.get(place)
        changed.add(("where", *place))
        if members is None and group is None:
            self._members[place] = key
            return
        if not isinstance(members, _Members):
            members = self._members[place] = _Members({} if members is None else {members: None})
        members.keys[key] = None
        if group is None:
            return
        members.groups[group] = members.groups.get(group, 0) + 1
        if members.groups[group] == 1:
            changed.add(("groups", *place))

    def _leave(
        self, place: tuple[type, str, Hashable], key: str, group: str | None, changed: set[tuple[Any, ...]]
    ) -> None:
        members = self._members[place]
        changed.add(("where", *place))
        if isinstance(members, str):
            del self._members[place]
            return
        members.keys.pop(key, None)
        if group is not None:
            members.groups[group] -= 1
            if not members.groups[group]:
                del members.groups[group]
                changed.add(("groups", *place))
        if not members.keys:
            del self._members[place]


def _places(index: Index, entity: Entity | None) -> set[tuple[Hashable, str | None]]:
    if entity is None:
        return set()
    group = index.group(entity) if index.group else None
    return {(value, group) for value in index.of(entity)}
