"""Host states: what hosts answered to what networks need of their kernels, as their databases tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ovsdb.rows import InterfaceRow, Liveness

DONE = "ok"
LINK = ""
"""What all nat networks of a host share (``InterfaceRow.serves``)."""


class HostStates:
    """The last answer of each host, by what it is for; it stays when the host is out of reach."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, InterfaceRow]] = {}

    def heard(self, chassis: str, changed: tuple[InterfaceRow, ...], removed: tuple[str, ...], *, whole: bool) -> None:
        """A host told of its interfaces; ``whole``: these are all there are."""
        rows = {} if whole else self._rows.get(chassis, {})
        for name in removed:
            rows.pop(name, None)
        for row in changed:
            rows.pop(row.name, None)
            if row.serves is not None or row.watch is not None:
                rows[row.name] = row
        self._rows[chassis] = rows

    def left(self, chassis: str) -> None:
        """A host is out of reach; what it did stays done."""

    def watches(self, chassis: str) -> dict[str, Liveness]:
        """Whom a host watches by BFD, and what it says of them."""
        return {row.watch.peer: row.watch.liveness for row in self._rows.get(chassis, {}).values() if row.watch}

    def trouble(self, chassis: str, serves: str) -> str | None:
        """What keeps a host from serving a network (its key; ``LINK`` for nat networks); None: nothing."""
        row = next((row for row in self._rows.get(chassis, {}).values() if row.serves == serves), None)
        if row is None:
            return "its port for the host is not made yet"
        if row.error:
            return row.error
        if row.state is None:
            return "no netloom agent has answered: run netloom agent there, as root"
        return None if row.state == DONE else row.state
