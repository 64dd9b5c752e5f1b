"""One demand's choice: its path, what protects it, the tracks laid for both; or why it has none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise, starmap
from typing import TYPE_CHECKING

import networkx as nx

from controller.links import Wanted
from topology.paths import figured, seek, weighed
from topology.protect import Protected, backup, leaving_room, protecting, stops_met
from topology.roads import allows, avoids
from topology.tracks import followed, laid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from controller.links import Placed, Track
    from topology.map import Map
    from topology.paths import Question
    from topology.reasons import Problem
    from topology.steps import Steps
    from topology.tracks import Numbers


FREE = Wanted(objective="load")
"""What is asked for where demands may take any path, or the routes, as spreads load best."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a demand asks for; ``strict``: rather nothing than what is beyond the limits."""

    question: Question
    strict: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What a demand got. ``tracks`` begin with that which its packets take; () with ``problem``, or for the routes.

    ``since`` is when it moved of its own accord; ``gap`` as of ``topology.paths.Answer``.
    """

    protected: Protected | None = None
    problem: Problem | None = None
    tracks: tuple[Track, ...] = ()
    gap: float = 0.0
    since: float | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The bridges that it passes, () if it has no path of its own."""
        return self.protected.path if self.protected else ()


def preferred(ground: Map, asked: Asked) -> Steps[Choice]:
    """The path to take, without what protects it yet."""
    answer = yield from seek(ground, asked.question)
    if answer.path is None:
        return Choice(problem=answer.problem)
    path = yield from leaving_room(ground, asked.question, answer.path.bridges)
    return Choice(Protected(path), gap=answer.gap)


def begun(ground: Map, asked: Asked) -> Steps[Choice]:
    """As ``preferred``; none of its own where it may as well share the routes, and these lead there."""
    question = asked.question
    ends = question.source, question.target
    if question.wanted == FREE and all(end in ground for end in ends) and nx.has_path(ground.graph, *ends):
        return Choice()
    return (yield from preferred(ground, asked))


def along(ground: Map, asked: Asked, choice: Choice, numbers: Numbers) -> Steps[Choice]:
    """The path of a choice, protected as well as can be now, with its tracks."""
    found = yield from protecting(ground, asked.question, choice.path, strict=asked.strict)
    return replace(choice, protected=found, tracks=laid(numbers, found.path, found.detours))


def mended(ground: Map, asked: Asked, choice: Choice, numbers: Numbers) -> Steps[Choice]:
    """The same path; what protects it is made anew where something of that is missing, or leads nowhere now."""
    found, question = choice.protected, asked.question
    if found is None or question.wanted.protection == "none":
        return choice
    free = replace(question, wanted=replace(question.wanted, via=(), max_latency=None, max_hops=None))
    whole = len(found.detours) == len(found.path) - 1 and not found.gaps and not found.lapses
    if not whole or not all(detour and usable(ground, free, detour) for detour in found.detours):
        return (yield from along(ground, asked, choice, numbers))
    if found.backup and usable(ground, free, found.backup):
        return choice
    other = yield from backup(ground, question, found.path, strict=asked.strict)
    return replace(choice, protected=replace(found, backup=other))


def usable(ground: Map, question: Question, path: tuple[str, ...]) -> bool:
    """Whether a path still leads where it should and keeps what is asked for; what is not known now counts as kept."""
    wanted = question.wanted
    known = replace(wanted, max_latency=None)
    edges = [ground.edge(one, other) for one, other in pairwise(path)]
    blind = replace(known, min_bandwidth=None)
    if not all(edge is not None and allows(blind if edge.capacity is None else known, edge) for edge in edges):
        return False
    if any(avoids(wanted, ground.site(name)) for name in path):
        return False
    if stops_met(wanted.via, path) < len(wanted.via) or len(edges) > (wanted.max_hops or len(edges)):
        return False
    latencies = [edge.latency for edge in edges if edge is not None and edge.latency is not None]
    return wanted.max_latency is None or sum(latencies) <= wanted.max_latency


def better(ground: Map, question: Question, new: tuple[str, ...], old: tuple[str, ...], improvement: float) -> bool:
    """Whether a path is worth moving to; where it is quicker only, by that share at least."""
    if not new or new == old:
        return False
    blind = any(edge is not None and edge.capacity is None for edge in starmap(ground.edge, pairwise(old)))
    width = None if blind else question.wanted.min_bandwidth
    known = replace(question, wanted=replace(question.wanted, max_latency=None, min_bandwidth=width))
    weights = weighed(ground, known, new), weighed(ground, known, old)
    if weights[0] is None or weights[1] is None:
        return weights[1] is None
    drained = {drained_on(ground, question, path) for path in (new, old)}
    if question.wanted.objective != "latency" or len(drained) > 1:
        return weights[0] < weights[1]
    quick, slow = figured(ground, new).latency, figured(ground, old).latency
    return quick is not None and slow is not None and quick < slow * (1 - improvement)


def drained_on(ground: Map, question: Question, path: tuple[str, ...]) -> int:
    """How many links and bridges of a path are only to be used where nothing else leads on."""
    edges = [ground.edge(one, other) for one, other in pairwise(path)]
    links = sum(edge.drained or edge.name in question.shunned for edge in edges if edge is not None)
    return links + sum(ground.site(name).drained for name in path[1:-1])


def known_along(placed: Placed, tracks: Mapping[int, Track]) -> Choice:
    """What an earlier daemon chose, by all tracks of then; no backup is known of it."""
    if placed.track not in tracks:
        return Choice()
    chain = list(followed(placed.track, tracks.get))
    steps = [number for track in chain for number in track.detours]
    detours = [list(followed(number, tracks.get)) for number in steps]
    found = Protected(_passed(chain), (), tuple(map(_passed, detours)) if any(detours) else ())
    laid_out = {track.number: track for each in (chain, *detours) for track in each}
    return Choice(found, tracks=tuple(laid_out.values()))


def _passed(chain: Iterable[Track]) -> tuple[str, ...]:
    """All bridges of tracks that follow each other."""
    passed: list[str] = []
    for track in chain:
        passed += track.bridges[1 if passed else 0 :]
    return tuple(passed)
