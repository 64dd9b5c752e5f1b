"""Beacons: router advertisements that nobody asked for, now and then, and at once where something has changed.

The times are those of RFC 4861, 6.2.4: a few soon after a change, then one every 200 to 600 seconds.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from controller import served
from controller.derived import Endpoint, Leg, Narrowed
from controller.entities import Network
from controller.services import ra
from controller.services.outcome import Emission, ToPorts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.services.outcome import Facts

LONGEST, SHORTEST = 600.0, 200.0
INITIAL, INITIAL_SECONDS = 3, 16.0
PORTS_AT_ONCE = 500
"""To how many ports of a bridge one message sends, well under what OpenFlow allows."""


@dataclass(slots=True)
class _Beacon:
    """When a network is told next, how many times more at the initial pace, and as whom it was told last."""

    due: float
    initial: int
    mac: str | None = None


class Beacons:
    """The networks that are to be told, by when. ``spread`` gives numbers between 0 and 1."""

    def __init__(self, facts: Facts, spread: Callable[[], float]) -> None:
        self._facts = facts
        self._spread = spread
        self._beacons: dict[str, _Beacon] = {}
        self._heap: list[tuple[float, str]] = []

    def changed(self, reads: Iterable[tuple[Any, ...]], now: float) -> None:
        """The compiler's entities changed: networks that these concern are told soon."""
        for read in reads:
            if read[0] == "get" and read[1] in {Network, Narrowed}:
                self._soon(read[2], now)
            elif read[0] == "get" and read[1] is Leg:
                self._soon(read[2].partition("|")[2], now)

    def _soon(self, key: str, now: float) -> None:
        network: Network | None = self._facts.get(Network, key)
        if network is None or not served.advertised(network):
            self._beacons.pop(key, None)
            return
        beacon = self._beacons.setdefault(key, _Beacon(now, INITIAL))
        beacon.due, beacon.initial = now, INITIAL
        heapq.heappush(self._heap, (now, key))

    def due(self, now: float) -> Iterator[Emission]:
        """What is to be sent by now; the next time of each network is set."""
        while self._heap and self._heap[0][0] <= now:
            when, key = heapq.heappop(self._heap)
            beacon = self._beacons.get(key)
            network: Network | None = self._facts.get(Network, key)
            if beacon is None or network is None or beacon.due != when:
                continue
            beacon.initial = max(beacon.initial - 1, 0)
            beacon.due = now + (INITIAL_SECONDS if beacon.initial else SHORTEST + self._spread() * (LONGEST - SHORTEST))
            heapq.heappush(self._heap, (beacon.due, key))
            yield from self._told(network, beacon)

    def _told(self, network: Network, beacon: _Beacon) -> Iterator[Emission]:
        """Everybody hears who routes; before that, that who did does so no longer."""
        said = ra.advertisement(network, self._facts)
        if beacon.mac not in {None, said.mac}:
            yield from self._to_all(network, ra.ended(str(beacon.mac)).to_all())
        beacon.mac = said.mac
        yield from self._to_all(network, said.to_all())

    def _to_all(self, network: Network, frame: bytes) -> Iterator[Emission]:
        by_chassis: dict[str, list[int]] = {}
        for key in self._facts.where(Endpoint, "network", network.key):
            endpoint: Endpoint | None = self._facts.get(Endpoint, key)
            if endpoint is not None and not endpoint.of_host:
                by_chassis.setdefault(endpoint.chassis, []).append(endpoint.ofport)
        for chassis, ports in sorted(by_chassis.items()):
            for at in range(0, len(ports), PORTS_AT_ONCE):
                yield Emission(chassis, frame, ToPorts(tuple(sorted(ports)[at : at + PORTS_AT_ONCE])))
