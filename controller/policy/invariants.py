"""Invariants: what must stay true of who reaches whom, and the packet that shows that it would not.

An invariant is looked at where a change makes a difference, and as a whole when it is new or when whom it speaks of may
be others.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING

from controller.entities import Port, Project
from controller.policy.aims import Aim
from controller.policy.differences import Ours, Strangers
from controller.policy.gates import FAMILIES
from controller.policy.reach import strangers
from controller.policy.services import NOTHING, services_of
from controller.policy.values import ICMP, ICMPV6, TCP, UDP, WITH_PORTS, Invariant
from controller.policy.verdict import Conversation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from controller.policy.differences import Crowd, Difference
    from controller.policy.gates import Span
    from controller.policy.reach import Passage, Reach
    from controller.policy.services import Services

_FAMILY_OF = {ICMP: 4, ICMPV6: 6}
_UNUSUAL = 253
"""A protocol for experiments (RFC 3692): of sets that hold all protocols but some."""
_EPHEMERAL, _FIRST_PORT = 49152, 1
_TRIES = 10_000


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that would not hold, and a packet that shows it: one that passes, or one that does not."""

    invariant: Invariant
    packet: Conversation


class Invariants:
    """The invariants of a store as it would be. ``spend`` is called for each comparison, and may raise to end it."""

    def __init__(self, after: Reach, spend: Callable[[], None]) -> None:
        self._after, self._spend = after, spend
        keys = sorted(after.reading.keys(Invariant))
        standing = [one for key in keys if (one := after.reading.get(Invariant, key)) is not None]
        self._judges = [_Judge(one, after) for one in standing]

    def broken(self, changed: Collection[tuple[object, ...]], differences: Iterable[Difference]) -> Iterator[Broken]:
        """Those that a change breaks, each once."""
        kinds = {read[1] for read in changed if read[0] == "get"}
        waiting: list[_Judge] = []
        for judge in self._judges:
            one = judge.invariant
            if ("get", Invariant, one.key) in changed or Project in kinds or (one.reachable and Port in kinds):
                yield from islice(self._whole(judge), 1)
            else:
                waiting.append(judge)
        for difference in differences if waiting else ():
            for judge in list(waiting):
                packet = judge.shown(difference.sources, difference.targets, difference.after)
                if packet is not None:
                    waiting.remove(judge)
                    yield Broken(judge.invariant, packet)

    def _whole(self, judge: _Judge) -> Iterator[Broken]:
        """Everybody that it speaks of, on either side."""
        for source, target in product(judge.sources.everybody(), judge.targets.everybody()):
            self._spend()
            for sources, targets, passage in _between(self._after, source, target):
                packet = judge.shown(sources, targets, passage)
                if packet is not None:
                    yield Broken(judge.invariant, packet)


class _Judge:
    """One invariant."""

    def __init__(self, invariant: Invariant, after: Reach) -> None:
        self.invariant = invariant
        self.sources, self.targets = Aim(invariant.sources, after), Aim(invariant.targets, after)
        self._wanted = services_of(invariant.services)
        self._after = after

    def shown(self, source: Crowd, target: Crowd, passage: Passage) -> Conversation | None:
        """A packet that breaks it, of those between two crowds between whom these services pass over either IP.

        Where ports have several addresses of which only some are meant, one is looked for among those; if there are
        too many to look through, the first one stands for all.
        """
        suspects = {family: self._suspects(services) for family, services in zip(FAMILIES, passage, strict=True)}
        anything = any(suspects.values())
        sources, targets = (self.sources.among(source), self.targets.among(target)) if anything else (None, None)
        if sources is None or targets is None:
            return None
        first: Conversation | None = None
        ends = product(self.sources.addresses(sources), self.targets.addresses(targets))
        for tried, ((sender, start), (receiver, end)) in enumerate(ends):
            same = sender == receiver and sender is not None
            if same or start.family != end.family or not suspects[start.family]:
                continue
            exactly = self._suspects(self._after.passing((sender, start), (receiver, end)))
            found = _packet(exactly, (sender, start), (receiver, end))
            if found is not None:
                return found
            first = first or _packet(suspects[start.family], (sender, start), (receiver, end))
            if tried > _TRIES:
                return first
        return None

    def _suspects(self, services: Services) -> Services:
        """What passes and must not, or does not and must."""
        return self._wanted - services if self.invariant.reachable else self._wanted & services


def _between(reach: Reach, source: Crowd, target: Crowd) -> Iterator[tuple[Crowd, Crowd, Passage]]:
    """What passes from one crowd to another, part by part; strangers among themselves are nobody's concern."""
    match source, target:
        case Ours() as one, Ours() as other:
            yield from _among_ours(reach, one, other)
        case Ours(key), Strangers():
            yield from ((source, Strangers((span,)), (all_, all_)) for span, all_ in strangers(reach, key, "egress"))
        case Strangers(), Ours(key):
            yield from ((Strangers((span,)), target, (all_, all_)) for span, all_ in strangers(reach, key, "ingress"))


def _among_ours(reach: Reach, source: Ours, target: Ours) -> Iterator[tuple[Crowd, Crowd, Passage]]:
    one, other = reach.identity(source.identity), reach.identity(target.identity)
    if one is None or other is None:
        return
    if reach.realm(one) != reach.realm(other):
        yield source, target, (NOTHING, NOTHING)
    for pairing in reach.between(one, other):
        ends = _part(source, pairing.sources), _part(target, pairing.targets)
        if ends[0].ports and ends[1].ports:
            yield *ends, pairing.passage


def _part(crowd: Ours, ports: tuple[str, ...]) -> Ours:
    return Ours(crowd.identity, tuple(sorted(set(ports).intersection(crowd.ports))))


def _packet(
    services: Services, source: tuple[str | None, Span], target: tuple[str | None, Span]
) -> Conversation | None:
    """The first packet of a set that can be between two addresses."""
    family = source[1].family
    for protocol, source_port, target_port in _samples(services):
        if _FAMILY_OF.get(protocol, family) == family:
            ends = [str(span.ends[0]) for _, span in (source, target)]
            return Conversation(source[0], target[0], ends[0], ends[1], protocol, source_port, target_port)
    return None


def _samples(services: Services) -> Iterator[tuple[int, int, int]]:
    """A packet of each protocol of a set: protocol, source and destination port."""
    numbers = (TCP, UDP, *(number for number, _ in services.protocols), _UNUSUAL)
    for protocol in dict.fromkeys(numbers):
        for first, last, sources in services.of(protocol)[:1]:
            if protocol in WITH_PORTS:
                yield protocol, max(sources[0][0], min(sources[0][1], _EPHEMERAL)), first or min(last, _FIRST_PORT)
            else:
                yield protocol, 0, first
