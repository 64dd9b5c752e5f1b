"""Paths computed: how long one takes on a large map, and how evenly a thousand demands are placed, and how fast.

``NETLOOM_TOPOLOGIES`` names a folder of public topologies with demands (``tests/bench/repetita.py``), which are
measured beside those that stand here. What is compared with is what equal-cost routes make of the same demands. Times
are of the processor: all of it is computing, and others work on this machine.
"""

from __future__ import annotations

import gc
import os
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

from controller.links import Wanted
from tests.bench.figure import Figure, median, percentile
from tests.bench.least_load import least_load
from tests.bench.maps import ABILENE, NSFNET, crowd, grown, public
from tests.bench.repetita import cases
from tests.boards import filled
from topology.dijkstra import mesh
from topology.paths import Question, best
from topology.placing import place
from topology.protect import protecting
from topology.steps import finished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from topology.board import Load
    from topology.map import Map

LARGE, LARGE_LINKS = 754, 895
"""As many bridges and links as the largest network of the Topology Zoo has."""
DEMANDS = 1000
MOST_DEMANDS = 5000
"""Of a file; the greatest."""
SAMPLES = 100
SEED = 754
NO_WORSE, BETTER = 1 + 1e-6, 1 - 1e-6
"""Loads are sums, and do not come out the same to the last digit in another order."""


def measure() -> Iterator[Figure]:
    """One path, with this and that asked for; then demands, on small, middling, large and public maps."""
    yield from _single(grown(LARGE, LARGE_LINKS, SEED))
    ratios = []
    for name, ground, loads in [*_own(), *_public()]:
        board = filled(mesh(ground), sorted(loads, key=_rate)[-MOST_DEMANDS:])
        routes, started = board.fullest(), time.process_time()
        for _ in place(board):
            continue
        seconds, placed = time.process_time() - started, board.fullest()
        ratios.append(placed / routes if routes else 1.0)
        what, least = f"{name}, {len(board.rates):,} demands", 100 * least_load(board)
        yield Figure(f"{what}: load of the fullest link, against routes", 100 * placed, "%", NO_WORSE, 100 * routes)
        yield Figure(f"{what}: the same, against a bound below which it cannot be", 100 * placed, "%", None, least)
        yield Figure(f"{what}: placed in", seconds, "s", bound=20)
    better = sum(ratio < BETTER for ratio in ratios) / len(ratios)
    yield Figure("placed better than by routes, share of maps", 100 * better, "%", 50, least=True)


def _rate(load: Load) -> float:
    return load.rate


def _own() -> Iterator[tuple[str, Map, list[Load]]]:
    for name, links in (("Abilene", ABILENE), ("NSFNET", NSFNET)):
        ground = public(links)
        yield name, ground, crowd(ground, DEMANDS, SEED)
    for bridges, joined in ((30, 50), (60, 110), (100, 140), (200, 300), (LARGE, LARGE_LINKS)):
        ground = grown(bridges, joined, bridges)
        yield f"{bridges} bridges, {joined} links", ground, crowd(ground, DEMANDS, bridges)


def _public() -> Iterator[tuple[str, Map, list[Load]]]:
    folder = os.environ.get("NETLOOM_TOPOLOGIES")
    if folder:
        yield from cases(Path(folder))


def _single(ground: Map) -> Iterator[Figure]:
    """Paths between bridges drawn by chance, on a map that has been looked at before."""
    draw = random.Random(SEED)  # noqa: S311 - the same questions every time
    gc.collect()
    gc.freeze()  # as the daemon does when it begins to serve
    pairs = [draw.sample(sorted(ground.graph), 3) for _ in range(SAMPLES)]
    kinds: dict[str, Callable[[Map, str, str, str], Wanted]] = {
        "the fewest hops": _anything,
        "the fewest hops within a latency": _quick,
        "the least cost within a latency and some hops": _quick_and_short,
        "the least latency by a waypoint": _met,
        "the least load": _unloaded,
    }
    for kind, made in kinds.items():
        asked = [Question(one, other, made(ground, one, other, third)) for one, other, third in pairs]
        times = [_milliseconds(ground, question) for question in asked]
        what = f"one path on {LARGE} bridges: {kind}"
        yield Figure(f"{what}, median", median(times), "ms", bound=10)
        yield Figure(f"{what}, of 100 the 95th", percentile(times, 95), "ms", bound=10)
    times = [_protecting(ground, Question(pair[0], pair[1], Wanted(protection="link"))) for pair in pairs[:20]]
    yield Figure(f"backup and a way round each step of a path on {LARGE} bridges, median", median(times), "ms")


def _anything(_ground: Map, _one: str, _other: str, _third: str) -> Wanted:
    return Wanted()


def _quick(ground: Map, one: str, other: str, _third: str) -> Wanted:
    """A little slower than the quickest may be: so that hops and latency are at odds."""
    least = best(ground, Question(one, other, Wanted(objective="latency"))).path
    return Wanted(max_latency=1.1 * (least.latency or 0.0)) if least else Wanted()


def _quick_and_short(ground: Map, one: str, other: str, third: str) -> Wanted:
    quick = _quick(ground, one, other, third)
    path = best(ground, Question(one, other, quick)).path
    return Wanted(max_latency=quick.max_latency, max_hops=path.hops + 2 if path else None, objective="cost")


def _met(_ground: Map, _one: str, _other: str, third: str) -> Wanted:
    return Wanted(via=(third,), objective="latency")


def _unloaded(_ground: Map, _one: str, _other: str, _third: str) -> Wanted:
    return Wanted(objective="load")


def _milliseconds(ground: Map, question: Question) -> float:
    """The quickest of three times."""
    answers, times = [], []
    for _ in range(3):
        started = time.process_time()
        answers.append(best(ground, question))
        times.append((time.process_time() - started) * 1000)
    if any(answer.path is None or answer.gap for answer in answers):
        raise RuntimeError(f"no best path for {question}: {answers[0]}")
    return min(times)


def _protecting(ground: Map, question: Question) -> float:
    path = best(ground, question).path
    if path is None:
        raise RuntimeError(f"no path for {question}")
    started = time.process_time()
    finished(protecting(ground, question, path.bridges, strict=False))
    return (time.process_time() - started) * 1000
