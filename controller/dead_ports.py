"""Dead ports: switches say which of their ports have no link, so that no middlebox is given packets that is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.courses import DeadPort

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.entities import Entity
    from controller.southbound.ports import PortDescription


class DeadPorts:
    """What each switch said last; ``submit`` takes entities that came and those that went."""

    def __init__(self, submit: Callable[[Iterable[Entity], Iterable[tuple[type, str]]], None]) -> None:
        self._submit = submit
        self._dead: dict[str, frozenset[str]] = {}

    def ports(self, chassis: str, there: Iterable[PortDescription]) -> None:
        """All ports of a chassis' switch as they are now; one that is not there at all is not dead but gone."""
        dead = frozenset(f"{chassis}/{port.number}" for port in there if not port.up)
        before = self._dead.get(chassis, frozenset())
        self._dead[chassis] = dead
        if dead != before:
            self._submit(map(DeadPort, sorted(dead - before)), [(DeadPort, key) for key in sorted(before - dead)])
