"""The flows of six worlds, feature by feature, as reviewed text: ``pytest --update-golden`` rewrites it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from apps import registry
from apps.pipeline import TABLE_NAMES
from controller.entities import Chassis
from controller.flow.actions import instructions
from controller.flow.flow import Everywhere, Flow, Here, Hosts, Scope
from controller.flow.groups import SELECT, Group
from controller.flow.text import actions_text, match_text
from tests.compiled import compiled
from tests.fabric_worlds import steered_world
from tests.guarded_worlds import guarded_world
from tests.outward_worlds import led_outside
from tests.routed_worlds import routed_world
from tests.steered_worlds import whole
from tests.worlds import World, small_world

GOLDEN = Path(__file__).parents[1] / "golden"
SERVED, WIRED, STEERED, OUTWARD = "addressing", {"fabric", "tracks"}, {"chains", "steering"}, "leaving"
"""Nothing of the small world is served, and nothing is wired or steered."""
FEATURES = sorted({feature.name.partition(".")[0] for feature in registry.FEATURES})


def place(scope: Scope) -> str:
    match scope:
        case Everywhere():
            return "every chassis"
        case Hosts(realm=realm):
            return f"the chassis of {realm}"
        case Here(chassis=chassis):
            return chassis


def line(flow: Flow) -> str:
    """One flow as ovs-ofctl would show it, with its table's name, and what its groups do in place of their numbers."""
    match = "".join(f",{word}" for word in [match_text(flow.match)] if word)
    actions = actions_text(flow.instructions, TABLE_NAMES)
    for group in flow.groups:
        actions = actions.replace(f"group:{group.number}", ways(group))
    return f"  table={TABLE_NAMES[flow.table]},priority={flow.priority}{match} actions={actions}"


def ways(group: Group) -> str:
    """What each bucket does while its port is alive."""
    kind = "select" if group.kind == SELECT else "failover"
    buckets = ((one.watch, actions_text(instructions(one.actions), TABLE_NAMES)) for one in group.buckets)
    return f"{kind}({' | '.join(f'{watch}: {actions}' for watch, actions in buckets)})"


def text(feature: str) -> str:
    """What one feature makes of the small world, else of the routed or the guarded one; of others, of theirs."""
    if feature in WIRED | STEERED:
        return described(feature, whole() if feature in STEERED else steered_world())
    if feature == OUTWARD:
        return described(feature, led_outside())
    worlds = [small_world(), routed_world(), guarded_world()][feature == SERVED :]
    return next((found for world in worlds if (found := described(feature, world))), "")


def described(feature: str, of: World) -> str:
    """The feature's flows by where they stand and for what."""
    compiler = compiled(of)
    found: dict[str, set[tuple[int, int, bytes, str]]] = defaultdict(set)
    for chassis in sorted(compiler.store.keys(Chassis)):
        for flow in compiler.catalogue.flows(chassis):
            owners = sorted(key for rule, key in compiler.owners(flow) if rule.partition(".")[0] == feature)
            if owners:
                heading = f"on {place(flow.scope)}, for {', '.join(owners)}"
                found[heading].add((flow.table, -flow.priority, flow.match, line(flow)))
    parts = [[heading, *(entry[3] for entry in sorted(entries)), ""] for heading, entries in sorted(found.items())]
    return "\n".join("\n".join(part) for part in parts)


@pytest.mark.parametrize("feature", FEATURES)
def test_the_flows_of_a_feature_are_those_that_were_reviewed(feature: str, update_golden: bool) -> None:  # noqa: FBT001
    file = GOLDEN / f"{feature}.flows"
    if update_golden:
        file.write_text(text(feature))
    assert text(feature) == file.read_text()


def test_every_golden_file_is_of_a_feature() -> None:
    assert sorted(file.stem for file in GOLDEN.glob("*.flows")) == FEATURES
