"""What users are told of paths: figures, what protects them, and why there is none."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from controller.links import Wanted
from controller.status.conditions import once
from topology.paths import Question, bridges, figured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controller.atlas.choices import Choice
    from controller.links import Demand, PathPolicy
    from topology.map import Map

ROUTES = Wanted(objective="cost")
Row = dict[str, Any]
NONE: Row = {"path": [], "backup": [], "hops": None, "latency_ms": None, "cost": None, "bandwidth_mbps": None}
"""What stands where a path has no figures."""
UNTOLD: Row = {**NONE, "demands": [], "conditions": []}
"""What is told of a path policy that steering has yet to hear of."""


def figures(ground: Map, source: str, target: str, choice: Choice) -> Row:
    """A path's own, as the map is now; ``NONE`` where there is none, or a link of it is gone this moment.

    Of a demand that takes the routes it is one of these.
    """
    passed = choice.path
    if not passed and choice.problem is None:
        passed = bridges(ground, Question(source, target, ROUTES)) or ()
    if not passed or not _whole(ground, passed):
        return dict(NONE)
    path = figured(ground, passed)
    return {
        "path": list(path.bridges),
        "backup": list(choice.protected.backup) if choice.protected else [],
        "hops": path.hops,
        "latency_ms": None if path.latency is None else round(path.latency, 3),
        "cost": path.cost,
        "bandwidth_mbps": path.bandwidth,
    }


def unprotected(choice: Choice) -> Row:
    """Why a path that is there is not protected as is asked for, as ``reason`` and ``message``; {} where it is."""
    gaps = choice.protected.gaps if choice.protected else ()
    return {"reason": "NoWayRound", "message": once(gaps)} if gaps else {}


def _whole(ground: Map, path: Sequence[str]) -> bool:
    return all(ground.edge(one, other) is not None for one, other in pairwise(path))


def conditions(policy: PathPolicy, told: Sequence[tuple[Demand, Choice]]) -> list[Row]:
    """Whether all demands of a policy have a path, and whether these are protected as is asked for."""
    return [_placed(policy, told), *_protected(policy, told)]


def _placed(policy: PathPolicy, told: Sequence[tuple[Demand, Choice]]) -> Row:
    lost = [choice.problem for _, choice in told if choice.problem]
    if lost:
        sentences = once(problem.message for problem in lost)
        fate = "are dropped" if policy.on_no_path == "drop" else "take the shortest way, as if nothing were asked for"
        return _condition("Placed", lost[0].reason, f"{sentences}; packets {fate}", holds=False)
    if not told:
        return _condition("Placed", "NoTraffic", "no two bridges have machines that it speaks of", holds=True)
    routed = sum(not choice.path for _, choice in told)
    if routed:
        message = f"{routed} of {len(told)} share the shortest ways, which spreads load best now"
        return _condition("Placed", "Shared", message, holds=True)
    gap = max(choice.gap for _, choice in told)
    close = f"; the best may be better by up to {gap:.1%}, which the search left open" if gap else ""
    return _condition("Placed", "Placed", f"there is a path for each of {len(told)}{close}", holds=True)


def _protected(policy: PathPolicy, told: Sequence[tuple[Demand, Choice]]) -> list[Row]:
    if policy.wanted.protection == "none":
        return []
    found = [choice.protected for _, choice in told if choice.protected]
    if not found:
        return [_condition("Protected", "NoPath", "there is no path of its own to protect", holds=False)]
    gaps = once(gap for each in found for gap in each.gaps)
    lapses = once(lapse for each in found for lapse in each.lapses)
    if any(len(each.detours) < len(each.path) - 1 for each in found):
        return [_condition("Protected", "Pending", "ways round are being worked out", holds=False)]
    if gaps:
        return [_condition("Protected", "NoWayRound", gaps, holds=False)]
    if lapses:
        return [_condition("Protected", "BeyondLimits", lapses, holds=True)]
    return [_condition("Protected", "Protected", "the switches know a way round each step", holds=True)]


def _condition(kind: str, reason: str, message: str, *, holds: bool) -> Row:
    return {"type": kind, "status": holds, "reason": reason, "message": message}
