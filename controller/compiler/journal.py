"""How the engine writes: into the store, and during a preview also into a journal from which it is undone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controller.compiler.engine import Fragment, Node
    from controller.entities import Entity
    from controller.store import Store


class TooMuch(Exception):
    """Not an error but an answer: the preview would take more steps than it was given."""


@dataclass(slots=True)
class _Journal:
    """What stood before: entities by type and key, fragments by node, None where there was nothing."""

    steps: int
    entities: dict[tuple[type, str], Entity | None] = field(default_factory=dict)
    fragments: dict[Node, Fragment | None] = field(default_factory=dict)


class Writing:
    """Puts and deletes of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._journal: _Journal | None = None

    def begin(self, steps: int) -> None:
        """From now on it can be undone; ``steps`` are how many fragments may be brought up to date."""
        self._journal = _Journal(steps)

    def put(self, entity: Entity, changed: set[tuple[Any, ...]]) -> None:
        """Add or replace an entity."""
        self._note(type(entity), entity.key)
        self._store.put(entity, changed)

    def delete(self, kind: type, key: str, changed: set[tuple[Any, ...]]) -> None:
        """Remove an entity."""
        self._note(kind, key)
        self._store.delete(kind, key, changed)

    def fragment(self, node: Node, before: Fragment | None) -> None:
        """A fragment is about to be brought up to date; raises TooMuch where that is one too many."""
        if self._journal is None:
            return
        self._journal.steps -= 1
        if self._journal.steps < 0:
            raise TooMuch
        self._journal.fragments.setdefault(node, before)

    def replaced(self) -> Mapping[tuple[type, str], Entity | None]:
        """What stood at ``begin`` where something else stands now, by type and key; None where nothing did."""
        return self._journal.entities if self._journal else {}

    def undo(self) -> dict[Node, Fragment | None]:
        """Let the store be as it was at ``begin``; answers the fragments that stood then."""
        journal, self._journal = self._journal, None
        if journal is None:
            return {}
        for (kind, key), before in journal.entities.items():
            if before is None:
                self._store.delete(kind, key, set())
            else:
                self._store.put(before, set())
        return journal.fragments

    def _note(self, kind: type, key: str) -> None:
        if self._journal is not None:
            self._journal.entities.setdefault((kind, key), self._store.get(kind, key))
