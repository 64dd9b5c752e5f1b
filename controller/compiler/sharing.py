"""Rows that several nodes give alike: each stands while any of them gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = tuple[int, str]
"""A relation, by its place in the engine's list, and a key."""


class Givers:
    """How many nodes give each row."""

    def __init__(self) -> None:
        self._counts: dict[Row, int] = {}

    def turn(self, relation: int, before: Iterable[str], after: Iterable[str]) -> set[str]:
        """One node gives these keys instead of those; answers the keys that nobody gives any more."""
        old, new, gone = set(before), set(after), set[str]()
        for key in new - old:
            self._counts[relation, key] = self._counts.get((relation, key), 0) + 1
        for key in old - new:
            self._counts[relation, key] -= 1
            if not self._counts[relation, key]:
                del self._counts[relation, key]
                gone.add(key)
        return gone
