"""Spreading load: demands of policies whose objective is load are placed together, calmly.

What is measured changes all the time, and every move changes it: so they are placed again only after a while, and move
only if that saves a good part of the highest load. What fails meanwhile takes the routes, which are mended at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from math import inf
from typing import TYPE_CHECKING

from controller.atlas.choices import FREE
from topology.board import Board, Load
from topology.dijkstra import mesh
from topology.paths import seek_bridges, seek_several
from topology.placing import place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from controller.atlas.choices import Asked
    from controller.settings import Topology
    from topology.map import Map
    from topology.paths import Question
    from topology.steps import Steps

Paths = dict[str, tuple[str, ...]]
"""For each demand (key) the bridges that it passes, () where it takes the routes."""
OF_EACH = 6
"""Paths among which a demand is placed that may not take just any."""
STEPS = 40
"""Paths that are looked for before others are heard."""


@dataclass(frozen=True, slots=True)
class Placing:
    """What came out: where each demand (key) is best, and how full the fullest link is, as things stand and so."""

    paths: Paths
    before: float
    after: float


class Spreading:
    """Places demands anew when it is time to; times are as ``now`` of ``Steering.plan``."""

    def __init__(self, settings: Topology) -> None:
        self._settings = settings
        self._work: Iterator[Placing | None] | None = None
        self._moved = self._looked = -inf
        self._due = False

    def again(self, now: float) -> float | None:
        """When to come back though nothing changes; None: never."""
        if self._work is not None:
            return now
        return max(now, self._moved + self._settings.hold_down) if self._due else None

    def rest(self, now: float) -> None:
        """Nothing is to move for a while, as if something just had."""
        self._moved = now

    def changed(self, now: float, *, altered: bool) -> None:
        """What it places, or places on, is not as it was; ``altered``: more than by what is measured."""
        if altered:
            self._work, self._due = None, True
        elif now >= self._looked + self._settings.hold_down:
            self._due = True

    def step(self, ground: Map, asked: Mapping[str, Asked], standing: Paths, now: float) -> Steps[Paths]:
        """Go on with it; the demands that are to move now, with where to."""
        self._due = self._due and bool(asked)
        if self._work is None and self._due and now >= self._moved + self._settings.hold_down:
            self._due, self._looked = False, now
            self._work = _working(ground, asked, standing)
        for found in islice(self._work or (), STEPS):
            yield
            if found is not None:
                self._work = None
                return self._moves(found, standing, now)
        return {}

    def _moves(self, found: Placing, standing: Paths, now: float) -> Paths:
        """What is to move, if that is worth it."""
        if found.after > found.before * (1 - self._settings.improvement):
            return {}
        moves = {key: path for key, path in found.paths.items() if standing.get(key, path) != path}
        self._moved = now if moves else self._moved
        return moves


def _working(ground: Map, asked: Mapping[str, Asked], standing: Paths) -> Iterator[Placing | None]:
    """Place all demands that have somewhere to go, step by step; what came out is last.

    They begin as they stand, or as if none had been placed where that is better.
    """
    loads = []
    for key, each in sorted(asked.items()):
        ways = yield from _allowed(ground, each.question, standing[key])
        if ways or each.question.wanted == FREE:
            loads.append(Load(key, each.question.source, each.question.target, each.question.rate, ways))
    board = Board(mesh(ground), [load for load in loads if load.source in ground and load.target in ground])
    yield from board.begin()
    before = yield from _started(board, standing)
    yield from place(board)
    yield Placing({load.key: board.path(number) for number, load in enumerate(board.loads)}, before, board.fullest())


def _started(board: Board, standing: Paths) -> Steps[float]:
    """Put demands where placing begins; how full the fullest link is as things stand."""
    anew = list(board.taken)
    known = [standing[load.key] for load in board.loads]
    yield from board.move_all([board.shares(path) if path else anew[number] for number, path in enumerate(known)])
    board.among_others()
    stands, before = list(board.taken), board.fullest()
    yield from board.move_all(anew)
    if board.fullest() > before:
        yield from board.move_all(stands)
    return before


def _allowed(ground: Map, question: Question, standing: tuple[str, ...]) -> Steps[tuple[tuple[str, ...], ...]]:
    """The paths that a demand may take, that on which it is first; () for all, and the routes."""
    if question.wanted == FREE:
        return ()
    found = [path.bridges for path in (yield from seek_several(ground, question, OF_EACH))]
    found = found or [(yield from seek_bridges(ground, question)) or ()]
    return tuple(path for path in dict.fromkeys((standing, *found)) if path)
