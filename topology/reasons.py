"""Why there is no such path, in a sentence that says what would have to be otherwise."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from controller.links import Wanted
from topology.dijkstra import NS, mesh
from topology.roads import avoids
from topology.solving import solve
from topology.steps import finished

if TYPE_CHECKING:
    from topology.map import Map, Site
    from topology.paths import Question
    from topology.solving import Solved

NEVER = 1e12
"""ms that no path takes: a limit that asks only that latencies are known."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What stands against a path: a word for programs and a sentence for people."""

    reason: str
    message: str


def in_the_way(ground: Map, question: Question) -> Problem | None:
    """What is wrong with the question itself, on this map."""
    unknown = [name for name in question.wanted.via if name not in ground]
    if unknown:
        return Problem("UnknownBridge", f"via names {' and '.join(unknown)}, and no such bridge is known")
    for name in (question.source, question.target):
        if name not in ground:
            return Problem("NotConnected", f"no link to {name} is known")
    for name in (question.source, *question.wanted.via, question.target):
        if avoids(question.wanted, ground.site(name)):
            return Problem("Contradiction", f"the path has to meet {name}, which {_why(question.wanted, name, ground)}")
    return None


def _why(wanted: Wanted, name: str, ground: Map) -> str:
    if name in wanted.avoid_bridges:
        return "it has to avoid"
    return f"has {_labels(ground.site(name), wanted)}, which it has to avoid"


def _labels(site: Site, wanted: Wanted) -> str:
    return ", ".join(f"{key}={value}" for key, value in site.labels if (key, value) in wanted.avoid_labels)


def why_not(ground: Map, question: Question, found: Solved) -> Problem:
    """Why nothing was found for a question with which nothing is wrong: asked for less at a time, until there is."""
    wanted = question.wanted
    ends = f"from {question.source} to {question.target}"
    way = f"{ends} by {', '.join(wanted.via)}" if wanted.via else ends
    if found.gap:
        return Problem("NotFound", f"no path {way} within all limits was found in the time that a search may take")
    free = replace(wanted, max_latency=None, max_hops=None, min_bandwidth=None, objective="hops")
    if _solved(ground, question, free) is None:
        bare = Wanted(via=wanted.via)
        if _solved(ground, question, bare) is None:
            return Problem("NotConnected", f"no links lead {way}")
        return Problem("Avoided", f"every path {way} passes something that is to be avoided")
    if wanted.min_bandwidth is not None:
        problem = _too_narrow(ground, question, free, way)
        if problem is not None:
            return problem
    return _too_far(ground, question, way)


def _too_narrow(ground: Map, question: Question, free: Wanted, way: str) -> Problem | None:
    """The bandwidth that is asked for, if no path has it."""
    wanted, widest = question.wanted.min_bandwidth, _widest(ground, question, free)
    if widest is not None and wanted is not None and widest >= wanted:
        return None
    so_far = f"the widest has {_number(widest)}" if widest is not None else "that of some link on each is not known"
    return Problem("TooNarrow", f"no path {way} has {_number(wanted or 0)} Mbit/s all along: {so_far}")


def _widest(ground: Map, question: Question, free: Wanted) -> float | None:
    """The most Mbit/s that any path has all along; None where it is not known of one.

    What has more has less as well, so few of the capacities need be tried: each link may have one of its own.
    """
    known = sorted({edge.capacity for edge in ground.edges() if edge.capacity is not None})
    kept = bisect_left(
        known, x=True, key=lambda least: not _solved(ground, question, replace(free, min_bandwidth=least))
    )
    return known[kept - 1] if kept else None


def _too_far(ground: Map, question: Question, way: str) -> Problem:
    wanted = question.wanted
    free = replace(wanted, max_latency=None, max_hops=None, objective="hops")
    fewest, most = _solved(ground, question, free), f"at most {wanted.max_hops} hop{'s' * (wanted.max_hops != 1)}"
    if wanted.max_hops is not None and fewest is not None and len(fewest) - 1 > wanted.max_hops:
        return Problem("TooManyHops", f"no path {way} of {most}: the best has {len(fewest) - 1}")
    quickest = _quickest(ground, question, replace(free, objective="latency"))
    limit = f"no path {way} within {_number(wanted.max_latency or 0)} ms"
    if quickest is None:
        return Problem("LatencyUnknown", f"{limit}: the latency of some link on each is not known yet")
    if quickest > (wanted.max_latency or 0):
        return Problem("TooSlow", f"{limit}: the quickest takes {_number(quickest)} ms")
    within = _quickest(ground, question, replace(free, max_hops=wanted.max_hops, objective="latency"))
    rest = f": the quickest of {most} takes {_number(within)} ms" if within is not None else ""
    return Problem("TooSlow", f"{limit}{rest}")


def _solved(ground: Map, question: Question, wanted: Wanted) -> tuple[int, ...] | None:
    return finished(solve(ground, replace(question, wanted=wanted))).way


def _quickest(ground: Map, question: Question, wanted: Wanted) -> float | None:
    """The least latency in ms of paths of which it is known."""
    known = replace(wanted, max_latency=NEVER)
    way = _solved(ground, question, known)
    if way is None:
        return None
    net = mesh(ground)
    edges = [net.edge(at, to) for at, to in pairwise(way)]
    return sum(net.ns[edge] for edge in edges if edge is not None) / NS


def _number(value: float) -> str:
    """As people write it."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
