"""Effects: what a change of intent tells the compiler."""

from __future__ import annotations

from collections.abc import Sequence

from controller.entities import Entity
from controller.intent.kinds import KINDS
from controller.intent.proposal import Result


def effects(results: Sequence[Result]) -> tuple[tuple[Entity, ...], tuple[tuple[type, str], ...]]:
    """The entities to put, and those to delete by type and key."""
    puts: list[Entity] = []
    deletes: list[tuple[type, str]] = []
    for result in results:
        if not result.changed:
            continue
        kind = KINDS[result.key[0]]
        before = kind.entity(result.before) if result.before else None
        after = kind.entity(result.after) if result.after else None
        if after is not None:
            puts.append(after)
        elif before is not None:
            deletes.append((type(before), before.key))
    return tuple(puts), tuple(deletes)
