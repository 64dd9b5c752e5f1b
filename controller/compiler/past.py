"""The store as it was before what is being tried: what a preview compares with."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from controller.compiler.catalogue import Delta
    from controller.entities import Entity
    from controller.store import Store


class Reading(Protocol):
    """What can be asked of a store, now or before."""

    def get(self, kind: type, key: str) -> Any | None:
        """The entity, or None."""

    def keys(self, kind: type) -> Iterable[str]:
        """The keys of all entities of a type."""

    def where(self, kind: type, index: str, value: Hashable) -> tuple[str, ...]:
        """The keys that stand under an index value."""


class Past:
    """A store as it was before entities were ``replaced``: what stood under type and key, None where nothing did."""

    def __init__(self, store: Store, replaced: Mapping[tuple[type, str], Entity | None]) -> None:
        self._store = store
        self._replaced = dict(replaced)
        self._members: dict[tuple[type, str, Hashable], list[str]] = defaultdict(list)
        for (kind, key), entity in self._replaced.items():
            for index in store.indexes.get(kind, ()) if entity is not None else ():
                for value in dict.fromkeys(index.of(entity)):
                    self._members[kind, index.name, value].append(key)

    def get(self, kind: type, key: str) -> Any | None:
        """The entity, or None."""
        if (kind, key) in self._replaced:
            return self._replaced[kind, key]
        return self._store.get(kind, key)

    def keys(self, kind: type) -> Iterable[str]:
        """The keys of all entities of a type."""
        stayed = [key for key in self._store.keys(kind) if (kind, key) not in self._replaced]
        return [*stayed, *(key for (of, key), entity in self._replaced.items() if of is kind and entity is not None)]

    def where(self, kind: type, index: str, value: Hashable) -> tuple[str, ...]:
        """The keys that stood under an index value."""
        stayed = [key for key in self._store.where(kind, index, value) if (kind, key) not in self._replaced]
        return (*stayed, *self._members.get((kind, index, value), ()))


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A change as it is tried: the store before and after, the reads that differ, and what chassis would be told.

    ``breathe`` is to be called often by who looks long; None where nobody else runs meanwhile, and nobody may. It all
    holds only as long as it is looked at; whoever looks keeps values, never this.
    """

    before: Reading
    after: Reading
    changed: frozenset[tuple[Any, ...]]
    deltas: dict[str, Delta]
    breathe: Callable[[], None] | None = None
