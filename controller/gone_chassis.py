"""Gone chassis: one that is no more has no ports, so that bridges of ever new names leave nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.entities import Chassis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.southbound.ports import PortDescription
    from controller.store import Store


class GoneChassis:
    """``watchers`` are those who are told the ports of each chassis."""

    def __init__(self, store: Store, watchers: Iterable[Callable[[str, tuple[PortDescription, ...]], None]]) -> None:
        self._store = store
        self._watchers = watchers

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """A change was compiled: tell of the chassis that went with it."""
        for read in changed:
            if read[:2] == ("get", Chassis) and self._store.get(Chassis, read[2]) is None:
                for watcher in self._watchers:
                    watcher(read[2], ())
