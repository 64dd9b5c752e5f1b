"""Duplicates: somebody else looks for, or uses, an address that is a port's; it is noticed and told, nothing more.

A machine looks by ARP probe (RFC 5227) or neighbour solicitation (RFC 4862, 5.4) before it takes an address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.derived import Endpoint
from controller.services import questions
from controller.services.outcome import Duplicate, Ignored, sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.services.outcome import Facts, Outcome, Punt

STANDING_SECONDS = 600.0
"""For how long a duplicate that is seen no more is shown."""
QUIET_SECONDS = 60.0
MOST = 4096


def answer(punt: Punt, facts: Facts, _now: float) -> Iterator[Outcome]:
    """Tell whose address the sender looks for."""
    sought = questions.sought(punt.frame)
    port = sender(punt, facts)
    if sought is None:
        yield Ignored("malformed")
        return
    if port is None:
        yield Ignored("unserved")
        return
    address, mac = sought
    for key in sorted(facts.where(Endpoint, "address", (port.network, address))):
        if key != port.key:
            yield Duplicate(key, address, mac, port.key)


@dataclass(slots=True)
class Seen:
    """A duplicate and when it was first and last seen, and last told of; seconds since 1970."""

    duplicate: Duplicate
    first: float
    last: float
    told: float


class Duplicates:
    """Those that were seen of late."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Seen] = {}

    def put(self, duplicate: Duplicate, now: float) -> bool:
        """Take one in; whether it is worth telling, which the same one is only every minute."""
        key = (duplicate.port, duplicate.address)
        seen = self._seen.get(key)
        if seen is None or now - seen.last > STANDING_SECONDS:
            if len(self._seen) >= MOST:
                del self._seen[next(iter(self._seen))]
            self._seen[key] = Seen(duplicate, now, now, now)
            return True
        seen.last, seen.duplicate = now, duplicate
        if now - seen.told < QUIET_SECONDS:
            return False
        seen.told = now
        return True

    def of(self, port: str, now: float) -> list[Seen]:
        """The duplicates of a port's addresses, as far as they are of late."""
        return [seen for key, seen in self._seen.items() if key[0] == port and now - seen.last <= STANDING_SECONDS]

    def forget(self, port: str) -> None:
        """The port is gone."""
        for key in [key for key in self._seen if key[0] == port]:
            del self._seen[key]
