"""Dead ports: switches say which of their ports have no link, so that no middlebox is given packets that is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.inventory import News
from controller.links import DeadPort

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.entities import Entity
    from controller.southbound.ports import PortDescription


class DeadPorts:
    """What each switch said last; ``told`` takes what has changed, and has it remembered."""

    def __init__(self, told: Callable[[News], None]) -> None:
        self._told = told
        self._dead: dict[str, frozenset[str]] = {}

    def recall(self, entities: Iterable[Entity]) -> None:
        """Take over what an earlier daemon was told; the entities are the caller's to compile."""
        for entity in entities:
            if isinstance(entity, DeadPort):
                chassis = entity.key.rpartition("/")[0]
                self._dead[chassis] = self._dead.get(chassis, frozenset()) | {entity.key}

    def ports(self, chassis: str, there: Iterable[PortDescription]) -> None:
        """All ports of a chassis' switch as they are now; one that is not there at all is not dead but gone."""
        dead = frozenset(f"{chassis}/{port.number}" for port in there if not port.up)
        before = self._dead.get(chassis, frozenset())
        if dead:
            self._dead[chassis] = dead
        else:
            self._dead.pop(chassis, None)
        if dead != before:
            gone: list[tuple[type, str]] = [(DeadPort, key) for key in sorted(before - dead)]
            self._told(News(list(map(DeadPort, sorted(dead - before))), gone))
