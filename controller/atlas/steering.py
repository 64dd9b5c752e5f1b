"""Steering: which way what path policies speak of takes, now and when something on it fails.

A path that still does what its policy asks for stays as it is. One that a failure or a drain touches is chosen anew at
once; what has become better elsewhere is taken once it has been so for a while, so that nothing goes to and fro.
The switches do not wait for any of it: each step of a protected path knows its detour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from controller.links import Demand, PathPolicy, Placed, Track
    from controller.settings import Topology
    from topology.map import Map
    from topology.paths import Question


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is to stand (not only what is new): tracks and placements by their keys.

    ``kept`` is what ``Steering.recall`` is to be given after a restart: the bridges that each demand (key) passes, in
    order, () for one that takes the routes. ``again`` is when (as ``now``) to ask again although nothing changed, None:
    never.
    """

    tracks: dict[str, Track]
    placed: dict[str, Placed]
    kept: dict[str, tuple[str, ...]]
    again: float | None


class Steering:
    """Chooses paths for demands. ``breathe`` is called often while it computes; one caller at a time."""

    def __init__(self, settings: Topology, breathe: Callable[[], None]) -> None:
        self._settings, self._breathe = settings, breathe

    def recall(self, kept: Mapping[str, tuple[str, ...]]) -> None:
        """Take over what was placed before this daemon started, ahead of the first ``plan``."""

    def plan(
        self,
        ground: Map,
        policies: Mapping[str, PathPolicy],
        demands: Mapping[str, Demand],
        rates: Mapping[str, float],
        now: float,
    ) -> Plan:
        """What is to stand on this map; the same again, quickly, where nothing that matters changed.

        ``policies`` and ``demands`` are all there are, by key; ``rates`` is what demands (keys) were measured to carry
        in Mbit/s, as far as known; ``now`` is monotonic, in seconds.
        """
        raise NotImplementedError

    def status(self, policy: str) -> dict[str, Any]:
        """What became of a policy (key) in the last plan: path, backup, figures, conditions; {} if it is unknown.

        ``{"path", "backup", "hops", "latency_ms", "cost", "bandwidth_mbps", "demands": [the same for each, with
        "source" and "target"], "conditions": [{"type": "Placed", "status", "reason", "message"}, ...]}``.
        """
        raise NotImplementedError

    def compute(self, ground: Map, question: Question) -> dict[str, Any]:
        """The same figures for a path that nobody takes, or with ``reason`` and ``message`` why there is none."""
        raise NotImplementedError
