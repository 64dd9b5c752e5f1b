"""Outside: the MACs of machines on the segments that routers leave by, asked for, kept, and asked for again.

A router asks by its seat; what nobody asked for is not believed. Packets wait a moment for the answer, and where none
comes their senders are told. Where a router, a floating IP or a bridged port moves to another chassis, it says so on
the segment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from controller.addresses import text, within
from controller.derived import Endpoint, Exit, Floating
from controller.entities import Neighbour, Network, Port
from controller.services import frames, icmp, questions
from controller.services.outcome import Duplicate, Emission, Forgotten, Ignored, Learned, Resumed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.services.outcome import Facts, Outcome, Punt

PATIENCE = 3.0
"""Seconds after which who does not answer is not there."""
AGAIN = 1.0
EVERY = 30.0
MISSES = 3
MOST_WAITING, MOST_HELD = 1024, 3
ANNOUNCED = (0.0, 0.2, 1.0, 2.0)
"""Seconds after a move at which it is told: neighbours may miss one, and the flows may yet be on their way."""

_MOVING: dict[str, type] = {kind.__name__: kind for kind in (Exit, Floating, Endpoint)}

Place = tuple[str, str]
"""An external network's key and an address there."""


@dataclass(slots=True)
class _Asked:
    """An address that is asked for: since when, when last, and the packets that wait for it."""

    since: float
    last: float
    held: list[Punt] = field(default_factory=list)


class Outside:
    """What is asked, known and to be told of machines outside; time is an argument."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._asked: dict[Place, _Asked] = {}
        self._misses: dict[Place, int] = {}
        self._seats: dict[str, str] = {}
        self._announcements: list[tuple[float, str]] = []
        self._round = 0.0

    def unresolved(self, punt: Punt, facts: Facts, now: float) -> Iterator[Outcome]:
        """A packet whose next hop has no MAC: ask outside for it; inside there is none."""
        leaving = self._exit(punt)
        ether = frames.ethernet(punt.frame)
        if leaving is None or ether is None or not punt.next_hop:
            yield from icmp.answer(punt, facts, now)
            return
        octets = punt.next_hop.to_bytes(16, "big")
        place = (leaving.network, text(octets[-4:] if ether.kind == frames.ETH_IP else octets))
        asked = self._asked.get(place)
        if asked is None:
            if len(self._asked) >= MOST_WAITING:
                yield Ignored("unserved")
                return
            asked = self._asked[place] = _Asked(now, now - AGAIN)
        asked.held = [*asked.held, punt][-MOST_HELD:]
        if now - asked.last >= AGAIN:
            asked.last = now
            yield from questions.ask(leaving, place[1])

    def _exit(self, punt: Punt) -> Exit | None:
        """The exit that the packet was to leave by; None where it was for a network inside."""
        for key in sorted(self._facts.where(Exit, "number", punt.router)):
            leaving: Exit | None = self._facts.get(Exit, key)
            if leaving is not None and leaving.network and leaving.vni == punt.network:
                return leaving
        return None

    def heard(self, punt: Punt, facts: Facts, _now: float) -> Iterator[Outcome]:
        """A machine outside tells its MAC, or looks whether an address is free."""
        told = questions.told(punt.frame)
        found = told or questions.sought(punt.frame)
        network = _network(self._facts, punt.network)
        if found is None or network is None or frames.is_group(found[1]):
            yield Ignored("malformed")
            return
        address, mac = found
        owners = facts.where(Endpoint, "address", (network.key, address))
        if owners:
            port: Endpoint | None = facts.get(Endpoint, min(owners))
            if port is not None and mac not in {port.mac, *(pair.mac for pair in port.allowed_pairs)}:
                yield Duplicate(port.key, address, mac, f"segment {network.physical_network}")
        elif told:
            yield from self._answered((network.key, address), mac, network)
        else:
            yield Ignored("unserved")

    def _answered(self, place: Place, mac: str, network: Network) -> Iterator[Outcome]:
        """Believed where it was asked for; what waited goes on."""
        key = "|".join(place)
        standing: Neighbour | None = self._facts.get(Neighbour, key)
        asked = self._asked.pop(place, None)
        inside = any(within(place[1], subnet.cidr) for subnet in network.subnets)
        if (asked is None and standing is None) or not inside:
            yield Ignored("unserved")
            return
        self._misses.pop(place, None)
        if standing is None or standing.mac != mac:
            yield Learned(Neighbour(key, place[0], place[1], mac))
        for punt in asked.held if asked else ():
            frame = frames.mac_bytes(mac) + punt.frame[6:]
            yield Emission(punt.chassis, frame, Resumed(punt.registers, resolved=True))

    def changed(self, reads: Iterable[tuple[Any, ...]], now: float) -> None:
        """The compiler's entities changed: who moved announces itself, next hops are asked for at once."""
        for read in reads:
            if read[0] == "get" and read[1] is Endpoint:
                self._plugged(read[2], now)
            if read[0] != "get" or read[1] not in {Exit, Floating}:
                continue
            found = self._facts.get(read[1], read[2])
            name = f"{read[1].__name__} {read[2]}"
            seat = None if found is None else found.seat if isinstance(found, Exit) else found.chassis
            if seat is None:
                self._seats.pop(name, None)
            elif self._seats.get(name) != seat:
                self._seats[name] = seat
                self._announcements += [(now + after, name) for after in ANNOUNCED]
                self._round = min(self._round, now)

    def _plugged(self, key: str, now: float) -> None:
        """A machine that moves says nothing by itself: the segment's switches would look for it where it was."""
        name, found = f"{Endpoint.__name__} {key}", self._facts.get(Endpoint, key)
        if found is None and self._facts.get(Port, key) is None:
            self._seats.pop(name, None)
        if found is None or found.mode != "bridged":
            return
        before = self._seats.get(name)
        self._seats[name] = found.chassis
        if before not in {None, found.chassis}:
            self._announcements += [(now + after, name) for after in ANNOUNCED]

    def due(self, now: float) -> Iterator[Outcome]:
        """What time brings: announcements, the next round of questions, the end of patience."""
        names = dict.fromkeys(name for when, name in self._announcements if when <= now)
        self._announcements = [each for each in self._announcements if each[0] > now]
        for name in names:
            yield from self._announce(name)
        for place, asked in list(self._asked.items()):
            if now - asked.since > PATIENCE:
                del self._asked[place]
                yield from self._unanswered(place, asked, now)
        if now >= self._round:
            self._round = now + EVERY
            yield from self._ask_all(now)

    def _announce(self, name: str) -> Iterator[Outcome]:
        kind, _, key = name.partition(" ")
        moved = self._facts.get(_MOVING[kind], key)
        if isinstance(moved, Exit) and moved.network and moved.seat:
            for address in moved.addresses:
                yield questions.announcement(moved.seat, moved.vni, moved.mac, address)
        elif isinstance(moved, Floating):
            yield questions.announcement(moved.chassis, moved.vni, moved.mac, moved.address)
        elif isinstance(moved, Endpoint):
            for address in (*moved.ipv4, *moved.ipv6):
                yield questions.announcement(moved.chassis, moved.vni, moved.mac, address, routes=False)

    def _unanswered(self, place: Place, asked: _Asked, now: float) -> Iterator[Outcome]:
        """Nobody is there: who waits is told, and after a few rounds what was known is forgotten."""
        for punt in asked.held:
            yield from icmp.answer(punt, self._facts, now)
        misses = self._misses[place] = self._misses.get(place, 0) + 1
        known = self._facts.get(Neighbour, "|".join(place)) is not None
        if not known or misses < MISSES:
            return
        del self._misses[place]
        if place[1] not in {hop for leaving in self._exits() for hop in leaving.next_hops}:
            yield Forgotten("|".join(place))

    def _ask_all(self, now: float) -> Iterator[Outcome]:
        """Every gateway outside, and every machine that is known there."""
        for leaving in self._exits():
            known = self._facts.where(Neighbour, "network", leaving.network)
            addresses = (*leaving.next_hops, *(key.partition("|")[2] for key in sorted(known)))
            for address in dict.fromkeys(addresses):
                place = (leaving.network, address)
                if place not in self._asked and len(self._asked) < MOST_WAITING:
                    self._asked[place] = _Asked(now, now)
                    yield from questions.ask(leaving, address)

    def _exits(self) -> list[Exit]:
        """The exits that are on a segment now."""
        keys = sorted(name.partition(" ")[2] for name in self._seats if name.startswith(Exit.__name__))
        found = (self._facts.get(Exit, key) for key in keys)
        return [leaving for leaving in found if leaving is not None and leaving.network and leaving.seat]


def _network(facts: Facts, vni: int) -> Network | None:
    found = (facts.get(Network, key) for key in facts.where(Network, "vni", vni))
    return next((network for network in found if network is not None), None)
