"""Protection of a path: another that shares nothing with it, and for each step the way round what may fail there.

A detour goes from where the failure is met to the end of the path. It avoids what the path has to avoid, and meets the
waypoints that are still ahead, always; limits are kept where that can be done, and it is said where not. One failure
at a time is planned for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from controller.links import link_name
from topology.pairs import pair
from topology.paths import figured, seek_bridges, seek_several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controller.links import Wanted
    from topology.map import Map
    from topology.paths import Question
    from topology.steps import Steps

TRIED = 8
"""Paths that are tried for one that leaves room for a backup."""


@dataclass(frozen=True, slots=True)
class Protected:
    """A path with its backup (() if there is none) and a detour for each step, () where there is none.

    ``gaps`` are sentences about what is not protected, ``lapses`` about limits that are not kept meanwhile.
    """

    path: tuple[str, ...]
    backup: tuple[str, ...] = ()
    detours: tuple[tuple[str, ...], ...] = ()
    gaps: tuple[str, ...] = ()
    lapses: tuple[str, ...] = ()


def protecting(ground: Map, question: Question, path: tuple[str, ...], *, strict: bool) -> Steps[Protected]:
    """The path as it is, protected as is asked for; ``strict``: rather no detour than one beyond the limits."""
    if question.wanted.protection == "none":
        return Protected(path)
    detours, gaps, lapses = [], [], []
    for step in range(len(path) - 1):
        detour, gap, lapse = yield from _detour(ground, question, path, step, strict=strict)
        detours.append(detour)
        gaps += [gap] if gap else []
        lapses += [lapse] if lapse else []
    other = yield from backup(ground, question, path, strict=strict)
    return Protected(path, other, tuple(detours), tuple(gaps), tuple(lapses))


def backup(ground: Map, question: Question, path: tuple[str, ...], *, strict: bool) -> Steps[tuple[str, ...]]:
    """The best path that shares nothing of what is to be protected, or as little as can be; () if there is no other."""
    free = replace(question, wanted=_unlimited(question.wanted))
    for asked in (question,) if strict else (question, free):
        for search in (_apart, _nearly_apart):
            found = yield from search(ground, asked, path)
            if found:
                return found
    return ()


def leaving_room(ground: Map, question: Question, path: tuple[str, ...]) -> Steps[tuple[str, ...]]:
    """The path, or where nothing runs apart from it the best that has such a backup, if any has."""
    if question.wanted.protection == "none" or (yield from _apart(ground, question, path)):
        return path
    for search in (_pair, _next_best):
        for other in (yield from search(ground, question)):
            if (yield from _apart(ground, question, other)):
                return other
    return path


def _next_best(ground: Map, question: Question) -> Steps[list[tuple[str, ...]]]:
    found = yield from seek_several(ground, question, TRIED)
    return [other.bridges for other in found]


def _pair(ground: Map, question: Question) -> Steps[list[tuple[str, ...]]]:
    """The two paths apart that are best together, where no waypoint has to be met and both keep the limits."""
    wanted = question.wanted
    if wanted.via:
        return []
    found = pair(ground, question, nodes=wanted.protection == "node")
    yield
    return [path for path in found if _kept(ground, question, path)]


def _kept(ground: Map, question: Question, path: tuple[str, ...]) -> bool:
    wanted, known = question.wanted, figured(ground, path)
    if wanted.max_hops is not None and known.hops > wanted.max_hops:
        return False
    return wanted.max_latency is None or (known.latency is not None and known.latency <= wanted.max_latency)


def _apart(ground: Map, question: Question, path: Sequence[str]) -> Steps[tuple[str, ...]]:
    """The best path that shares no link with it, and no bridge either where bridges are to be protected; else ()."""
    wanted = question.wanted
    links = tuple(link_name(one, other) for one, other in pairwise(path))
    inner = set(path[1:-1]) - {question.source, question.target, *wanted.via} if wanted.protection == "node" else set()
    without = replace(
        wanted, avoid_links=wanted.avoid_links + links, avoid_bridges=(*wanted.avoid_bridges, *sorted(inner))
    )
    return (yield from seek_bridges(ground, replace(question, wanted=without))) or ()


def _nearly_apart(ground: Map, question: Question, path: Sequence[str]) -> Steps[tuple[str, ...]]:
    """The path that shares the fewest links with it; () where that is itself."""
    links = frozenset(link_name(one, other) for one, other in pairwise(path))
    found = (yield from seek_bridges(ground, replace(question, shunned=question.shunned | links))) or ()
    return () if found == tuple(path) else found


def _detour(
    ground: Map, question: Question, path: tuple[str, ...], step: int, *, strict: bool
) -> Steps[tuple[tuple[str, ...], str, str]]:
    """The way round what is ahead of a step, with what it does not protect and what it does not keep; "" if all is."""
    here, ahead = path[step], path[step + 1]
    rest = _rest(ground, question, path, step)
    node = question.wanted.protection == "node" and ahead not in {*rest.wanted.via, question.target, here}
    lapse = f"the way round the link from {here} to {ahead} is beyond the limits"
    gap = f"if {ahead} itself fails, there is no way round it from {here}"
    tries = [
        (bridge, keeping)
        for keeping in (True, False)
        for bridge in (True, False)
        if (keeping or not strict) and (node or not bridge)
    ]
    for bridge, keeping in tries:
        found = yield from seek_bridges(ground, _round(rest, here, ahead, bridge=bridge, keeping=keeping))
        if found is not None:
            return found, gap if node and not bridge else "", "" if keeping else lapse
    return (), f"there is no way round the link from {here} to {ahead}", ""


def stops_met(via: Sequence[str], path: Sequence[str]) -> int:
    """How many waypoints a path has met, in their order."""
    met = 0
    for name in path:
        while met < len(via) and via[met] == name:
            met += 1
    return met


def _round(rest: Question, here: str, ahead: str, *, bridge: bool, keeping: bool) -> Question:
    """What is asked of a detour: to avoid the bridge ahead, or only the link to it; within the limits, or not."""
    wanted = rest.wanted
    if bridge:
        wanted = replace(wanted, avoid_bridges=(*wanted.avoid_bridges, ahead))
    else:
        wanted = replace(wanted, avoid_links=(*wanted.avoid_links, link_name(here, ahead)))
    if not keeping:
        wanted = _unlimited(wanted)
    return replace(rest, wanted=wanted)


def _unlimited(wanted: Wanted) -> Wanted:
    return replace(wanted, max_latency=None, max_hops=None, min_bandwidth=None)


def _rest(ground: Map, question: Question, path: tuple[str, ...], step: int) -> Question:
    """What is left to ask once the path has come to a step: the waypoints ahead, and what remains of the limits."""
    wanted, passed = question.wanted, figured(ground, path[: step + 1])
    met = stops_met(wanted.via, path[: step + 1])
    latency, hops = wanted.max_latency, wanted.max_hops
    left = replace(
        wanted,
        via=wanted.via[met:],
        max_latency=None if latency is None else latency - (passed.latency or 0.0),
        max_hops=None if hops is None else hops - step,
    )
    return replace(question, source=path[step], wanted=left)
