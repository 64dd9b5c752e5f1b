"""The path that a question asks for, with its figures, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from controller.links import Wanted
from topology.dijkstra import mesh
from topology.reasons import in_the_way, why_not
from topology.roads import roads
from topology.solving import alternatives, solve
from topology.steps import finished

if TYPE_CHECKING:
    from collections.abc import Sequence

    from topology.map import Map
    from topology.steps import Steps
from topology.reasons import Problem

ANYHOW = Wanted()
"""Asks for nothing but to arrive."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which way from one bridge to another; ``rate`` is what it would carry, in Mbit/s (for objective load).

    ``shunned`` are names of links that are taken like drained ones: where nothing else leads on.
    """

    source: str
    target: str
    wanted: Wanted = ANYHOW
    rate: float = 0.0
    shunned: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Path:
    """Bridges in order, one of them twice only where waypoints leave no other way.

    ``latency`` in ms and ``bandwidth`` (that of the narrowest link) in Mbit/s are None where not known of every link.
    """

    bridges: tuple[str, ...]
    cost: int
    latency: float | None
    bandwidth: float | None

    @property
    def hops(self) -> int:
        """Links on it."""
        return len(self.bridges) - 1


@dataclass(frozen=True, slots=True)
class Answer:
    """The best path, or why there is none; ``gap``: by which share the best may be better, 0 where it is this."""

    path: Path | None = None
    problem: Problem | None = None
    gap: float = 0.0


def best(ground: Map, question: Question) -> Answer:
    """The best path that keeps everything asked for; of equal ones always the same."""
    return finished(seek(ground, question))


def seek(ground: Map, question: Question) -> Steps[Answer]:
    """As ``best``, in one step or more."""
    problem = in_the_way(ground, question)
    if problem is not None:
        return Answer(problem=problem)
    found = yield from solve(ground, question)
    yield
    if found.way is None:
        return Answer(problem=why_not(ground, question, found))
    return Answer(figured(ground, _named(ground, found.way)), gap=found.gap)


def bridges(ground: Map, question: Question) -> tuple[str, ...] | None:
    """The bridges of the best path; None where there is none, and nobody asks why."""
    return finished(seek_bridges(ground, question))


def seek_bridges(ground: Map, question: Question) -> Steps[tuple[str, ...] | None]:
    """As ``bridges``, in one step or more."""
    if in_the_way(ground, question) is not None:
        return None
    found = yield from solve(ground, question)
    yield
    return None if found.way is None else _named(ground, found.way)


def seek_several(ground: Map, question: Question, count: int) -> Steps[tuple[Path, ...]]:
    """Up to ``count`` paths that keep everything asked for and meet no bridge twice, the best first."""
    if in_the_way(ground, question) is not None:
        return ()
    found = yield from alternatives(ground, question, count)
    yield
    return tuple(figured(ground, _named(ground, way)) for way in found)


def weighed(ground: Map, question: Question, passed: Sequence[str]) -> int | None:
    """What a path weighs by the question, the less the better; None where it may not, or can not, be taken any more.

    Limits are not looked at.
    """
    if in_the_way(ground, question) is not None or not all(name in ground for name in passed):
        return None
    free, index = roads(ground, question), mesh(ground).index
    legs = {(at, to): weight for at, each in enumerate(free.legs) for to, weight, _ in each}
    found = [legs.get((index[one], index[other])) for one, other in pairwise(passed)]
    weights = [weight for weight in found if weight is not None]
    return sum(weights) if len(weights) == len(found) else None


def _named(ground: Map, way: Sequence[int]) -> tuple[str, ...]:
    names = mesh(ground).names
    return tuple(names[at] for at in way)


def figured(ground: Map, passed: Sequence[str]) -> Path:
    """A path with its figures; raises KeyError where two bridges are not joined."""
    edges = [ground.edge(one, other) for one, other in pairwise(passed)]
    found = [edge for edge in edges if edge is not None]
    if len(found) < len(edges):
        raise KeyError(f"no link joins all of {', '.join(passed)}")
    latencies = [edge.latency for edge in found if edge.latency is not None]
    capacities = [edge.capacity for edge in found if edge.capacity is not None]
    return Path(
        tuple(passed),
        sum(edge.cost for edge in found),
        sum(latencies) if len(latencies) == len(found) else None,
        min(capacities, default=None) if len(capacities) == len(found) else None,
    )
