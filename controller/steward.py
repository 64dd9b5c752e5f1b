"""The steward: what services decide is carried out here. Frames are sent, leases and duplicates kept and told of.

It also brings the services what they wait for: changes of the world, and time.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from controller.derived import Exit
from controller.entities import Neighbour, Network, Port
from controller.forwarder import Forwarder
from controller.inventory import News
from controller.services import dhcp4, dhcp6, duplicates, exhaustion, icmp, logged, names, outcome, ra, rejecting
from controller.services.beacons import Beacons
from controller.services.duplicates import Duplicates
from controller.services.exhaustion import Exhaustions
from controller.services.leases import Leases
from controller.services.outcome import (
    REASONS,
    Duplicate,
    Emission,
    Exhausted,
    Forgotten,
    Ignored,
    Learned,
    Lease,
    Logged,
    Outcome,
    Question,
    Withdrawn,
)
from controller.services.outside import Outside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from controller.core import Core
    from controller.flow.actions import Action
    from controller.services.outcome import Punt, Responder
    from controller.services.pipeline import Pipeline

TICK_SECONDS = 0.1
BREATHS = 16
_EVENTFUL = frozenset({"bound", "released", "declined"})

_log = structlog.get_logger("services")


@dataclass(frozen=True, slots=True)
class Hands:
    """What the steward acts through: a frame sent to a chassis, an event told, news written down, a task run.

    ``breathe`` lets others run, who may make room for a frame. ``logged`` is told what rules decided.
    """

    emit: Callable[[str, bytes, tuple[Action, ...]], bool]
    publish: Callable[[str, str, dict[str, object]], None]
    remember: Callable[[News], None]
    spawn: Callable[..., Any]
    breathe: Callable[[], None]
    logged: Callable[[Logged], None]


class Steward:
    """The services of all networks, and what they have said. ``clock`` gives seconds since 1970."""

    def __init__(
        self, core: Core, pipeline: Pipeline, hands: Hands, resolvers: tuple[str, ...], clock: Callable[[], float]
    ) -> None:
        self.leases = Leases()
        self.duplicates = Duplicates()
        self.exhaustions = Exhaustions()
        self.ignored: Counter[tuple[str, str]] = Counter()
        self.unsent = 0
        self.forwarder = Forwarder(resolvers, hands.spawn, self._send)
        self.clock = clock
        self._core = core
        self._facts = core.compiler.store
        self.pipeline = pipeline
        self._hands = hands
        self._outside = Outside(self._facts)
        self._beacons = Beacons(self._facts, random.random)

    def responders(self) -> Mapping[int, Responder]:
        """Who answers which reason."""
        return {
            outcome.DHCP: dhcp4.answer,
            outcome.DHCP6: dhcp6.answer,
            outcome.SOLICITATION: ra.answer,
            outcome.DNS: names.answer,
            outcome.EXPIRED: icmp.answer,
            outcome.TOO_LARGE: icmp.answer,
            outcome.UNRESOLVED: self._outside.unresolved,
            outcome.HEARD: self._outside.heard,
            outcome.PROBE: duplicates.answer,
            outcome.EXHAUSTED: exhaustion.answer,
            outcome.REJECTED: rejecting.answer,
            outcome.LOGGED: logged.answer,
        }

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """The world has changed: what is gone is forgotten, who has to be told is told."""
        now = self.clock()
        for read in changed:
            if read[0] == "get" and read[1] in {Port, Network, Exit} and self._facts.get(read[1], read[2]) is None:
                self._gone(read[1], read[2])
        self._beacons.changed(changed, now)
        self._outside.changed(changed, now)

    def _gone(self, kind: type, key: str) -> None:
        if kind is Port:
            self.leases.forget(key)
            self.duplicates.forget(key)
            return
        if kind is Exit:
            self.exhaustions.forget(key)
            return
        neighbours = self._facts.where(Neighbour, "network", key)
        if neighbours:
            self._inventory(News(deletes=[(Neighbour, each) for each in neighbours]))

    def run(self, sleep: Callable[[float], None]) -> None:
        """Do what is due, for ever."""
        while True:
            sleep(TICK_SECONDS)
            try:
                self.tick(self.clock())
            except Exception as error:  # noqa: BLE001 - our bug must not cost everybody the services
                _log.exception("bug", error=repr(error))

    def tick(self, now: float) -> None:
        """What time brings; others run meanwhile, for it may be much."""
        for each in tuple(self._outside.due(now)):
            self.carry_out(each)
        for beacon in self._beacons.due(now):
            self.carry_out(beacon)
            self._hands.breathe()

    def carry_out(self, decided: Outcome, punt: Punt | None = None) -> None:
        """Do what a service decided; ``punt`` is the packet about which it did."""
        now = self.clock()
        match decided:
            case Emission():
                self._send(decided)
            case Lease():
                self._lease(decided, now)
            case Withdrawn():
                self.leases.withdraw(decided)
            case Learned() | Forgotten():
                self._inventory(_news(decided))
            case Duplicate():
                self._duplicate(decided, now)
            case Exhausted():
                self._exhausted(decided, now)
            case Question():
                self.forwarder.ask(decided)
            case Logged():
                self._hands.logged(decided)
            case Ignored(why=why):
                self.ignored[REASONS[punt.reason - 1] if punt else "none", why] += 1

    def _send(self, emission: Emission) -> None:
        """A switch takes in less at a time than we answer: it gets turns to, but nobody waits for it for long."""
        bridge = self._core.bridges.get(emission.chassis)
        actions = self.pipeline.actions(emission.way)
        for _ in range(BREATHS if bridge and bridge.connection else 0):
            if self._hands.emit(emission.chassis, emission.frame, actions):
                return
            self._hands.breathe()
        self.unsent += 1

    def _lease(self, lease: Lease, now: float) -> None:
        """Keep it; told of when it is another than before."""
        if self.leases.put(lease, now) and lease.state in _EVENTFUL:
            detail: dict[str, object] = {"address": lease.address, "state": lease.state, "mac": lease.mac}
            detail |= {"chassis": lease.chassis, "hostname": lease.hostname}
            self._hands.publish("lease", f"Port {lease.port}", detail)

    def _inventory(self, news: News) -> None:
        """A neighbour is inventory, and remembered: flows that lead to it stay while a new daemon asks again."""
        self._core.submit(news.puts, news.deletes)
        self._hands.remember(news)

    def _exhausted(self, exhausted: Exhausted, now: float) -> None:
        if self.exhaustions.put(exhausted, now):
            _log.warning("ports_exhausted", router=exhausted.router, chassis=exhausted.chassis)
            detail: dict[str, object] = {"exhausted": "no port is left for its connections"}
            self._hands.publish("health", f"Router {exhausted.router}", detail | {"chassis": exhausted.chassis})

    def _duplicate(self, duplicate: Duplicate, now: float) -> None:
        if self.duplicates.put(duplicate, now):
            _log.warning("duplicate_address", port=duplicate.port, address=duplicate.address, mac=duplicate.mac)
            detail: dict[str, object] = {"duplicate": duplicate.address, "mac": duplicate.mac, "by": duplicate.by}
            self._hands.publish("security", f"Port {duplicate.port}", detail)


def _news(decided: Learned | Forgotten) -> News:
    """What is known of a machine outside from now on."""
    if isinstance(decided, Learned):
        return News(puts=[decided.neighbour])
    return News(deletes=[(Neighbour, decided.key)])
