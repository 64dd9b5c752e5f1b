"""Reach: which services who may begin to ask of whom, exactly, for ports of ours and for addresses outside.

What a port sends has to pass what guards its sender, then what guards its receiver. Ports meet only in one realm: on
one network, or on networks that routers join.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from controller.derived import Exit, Realm
from controller.entities import Network, Port
from controller.policy.derived import Identity, Member
from controller.policy.gates import ANYWHERE, FAMILIES, Span, address, block
from controller.policy.services import EVERYTHING, NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.past import Reading
    from controller.policy.gates import Gate, Gates
    from controller.policy.services import Services
    from controller.policy.values import Direction

Passage = tuple["Services", "Services"]
"""What passes over IPv4 and over IPv6; nothing where one has no address of that family."""
Places = tuple[tuple[Span, bool], ...]
"""Addresses, each with whether it is known whose they are."""
Crowds = dict[Passage, tuple[str, ...]]
"""Ports (their keys) by what passes between them and a gate."""
_OPEN_MODES = frozenset(("bridged", "nat", "host-only"))


@dataclass(frozen=True, slots=True)
class Pairing:
    """Ports of which each may begin the same with each of the others: what ``passage`` says."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    passage: Passage


@dataclass(slots=True)
class _Population:
    """All identities of a store: by number, and by realm."""

    numbers: dict[int, str] = field(default_factory=dict)
    realms: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


class Reach:
    """Who reaches whom in a store that does not change meanwhile."""

    def __init__(self, reading: Reading, gates: Gates) -> None:
        self.reading = reading
        self._gates = gates
        self._gate: dict[tuple[str, Direction], Gate] = {}
        self._crowds: dict[tuple[Gate, str, Direction], Crowds] = {}
        self._placed: dict[tuple[str, Direction, bool], dict[Places, list[str]]] = {}
        self._population: _Population | None = None

    def gate(self, identity: Identity, direction: Direction) -> Gate:
        """What guards ports of an identity."""
        found = self._gate.get((identity.key, direction))
        if found is None:
            found = self._gate[identity.key, direction] = self._gates.of(self.reading, identity, direction)
        return found

    def identity(self, key: str) -> Identity | None:
        """An identity by its key."""
        found: Identity | None = self.reading.get(Identity, key)
        return found

    def identity_of(self, port: str) -> Identity | None:
        """The identity of a port."""
        member = self.reading.get(Member, port)
        return self.identity(member.identity) if member is not None else None

    def population(self) -> _Population:
        """All identities, looked through once."""
        if self._population is None:
            self._population = _Population()
            for key in self.reading.keys(Identity):
                one = self.reading.get(Identity, key)
                if one is not None:
                    self._population.numbers[one.number] = key
                    self._population.realms[self.realm(one)].append(key)
        return self._population

    def realm(self, identity: Identity) -> str:
        """Where ports of an identity meet others; their network's own key where nothing is known of it."""
        found = self.reading.get(Realm, identity.network)
        return found.realm if found is not None else identity.network

    def opens(self, identity: Identity) -> bool:
        """Whether packets come to its ports from outside, or leave."""
        network = self.reading.get(Network, identity.network)
        if network is not None and network.mode in _OPEN_MODES:
            return True
        return bool(self.reading.where(Exit, "realm", self.realm(identity)))

    def members(self, identity: Identity) -> tuple[str, ...]:
        """The keys of its ports."""
        return self.reading.where(Member, "identity", identity.key)

    def between(self, source: Identity, target: Identity) -> list[Pairing]:
        """What ports of one identity may begin with ports of another; with themselves nobody does."""
        if self.realm(source) != self.realm(target):
            return []
        leaving = self.crowds(self.gate(source, "egress"), target, "egress")
        coming = self.crowds(self.gate(target, "ingress"), source, "ingress")
        return [
            Pairing(sources, targets, (inward[0] & outward[0], inward[1] & outward[1]))
            for inward, sources in coming.items()
            for outward, targets in leaving.items()
            if len(sources) > 1 or sources != targets
        ]

    def passing(self, source: tuple[str | None, Span], target: tuple[str | None, Span]) -> Services:
        """What one may begin with another, each a port or None for a stranger, with some of its addresses."""
        sender, receiver = (self.identity_of(port) if port is not None else None for port, _ in (source, target))
        if sender is not None and receiver is not None and self.realm(sender) != self.realm(receiver):
            return NOTHING
        found = EVERYTHING
        if sender is not None:
            found &= _towards(self.gate(sender, "egress"), receiver, target[1])
        if receiver is not None:
            found &= _towards(self.gate(receiver, "ingress"), sender, source[1])
        return found

    def crowds(self, gate: Gate, peers: Identity, direction: Direction) -> Crowds:
        """The ports of an identity by what a gate lets them send (ingress), or be sent (egress)."""
        found = self._crowds.get((gate, peers.key, direction))
        if found is None:
            grouped: dict[Passage, list[str]] = defaultdict(list)
            for places, keys in self._places(peers, direction, exactly=gate.by_address).items():
                grouped[_passage(gate, peers.number, places)] += keys
            found = {passage: tuple(sorted(keys)) for passage, keys in grouped.items()}
            self._crowds[gate, peers.key, direction] = found
        return found

    def _places(self, peers: Identity, direction: Direction, *, exactly: bool) -> dict[Places, list[str]]:
        """The ports of an identity by where they send from, or are sent to; if not exactly, only by families."""
        found = self._placed.get((peers.key, direction, exactly))
        if found is None:
            found = self._placed[peers.key, direction, exactly] = defaultdict(list)
            for key in self.members(peers):
                port = self.reading.get(Port, key)
                places = tuple(spans(port, direction)) if port is not None else ()
                if not exactly:
                    places = tuple(dict.fromkeys((ANYWHERE[_place(span)], known) for span, known in places))
                if port is not None:
                    found[places].append(key)
        return found


def by_both(reading: Reading, *identities: Identity | None) -> bool:
    """Whether the networks that ports of these are on have both IP versions."""
    networks = [reading.get(Network, one.network) if one is not None else None for one in identities]
    return all(one is not None and len({block(subnet.cidr).family for subnet in one.subnets}) > 1 for one in networks)


def _towards(gate: Gate, peer: Identity | None, span: Span) -> Services:
    """What a gate lets through, about a peer with any of these addresses."""
    number = peer.number if peer is not None else 0
    return reduce(or_, (gate.lets(gate.sort(number, part)) for part in gate.parts(span)))


def _passage(gate: Gate, number: int, places: Places) -> Passage:
    found = [NOTHING, NOTHING]
    for span, known in places:
        for part in gate.parts(span):
            found[_place(span)] |= gate.lets(gate.sort(number if known else 0, part))
    return found[0], found[1]


def _place(span: Span) -> int:
    """The place of a family in a passage."""
    return FAMILIES.index(span.family)


def spans(port: Port, direction: Direction) -> Iterator[tuple[Span, bool]]:
    """The addresses that a port sends from (ingress of others) or is sent to, each with whether it is known by them.

    Who sends is known by where it is plugged in, whatever it sends from; who is sent to, by the address.
    """
    sends = direction == "ingress"
    if sends and not port.port_security:
        yield from ((span, True) for span in ANYWHERE)
        return
    for text in port.addresses:
        yield address(text), True
    for pair in port.allowed_pairs:
        span = block(pair.address)
        yield span, sends or span.first == span.last


def outside(gate: Gate) -> Iterator[tuple[Span, Services]]:
    """What a gate lets through of, or to, whom we do not know, by address; neighbours differ."""
    for whole in ANYWHERE:
        begun, standing = whole.first, NOTHING
        for number, part in enumerate(gate.parts(whole)):
            services = gate.lets(gate.sort(0, part))
            if number and services != standing:
                yield Span(whole.family, begun, part.first - 1), standing
                begun = part.first
            standing = services
        yield Span(whole.family, begun, whole.last), standing


def strangers(reach: Reach, key: str, direction: Direction) -> list[tuple[Span, Services]]:
    """The same of, or to, ports of an identity (its key); nothing where it is not known or nobody comes or leaves."""
    identity = reach.identity(key)
    if identity is None or not reach.opens(identity):
        return []
    return list(outside(reach.gate(identity, direction)))


def overlaid(
    before: list[tuple[Span, Services]], after: list[tuple[Span, Services]]
) -> Iterator[tuple[Span, Services, Services]]:
    """Both, cut where either is cut; where one says nothing at all, nothing passes. Else each is of all addresses."""
    if not before or not after:
        yield from ((span, NOTHING, services) for span, services in after)
        yield from ((span, services, NOTHING) for span, services in before)
        return
    place = 0
    for old, was in before:
        while place < len(after) and (part := old.shared(after[place][0])) is not None:
            yield part, was, after[place][1]
            if part.last < after[place][0].last:
                break
            place += 1
