"""A map with policies from s1 to s4 and one steering over it, for tests of what it does as time passes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from controller.atlas.steering import Plan, Steering
from controller.links import Demand, PathPolicy, Traffic, Wanted, in_order, link_name
from controller.settings import Topology
from topology.map import Edge, Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.links import Track

HOLD = 30.0
TWO_WAYS = ("s1-s2", "s2-s4", "s1-s3", "s3-s4")
POLICY = PathPolicy("acme/video", "u", "acme", Traffic(None, None), Wanted())


class Scene:
    """One steering over one map; time passes as a test says."""

    def __init__(self, ground: Map, *wishes: Wanted, **settings: float) -> None:
        self.ground = ground
        self.settings = Topology(hold_down=HOLD, **settings)
        self.steering = Steering(self.settings, lambda: None)
        self.policies: dict[str, PathPolicy] = {}
        self.demands: dict[str, Demand] = {}
        self.rates: dict[str, float] = {}
        self.now = 0.0
        for number, wanted in enumerate(wishes):
            self.wish(f"acme/p{number}", wanted)

    def wish(self, key: str, wanted: Wanted, **more: Any) -> None:
        """From s1 to s4."""
        self.policies[key] = replace(POLICY, key=key, wanted=wanted, **more)
        self.demands[f"{key}|s1|s4"] = Demand(f"{key}|s1|s4", key, "s1", "s4")

    def plan(self) -> Plan:
        """What stands once steering has nothing more to do at this moment."""
        for plan in self._plans():
            last = plan
        return last

    def _plans(self) -> Iterator[Plan]:
        for _ in range(500):
            plan = self.steering.plan(self.ground, self.policies, self.demands, self.rates, self.now)
            yield plan
            if plan.again is None or plan.again > self.now:
                return
        pytest.fail("steering never comes to rest")

    def path(self, policy: str = "acme/p0") -> tuple[str, ...]:
        """The bridges that a policy's packets pass now."""
        plan = self.plan()
        return passed(plan, plan.placed[f"{policy}|s1|s4"].track)

    def link(self, one: str, other: str, **figures: Any) -> None:
        """It comes, or is otherwise than before."""
        ends = in_order(one, other)
        old = self.ground.edge(*ends) or Edge(link_name(*ends), ends, 10, 1.0, 100.0)
        self.ground.put(replace(old, **figures))

    def told(self, policy: str = "acme/p0") -> dict[str, str]:
        """What the conditions say: their reasons, by their types."""
        return {each["type"]: each["reason"] for each in self.steering.status(policy)["conditions"]}


def passed(plan: Plan, number: int) -> tuple[str, ...]:
    """The bridges of a track and of what follows it."""
    found: tuple[str, ...] = ()
    while number:
        track: Track = plan.tracks[str(number)]
        found, number = (*found, *track.bridges[bool(found) :]), track.then
    return found
