"""Steering: which way what path policies speak of takes, now and when something on it fails.

A path that still does what its policy asks for stays as it is. One that a failure touches is chosen anew at once; all
others are looked at afterwards, a few at a time, and move where something better is there to stay. The switches do
not wait for any of it: each step of a protected path knows its detour.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any

from controller.atlas.choices import (
    Asked,
    Choice,
    along,
    begun,
    better,
    drained_on,
    known_along,
    mended,
    usable,
)
from controller.atlas.returning import Returning
from controller.atlas.spreading import Spreading
from controller.atlas.told import NONE, UNTOLD, conditions, figures
from controller.atlas.what_if import what_if
from controller.links import Placed
from topology.paths import Question
from topology.protect import Protected
from topology.tracks import Numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from controller.links import Demand, PathPolicy, Track
    from controller.settings import Topology
    from topology.map import Map
    from topology.steps import Steps

ASSUMED = 1.0
"""Mbit/s of a demand of which nothing is known: all such count alike."""
A_FEW = 16
"""Paths looked at before failures are heard of again."""
AT_ONCE = 16
"""Paths that are protected as soon as they are chosen; where more are needed, all are chosen first."""


def never() -> bool:
    """Nothing ever presses."""
    return False


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is to stand (not only what is new): tracks and placements by their keys.

    ``again`` is when (as ``now``) to ask again although nothing changed, None: never. ``mends``: paths that were taken
    lacked a link.
    """

    tracks: dict[str, Track]
    placed: dict[str, Placed]
    again: float | None
    mends: bool = False


class Steering:
    """Chooses paths for demands. ``breathe`` is called often while it computes; one caller at a time."""

    def __init__(self, settings: Topology, breathe: Callable[[], None]) -> None:
        self._settings = settings
        self._breathe = breathe
        self._returning = Returning(settings.hold_down)
        self._numbers = Numbers()
        self._spreading = Spreading(settings)
        self._policies: Mapping[str, PathPolicy] = {}
        self._demands: Mapping[str, Demand] = {}
        self._shares: Mapping[str, list[str]] = {}
        self._asked: dict[str, Asked] = {}
        self._choices: dict[str, Choice] = {}
        self._ground: Map | None = None
        self._version = -1
        self._urgent: set[str] = set()
        self._due: dict[str, float] = {}

    def recall(self, placed: Iterable[Placed], tracks: Iterable[Track], now: float = -inf) -> None:
        """Take over what stood before this daemon started, ahead of the first ``plan``.

        As little is measured yet, it stays for a while, as what moved only ``now`` does.
        """
        by_number = {track.number: track for track in tracks}
        self._numbers.take(by_number.values())
        known = {each.key: known_along(each, by_number) for each in placed}
        self._choices = {key: replace(choice, since=now) if choice.path else choice for key, choice in known.items()}
        self._spreading.rest(now)

    def plan(
        self,
        ground: Map,
        policies: Mapping[str, PathPolicy],
        demands: Mapping[str, Demand],
        rates: Mapping[str, float],
        now: float,
        *,
        presses: Callable[[], bool] = never,
    ) -> Plan:
        """What is to stand on this map; the same again, quickly, where nothing that matters changed.

        ``policies`` and ``demands`` are all there are, by key; ``rates`` is what demands (keys) were measured to carry
        in Mbit/s, as far as known; ``now`` is monotonic, in seconds. As soon as something else ``presses`` it ends;
        what has not been looked at then is in the next plan.
        """
        self._ground, self._policies, self._demands = ground, policies, demands
        altered = self._returning.look(ground, now)
        self._urgent = (self._urgent | self._ask(rates)) & self._asked.keys()
        # What was chosen on this very map is whole, but for what is still to be chosen anew.
        doubted = self._choices.keys() if ground.version != self._version else self._urgent & self._choices.keys()
        broken = {key for key in doubted if _broken(ground, self._asked[key], self._choices[key])}
        parted = any(ground.edge(*step) is None for key in broken for step in pairwise(self._choices[key].path))
        self._urgent |= broken
        if altered:
            self._due = dict.fromkeys(self._asked, now)
        if ground.version != self._version:
            self._due = {key: now for key, asked in self._asked.items() if _by_latency(asked)} | self._due
        if ground.version != self._version or self._urgent:
            self._spreading.changed(now, altered=bool(altered or self._urgent))
        self._version = ground.version
        for _ in self._work(ground, now):
            self._breathe()
            if presses():
                break
        again = [now if self._urgent else None, self._returning.again(), self._spreading.again(now)]
        return self._plan([*again, *self._due.values()], mends=parted)

    def knows(self, policy: PathPolicy) -> bool:
        """Whether a policy, as it stands, was there in the last plan, and all of it was looked at."""
        looked_at = self._urgent.isdisjoint(self._shares.get(policy.key, ()))
        return self._policies.get(policy.key) == policy and looked_at

    def status(self, policy: str) -> dict[str, Any]:
        """What became of a policy (key) in the last plan: path, backup, figures, conditions; ``UNTOLD`` if unknown.

        ``{"path", "backup", "hops", "latency_ms", "cost", "bandwidth_mbps", "demands": [the same for each, with
        "source" and "target"], "conditions": [{"type": "Placed", "status", "reason", "message"}, ...]}``.
        """
        if policy not in self._policies or self._ground is None:
            return dict(UNTOLD)
        keys = sorted(self._shares.get(policy, ()))
        told = [(self._demands[key], self._choices[key]) for key in keys if key in self._choices]
        ends = [(demand.source, demand.target) for demand, _ in told]
        rows = [
            {"source": source, "target": target, **figures(self._ground, source, target, choice)}
            for (source, target), (_, choice) in zip(ends, told, strict=True)
        ]
        first = next((row for row in rows if row["path"]), NONE)
        whole = {name: first[name] for name in NONE}
        return {**whole, "demands": rows, "conditions": conditions(self._policies[policy], told)}

    def compute(self, ground: Map, question: Question) -> dict[str, Any]:
        """Figures of a path that nobody takes; ``reason`` and ``message`` tell why there is none, or no backup."""
        return what_if(ground, question, self._breathe)

    def _ask(self, rates: Mapping[str, float]) -> set[str]:
        """Take down what demands ask for now; those that ask for something else than before."""
        before, shares = self._asked, defaultdict[str, list[str]](list)
        for key, demand in self._demands.items():
            shares[demand.policy].append(key)
        self._shares = shares
        self._asked = {
            key: _asked(demand, policy, len(shares[demand.policy]), rates.get(key, _last(before.get(key))))
            for key, demand in self._demands.items()
            if (policy := self._policies.get(demand.policy)) is not None
        }
        self._choices = {key: choice for key, choice in self._choices.items() if key in self._asked}
        self._due = {key: at for key, at in self._due.items() if key in self._asked}
        changed = {key for key, asked in self._asked.items() if key in before and _otherwise(before[key], asked)}
        return changed | (self._asked.keys() - self._choices.keys())

    def _work(self, ground: Map, now: float) -> Iterator[None]:
        """Choose paths that are needed at once; else look at a few that stand. Then go on spreading load."""
        all_at_once = len(self._urgent) <= AT_ONCE
        due = [] if self._urgent else [key for key, at in self._due.items() if at <= now][:A_FEW]
        for key in sorted(self._urgent):
            calm = _calm(self._asked[key], self._returning)
            asked = calm if all_at_once else _bare(calm)
            yield from self._take(ground, key, asked, (yield from begun(ground, asked)), now)
            self._urgent.discard(key)
            if asked != calm:
                self._due[key] = now
            yield
        for key in due:
            yield from self._review(ground, key, now)
        yield from self._spread(ground, now)

    def _take(self, ground: Map, key: str, asked: Asked, choice: Choice, now: float) -> Steps[None]:
        """A demand goes another way from now on; when it left one that may be as good again soon is kept."""
        before = self._choices.get(key)
        moved = before is not None and before.path and (choice.problem is None or choice.problem.reason == "TooSlow")
        found = (yield from along(ground, asked, choice, self._numbers)) if choice.path else choice
        self._choices[key] = replace(found, since=now if moved else None)

    def _review(self, ground: Map, key: str, now: float) -> Steps[None]:
        """Look at one path again, later if it has moved only just now for what may change back."""
        choice, asked = self._choices[key], _calm(self._asked[key], self._returning)
        drained = drained_on(ground, asked.question, choice.path)
        until = (-inf if choice.since is None else choice.since) + self._settings.hold_down
        if until > now and _by_latency(asked) and not drained:
            self._due[key] = until
            self._choices[key] = yield from mended(ground, asked, choice, self._numbers)
            return
        stays = choice.path and asked.question.wanted.objective == "load" and not drained
        other = choice if stays else (yield from begun(ground, asked))
        routed, least = not other.path and other.problem is None, self._settings.improvement
        if not choice.path or routed or better(ground, asked.question, other.path, choice.path, least):
            yield from self._take(ground, key, asked, other, now)
        else:
            self._choices[key] = yield from mended(ground, asked, choice, self._numbers)
        del self._due[key]

    def _spread(self, ground: Map, now: float) -> Steps[None]:
        """Go on placing those together whose objective is load, and move all at once whom that tells to.

        What protects them is looked for afterwards.
        """
        asked = {key: each for key, each in self._asked.items() if each.question.wanted.objective == "load"}
        standing = {key: self._choices[key].path for key in asked}
        moves = yield from self._spreading.step(ground, asked, standing, now)
        for key, path in moves.items():
            calm = _calm(self._asked[key], self._returning)
            yield from self._take(ground, key, _bare(calm), Choice(Protected(path)) if path else Choice(), now)
            if path and _bare(calm) != calm:
                self._due[key] = now

    def _plan(self, waiting: Iterable[float | None], *, mends: bool) -> Plan:
        """All that is chosen, and the numbers that it needs kept."""
        tracks = {track.key: track for choice in self._choices.values() for track in choice.tracks}
        self._numbers.keep({track.number for track in tracks.values()})
        placed = {key: _placed(self._demands[key], self._policies, choice) for key, choice in self._choices.items()}
        return Plan(tracks, placed, min((at for at in waiting if at is not None), default=None), mends)


def _last(asked: Asked | None) -> float:
    """What is taken for a demand's rate while it is not measured: what it was, or what all are."""
    return asked.question.rate if asked is not None else ASSUMED


def _asked(demand: Demand, policy: PathPolicy, shares: int, measured: float) -> Asked:
    rate = measured if policy.demand is None else policy.demand / shares
    return Asked(Question(demand.source, demand.target, policy.wanted, rate), policy.on_no_path == "drop")


def _calm(asked: Asked, returning: Returning) -> Asked:
    """What is asked for, with the links that are not to be trusted yet."""
    return replace(asked, question=replace(asked.question, shunned=returning.shunned()))


def _bare(asked: Asked) -> Asked:
    """The path alone; what protects it is looked for later."""
    return replace(asked, question=replace(asked.question, wanted=replace(asked.question.wanted, protection="none")))


def _broken(ground: Map, asked: Asked, choice: Choice) -> bool:
    return bool(choice.path) and not usable(ground, asked.question, choice.path)


def _otherwise(one: Asked, other: Asked) -> bool:
    return one != replace(other, question=replace(other.question, rate=one.question.rate))


def _by_latency(asked: Asked) -> bool:
    wanted = asked.question.wanted
    return wanted.objective == "latency" or wanted.max_latency is not None


def _placed(demand: Demand, policies: Mapping[str, PathPolicy], choice: Choice) -> Placed:
    track = choice.tracks[0].number if choice.tracks else 0
    fate = policies[demand.policy].on_no_path if choice.problem else "fallback"
    return Placed(demand.key, demand.policy, demand.source, demand.target, track, fate)
