"""What demands carry is read from the very flows that put their packets on their tracks."""

from __future__ import annotations

import pytest

from apps import steering
from apps.fabric_tables import PATHS
from controller.atlas.demand_rates import DemandRates
from controller.compiler.compiler import Compiler, Rules
from controller.compiler.engine import Feature
from controller.courses import PATH_POLICY, Precedence
from controller.links import TRACKS, Bearing, Placed
from controller.southbound.flow_counts import FlowCount

MEGABYTE = 1_000_000
FAST, SLOW = "acme/fast|s1|s2", "acme/slow|s1|s3"
WORLD = (
    Precedence(f"{PATH_POLICY}:acme/fast", 0, 1),
    Precedence(f"{PATH_POLICY}:acme/slow", 1, 2),
    Bearing("s2", 12),
    Bearing("s3", 13),
    Placed(FAST, "acme/fast", "s1", "s2", TRACKS + 1),
    Placed(SLOW, "acme/slow", "s1", "s3", TRACKS + 2),
    Placed("acme/slow|s4|s3", "acme/slow", "s4", "s3", 0),
)


def broken(where: str, key: str, error: Exception) -> None:
    raise AssertionError((where, key)) from error


@pytest.fixture
def compiler() -> Compiler:
    """Two demands of one bridge with tracks, one of another without."""
    made = Compiler(Rules({}, (), (Feature("steering.placements", Placed, steering.placements),)), broken, lambda: None)
    made.run(WORLD, ())
    return made


def counts(compiler: Compiler, age: float, octets: dict[str, int]) -> list[FlowCount]:
    """What the switch would tell of the flows that stand."""
    found = []
    for flow in compiler.catalogue.flows("s1"):
        (node,) = compiler.catalogue.owners(flow)
        told = octets[compiler.engine.owner(node)[2]]
        found.append(FlowCount(flow.table, flow.priority, flow.match, flow.cookie, 1, told, age, 0.0))
    return found


def test_each_demand_carries_what_its_flow_has_counted(compiler: Compiler) -> None:
    rates = DemandRates(compiler, PATHS.number)
    assert rates.sources() == {"s1"}
    rates.counted("s1", counts(compiler, 1.0, {FAST: 0, SLOW: 0}))
    assert rates.known() == {}
    rates.counted("s1", counts(compiler, 2.0, {FAST: MEGABYTE, SLOW: 2 * MEGABYTE}))
    assert rates.known() == {FAST: pytest.approx(8.0), SLOW: pytest.approx(16.0)}


def test_flows_of_others_and_demands_without_a_track_carry_nothing(compiler: Compiler) -> None:
    rates = DemandRates(compiler, PATHS.number)
    for age in (1.0, 2.0):
        rates.counted("s1", [FlowCount(PATHS.number, 5, b"", 0, 1, 9, age, 0.0)])
        rates.counted("s1", counts(compiler, age, {FAST: 0, SLOW: 0}))
    compiler.run((Placed(SLOW, "acme/slow", "s1", "s3", 0),), ())
    assert rates.sources() == {"s1"}
    assert rates.known() == {FAST: 0.0}
