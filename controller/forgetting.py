"""Forgetting: a connection whose translation was taken away ends with it; none outlives its router, or port, there.

A switch keeps translating what it once tracked, whatever its flows say later; so it is told what to forget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from controller.derived import Endpoint, Exit, Floating, Forward
from controller.southbound.conntrack import Connections, Ends
from controller.zones import destination_zone, port_zone, zones

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PROTOCOLS = {"tcp": 6, "udp": 17}
ANY_PROTOCOL = 0
FOLLOWED = frozenset({Endpoint, Exit, Floating, Forward})
Followed = Endpoint | Exit | Floating | Forward


class Facts(Protocol):
    """What the compiler's store knows (``controller.store.Store``)."""

    def get(self, kind: type, key: str) -> Any | None:
        """The entity, or None."""


class Forgetting:
    """Follows what the compiler derives; ``flush`` has one switch forget, ``chassis`` tells all there are."""

    def __init__(
        self, facts: Facts, flush: Callable[[str, Connections], None], chassis: Callable[[], Iterable[str]]
    ) -> None:
        self._facts = facts
        self._flush = flush
        self._chassis = chassis
        self._known: dict[tuple[type, str], Followed] = {}

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """Some of it changed: have forgotten what only the old translation explains."""
        for read in changed:
            if read[0] != "get" or read[1] not in FOLLOWED:
                continue
            place = (read[1], read[2])
            old, new = self._known.pop(place, None), self._facts.get(*place)
            if new is not None:
                self._known[place] = new
            if old is not None and old != new:
                self._forget(old, new)

    def _forget(self, old: Followed, new: Followed | None) -> None:
        seat = self._facts.get(Exit, old.router) if isinstance(old, Forward) else None
        for chassis, connections in ended(old, new, seat):
            for name in (chassis,) if chassis is not None else tuple(self._chassis()):
                self._flush(name, connections)


def ended(old: Followed, new: Followed | None, leaving: Exit | None) -> Iterator[tuple[str | None, Connections]]:
    """The connections that end with ``old``, by chassis; None is every chassis. ``leaving`` is a forward's exit."""
    match old, new:
        case Endpoint(), _:
            yield from _unplugged(old, new)
        case Exit(number=number), None:
            yield from ((None, Connections(zone)) for zone in zones(number))
        case Exit(seat=str(seat)), Exit() if new.seat != seat:
            yield from ((seat, Connections(zone)) for zone in zones(old.number))
        case Floating(), _:
            yield from _floating(old)
        case Forward(), _ if leaving is not None:
            yield from _forward(old, leaving.seat or old.chassis)


def _unplugged(old: Endpoint, new: Followed | None) -> Iterator[tuple[str, Connections]]:
    """Whoever is plugged in there next has a zone without the connections of this port."""
    stays = isinstance(new, Endpoint) and (new.chassis, new.ofport) == (old.chassis, old.ofport)
    zone = 0 if stays else port_zone(old.ofport)
    if zone and not old.of_host:
        yield old.chassis, Connections(zone)


def _floating(old: Floating) -> Iterator[tuple[str, Connections]]:
    sources, destinations = zones(old.number)
    ends = Ends(target=old.address)
    for protocol in PROTOCOLS.values() if ":" in old.address else (ANY_PROTOCOL,):
        yield old.chassis, Connections(sources, protocol, reply=ends)
        yield old.chassis, Connections(destinations, protocol, original=ends)


def _forward(old: Forward, chassis: str) -> Iterator[tuple[str, Connections]]:
    """Each port by itself: beside them may be another forward of the same address."""
    zone = destination_zone(old.number)
    for port in range(old.ports[0], old.ports[1] + 1):
        ends = Ends(target=old.outer, target_port=port)
        yield chassis, Connections(zone, PROTOCOLS[old.protocol], original=ends)
