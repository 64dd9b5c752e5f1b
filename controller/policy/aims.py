"""Aims: whom one side of an invariant speaks of, among ports of ours and addresses outside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from controller.entities import Port, Project
from controller.policy.differences import Ours, Strangers
from controller.policy.gates import ANYWHERE, Span, block
from controller.policy.reach import spans
from controller.policy.selecting import selects
from controller.policy.values import Block, Machines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.policy.differences import Crowd
    from controller.policy.reach import Reach


class Aim:
    """One side: machines by what they are, and anybody with certain addresses."""

    def __init__(self, ends: Iterable[Machines | Block], reach: Reach) -> None:
        ends = tuple(ends)
        self._reach = reach
        self._machines = [end for end in ends if isinstance(end, Machines)]
        self._spans = [span for end in ends if isinstance(end, Block) for span in _plain(end)]

    def among(self, crowd: Crowd) -> Crowd | None:
        """Those of a crowd that are meant, if any."""
        if isinstance(crowd, Strangers):
            shared = tuple(part for span in crowd.spans for part in self._shared(span))
            return Strangers(shared) if shared else None
        ports = tuple(port for port in crowd.ports if next(self._addresses(crowd.identity, port), None) is not None)
        return Ours(crowd.identity, ports) if ports else None

    def everybody(self) -> list[Crowd]:
        """All that are meant."""
        crowds: list[Crowd] = [Strangers(ANYWHERE)]
        for key in sorted(key for keys in self._reach.population().realms.values() for key in keys):
            identity = self._reach.identity(key)
            crowds += [Ours(key, self._reach.members(identity))] if identity is not None else []
        return [meant for crowd in crowds if (meant := self.among(crowd)) is not None]

    def addresses(self, crowd: Crowd) -> Iterator[tuple[str | None, Span]]:
        """Who of a crowd is meant with which addresses."""
        if isinstance(crowd, Strangers):
            yield from ((None, part) for span in crowd.spans for part in self._shared(span))
            return
        for port in crowd.ports:
            yield from ((port, span) for span in self._addresses(crowd.identity, port))

    def _addresses(self, identity: str, key: str) -> Iterator[Span]:
        port = self._reach.reading.get(Port, key)
        if port is None:
            return
        if any(self._is(machines, identity, key) for machines in self._machines):
            yield from (span for span, _ in spans(port, "egress"))
        elif self._spans:
            yield from (part for span, _ in spans(port, "egress") for part in self._shared(span))

    def _is(self, machines: Machines, identity: str, port: str) -> bool:
        """Whether a selector means a port; it may name one that no policy tells apart from its like."""
        if machines.ports and port not in machines.ports:
            return False
        one = self._reach.identity(identity)
        project = self._reach.reading.get(Project, one.project) if one is not None else None
        return one is not None and project is not None and selects(replace(machines, ports=()), one, project.labels)

    def _shared(self, span: Span) -> list[Span]:
        return [part for own in self._spans if (part := span.shared(own)) is not None]


def _plain(given: Block) -> list[Span]:
    """A block without its exceptions."""
    left = [block(given.cidr)]
    for hole in map(block, given.excepts):
        left = [part for span in left for part in _without(span, hole)]
    return left


def _without(span: Span, hole: Span) -> list[Span]:
    if span.shared(hole) is None:
        return [span]
    parts = (Span(span.family, span.first, hole.first - 1), Span(span.family, hole.last + 1, span.last))
    return [part for part in parts if part.first <= part.last]
