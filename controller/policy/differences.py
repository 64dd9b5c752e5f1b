"""Differences: who may begin more or less with whom after a change, from what the change touched.

Nobody is compared whom the change cannot concern: a gate that came out the same, peers about whom a changed gate says
the same as before, ports in other realms.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from controller.derived import Exit, Realm
from controller.entities import Network, Port
from controller.policy.derived import Guard, Identity, Member, Placement, Posture, Rank
from controller.policy.gates import Span
from controller.policy.reach import Pairing, overlaid, strangers
from controller.policy.services import NOTHING
from controller.policy.values import DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from controller.policy.reach import Passage, Reach
    from controller.policy.services import Services
    from controller.policy.values import Direction


@dataclass(frozen=True, slots=True)
class Ours:
    """Ports (their keys) of one identity (its key)."""

    identity: str
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Strangers:
    """Whoever has these addresses and is none of ours."""

    spans: tuple[Span, ...]


Crowd = Ours | Strangers


@dataclass(frozen=True, slots=True)
class Difference:
    """What each of some may begin with each of others, before and after."""

    sources: Crowd
    targets: Crowd
    before: Passage
    after: Passage


class Slot(NamedTuple):
    """Ports that were of one identity and are of another, or of the same; "" where there were, or are, none."""

    before: str
    after: str
    ports: tuple[str, ...]

    @property
    def crowd(self) -> str:
        """The identity by which they are told."""
        return self.after or self.before


class Differences:
    """One change, looked at from both ends. ``spend`` is called for each comparison, and may raise to end it all."""

    def __init__(
        self, before: Reach, after: Reach, changed: Iterable[tuple[object, ...]], spend: Callable[[], None]
    ) -> None:
        self._before, self._after = before, after
        self._spend = spend
        self._touched = _Touched(before, after, changed)
        self._slots: dict[str, list[Slot]] = {}

    def found(self) -> Iterator[Difference]:
        """Every pair of crowds for whom the change makes a difference, or who are not what they were themselves."""
        done: set[tuple[Slot, Slot]] = set()
        for direction in DIRECTIONS:
            for slot in self._concerned(direction):
                for peer in self._peers(slot, direction):
                    pair = (peer, slot) if direction == "ingress" else (slot, peer)
                    if pair not in done:
                        done.add(pair)
                        yield from self._pair(*pair)
                yield from self._strangers(slot, direction)

    def _concerned(self, direction: Direction) -> list[Slot]:
        """Whose gate is another, or who are new, gone or moved themselves."""
        whole = [slot for key in sorted(self._touched.postures[direction]) for slot in self._slots_of(key)]
        return list(dict.fromkeys([*self._touched.moved(), *whole]))

    def _slots_of(self, key: str) -> list[Slot]:
        """Those ports of an identity that stay what they are, and those that do not."""
        found = self._slots.get(key)
        if found is None:
            stayed = [port for port in _members(self._after, key) if port not in self._touched.ports]
            slots = [Slot(key, key, tuple(sorted(stayed)))] if stayed else []
            found = self._slots[key] = slots + [slot for slot in self._touched.moved() if key in slot[:2]]
        return found

    def _peers(self, slot: Slot, direction: Direction) -> Iterator[Slot]:
        before, after = (reach.identity(key) for reach, key in self._sides(slot))
        keys: Collection[str] | None = None
        if before is not None and after is not None and slot.before == slot.after and not self._moves(slot):
            keys = self._mentioned(before, after, direction)
        if keys is None:
            realms = {
                (reach, reach.realm(one))
                for reach, one in ((self._before, before), (self._after, after))
                if one is not None
            }
            keys = {key for reach, realm in realms for key in reach.population().realms.get(realm, ())}
        for key in sorted(keys):
            yield from self._slots_of(key)

    def _moves(self, slot: Slot) -> bool:
        return slot.ports[0] in self._touched.ports

    def _mentioned(self, before: Identity, after: Identity, direction: Direction) -> Collection[str] | None:
        """The identities about whom two gates do not say the same; None where that goes by addresses, or is most."""
        old, new = self._before.gate(before, direction), self._after.gate(after, direction)
        if old is new:
            return ()
        if old.by_address or new.by_address:
            return None
        if old.lets(old.sort(-1, None)) != new.lets(new.sort(-1, None)):
            return None
        numbers = {*old.identities, *new.identities}
        other = {number for number in numbers if old.lets(old.sort(number, None)) != new.lets(new.sort(number, None))}
        names = (self._before.population().numbers, self._after.population().numbers)
        return {numbers_[number] for numbers_ in names for number in other if number in numbers_}

    def _sides(self, slot: Slot) -> tuple[tuple[Reach, str], tuple[Reach, str]]:
        return (self._before, slot.before), (self._after, slot.after)

    def _pair(self, source: Slot, target: Slot) -> Iterator[Difference]:
        self._spend()
        before = _between(self._before, source.before, target.before)
        after = _between(self._after, source.after, target.after)
        for pairing in _refined(before, after, source.ports, target.ports):
            if pairing.before != pairing.after or self._moves(source) or self._moves(target):
                ends = Ours(source.crowd, pairing.sources), Ours(target.crowd, pairing.targets)
                yield Difference(*ends, pairing.before, pairing.after)

    def _strangers(self, slot: Slot, direction: Direction) -> Iterator[Difference]:
        """The same with who is none of ours."""
        self._spend()
        sides = [strangers(reach, key, direction) for reach, key in self._sides(slot)]
        by_services: dict[tuple[Services, Services], list[Span]] = defaultdict(list)
        for span, before, after in overlaid(*sides):
            if before != after or self._moves(slot):
                by_services[before, after].append(span)
        ours: Crowd = Ours(slot.crowd, slot.ports)
        for (before, after), spans in by_services.items():
            others: Crowd = Strangers(tuple(spans))
            source, target = (others, ours) if direction == "ingress" else (ours, others)
            yield Difference(source, target, (before, before), (after, after))


class _Touched:
    """What a change touched: ports, and identities whose gate in a direction may be another."""

    def __init__(self, before: Reach, after: Reach, changed: Iterable[tuple[object, ...]]) -> None:
        self._before, self._after = before, after
        self.ports: set[str] = set()
        self.postures: dict[Direction, set[str]] = {direction: set() for direction in DIRECTIONS}
        self._guards: set[str] = set()
        self._moved: list[Slot] | None = None
        for read in changed:
            if read[0] == "get":
                self._take(read[1], str(read[2]))
        for guard in self._guards:
            self._guarded(guard)

    def _take(self, kind: object, key: str) -> None:
        if kind is Member or kind is Port:
            self.ports.add(key)
        elif kind is Posture:
            self._posture(key)
        elif kind is Guard:
            self._guards.add(key)
        elif kind is Rank:
            self._guards.add(key.split("|")[1])
        elif kind is Placement:
            self._guards.add(key.split("|")[3])
        elif kind in {Identity, Realm, Network, Exit}:
            self._all(kind, key)

    def _posture(self, key: str) -> None:
        identity, _, direction = key.rpartition("|")
        self.postures["ingress" if direction == "ingress" else "egress"].add(identity)

    def _guarded(self, guard: str) -> None:
        for reach in (self._before, self._after):
            for key in reach.reading.where(Posture, "guard", guard):
                self._posture(key)

    def _all(self, kind: object, key: str) -> None:
        """Ports whose identity is known no more or numbered anew, whose network is joined to others or opened."""
        for reach in (self._before, self._after):
            if kind is Identity:
                identities = [key] if _other_number(self._before, self._after, key) else []
            elif kind is Exit:
                leaving = reach.reading.get(Exit, key)
                realm = leaving.realm if leaving is not None else ""
                identities = reach.population().realms.get(realm, [])
            else:
                identities = list(reach.reading.where(Identity, "trait", ("network", key)))
            for identity in identities:
                self.ports.update(_members(reach, identity))

    def moved(self) -> list[Slot]:
        """The ports that were touched themselves, by what they were and are."""
        if self._moved is None:
            grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
            for port in sorted(self.ports):
                ends = (_identity_of(self._before, port), _identity_of(self._after, port))
                if any(ends):
                    grouped[ends].append(port)
            self._moved = [Slot(*ends, tuple(ports)) for ends, ports in grouped.items()]
        return self._moved


class _Compared(NamedTuple):
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    before: Passage
    after: Passage


def _other_number(before: Reach, after: Reach, key: str) -> bool:
    one, other = before.identity(key), after.identity(key)
    return (one and one.number) != (other and other.number)


def _identity_of(reach: Reach, port: str) -> str:
    member = reach.reading.get(Member, port)
    return member.identity if member is not None and reach.identity(member.identity) is not None else ""


def _members(reach: Reach, key: str) -> tuple[str, ...]:
    identity = reach.identity(key)
    return reach.members(identity) if identity is not None else ()


def _between(reach: Reach, source: str, target: str) -> list[Pairing]:
    one, other = reach.identity(source), reach.identity(target)
    return reach.between(one, other) if one is not None and other is not None else []


def _refined(
    before: list[Pairing], after: list[Pairing], sources: tuple[str, ...], targets: tuple[str, ...]
) -> Iterator[_Compared]:
    """Both lists over these ports only, cut so that each part is in one pairing of either."""
    ours, theirs = frozenset(sources), frozenset(targets)
    nothing = Pairing(sources, targets, (NOTHING, NOTHING))
    for old in before or [nothing]:
        for new in after or [nothing]:
            starts = _common(ours, old.sources, new.sources)
            ends = _common(theirs, old.targets, new.targets)
            if starts and ends and (len(starts) > 1 or starts != ends):
                yield _Compared(starts, ends, old.passage, new.passage)


def _common(all_: frozenset[str], one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    if one == other and len(one) == len(all_):
        return one
    return tuple(sorted(all_.intersection(one).intersection(other)))
