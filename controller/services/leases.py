"""Leases: what machines know of their addresses, as far as this daemon has heard; bounded by the addresses of intent.

The table decides nothing, so it is not kept: after a restart it fills as machines renew.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.services.outcome import Lease, State, Withdrawn

STATES: tuple[State, ...] = ("offered", "bound", "released", "declined", "expired")


class Leases:
    """The newest lease of each address of each port."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Lease]] = {}

    def put(self, lease: Lease, now: float) -> bool:
        """Take in what was said of an address, and whether that is new; an offer alone changes nothing."""
        of_port = self._known.setdefault(lease.port, {})
        before = of_port.get(lease.address)
        standing = _standing(before, now) if before else None
        if standing and lease.state == "offered" and standing.state in {"bound", "declined"}:
            return False
        same = standing if standing and standing.state == lease.state else None
        named = lease.hostname or (before.hostname if before else "")
        of_port[lease.address] = replace(lease, since=same.since if same else lease.since, hostname=named)
        return same is None

    def withdraw(self, withdrawn: Withdrawn) -> None:
        """The machine has turned to another server."""
        of_port = self._known.get(withdrawn.port, {})
        found = of_port.get(withdrawn.address)
        if found is not None and found.state == "offered":
            del of_port[withdrawn.address]

    def forget(self, port: str) -> None:
        """The port is gone."""
        self._known.pop(port, None)

    def of(self, port: str, now: float) -> list[Lease]:
        """The leases of one port."""
        return [found for lease in self._known.get(port, {}).values() if (found := _standing(lease, now)) is not None]

    def rows(self, now: float) -> Iterator[Lease]:
        """All leases as they stand, by port."""
        for port in sorted(self._known):
            yield from self.of(port, now)

    def counts(self, now: float) -> dict[State, int]:
        """How many there are in each state."""
        found = dict.fromkeys(STATES, 0)
        for lease in self.rows(now):
            found[lease.state] += 1
        return found


def _standing(lease: Lease, now: float) -> Lease | None:
    """A lease as time has left it; an offer that nobody took is none."""
    if lease.expires is None or now < lease.expires:
        return lease
    return replace(lease, state="expired", since=lease.expires) if lease.state == "bound" else None
