"""What guards and rules cost a chassis, in flows: they grow with sorts of machines and rules, never with machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from apps.policy_tables import POLICY_TABLES, WHO
from controller.policy.values import TCP, Block, Rule, Service
from tests.apps.scenes import DB, WEB, machine, rule, scene, to
from tests.compiled import compiled
from tests.worlds import plugged, port

if TYPE_CHECKING:
    from controller.entities import Entity

OF_POLICY = {table.number for table in POLICY_TABLES} - {WHO.number}


def size(*more: Entity, host: str = "hv2") -> int:
    """The flows of policy on a host, but for those that tell who has an address."""
    flows = compiled(scene(*more)).catalogue.flows(host)
    return sum(flow.table in OF_POLICY for flow in flows)


def of_guard(*rules: Rule) -> int:
    """What a guard with these rules adds: each tier and its end, what a tier keeps out counted, then the rules."""
    return size(to(DB, *rules)) - size() - 3


def many(peers: int, services: int) -> Rule:
    """A rule of so many blocks and ports, of which no two are one."""
    blocks = tuple(Block(f"192.0.2.{8 * number}/31") for number in range(peers))
    ports = tuple((9 * number, 9 * number) for number in range(1, services + 1))
    return Rule("many", "allow", blocks, (Service(TCP, ports),))


def test_a_guard_costs_a_flow_for_each_tier_one_for_the_end_and_one_for_each_that_keeps_out() -> None:
    assert of_guard() == 0


@pytest.mark.parametrize(("peers", "services"), [(1, 1), (1, 9), (9, 1), (2, 2), (2, 3), (3, 3), (5, 10), (20, 30)])
def test_a_rule_costs_its_peers_times_its_services_or_their_sum_and_one_whatever_is_less(
    peers: int, services: int
) -> None:
    counted = 2
    assert of_guard(many(peers, services)) == min(peers * services, peers + services + 1) + counted


def test_a_rule_that_keeps_out_is_counted_by_one_flow_and_one_that_passes_by_none() -> None:
    assert of_guard(rule("deny", WEB)) == 2
    assert of_guard(rule("reject", WEB)) == 2
    assert of_guard(rule("pass", WEB)) == 1


def test_a_range_of_ports_costs_as_many_flows_as_it_has_aligned_parts() -> None:
    assert of_guard(rule("allow", WEB, services=(Service(TCP, ((8000, 8079),)),))) == 2 + 2
    assert of_guard(rule("allow", WEB, services=(Service(TCP, ((1, 65534),)),))) == 30 + 2


def test_more_machines_of_a_sort_cost_no_flow_of_policy() -> None:
    allowed = to(DB, rule("allow", WEB))
    more = [port(f"acme/db{n}", "acme/net", n, labels=(("app", "db"),)) for n in range(20, 30)]
    plugs = [plugged(one.key, "hv2", 20 + n) for n, one in enumerate(more)]
    assert size(allowed, *more, *plugs) == size(allowed)
    assert machine("db").labels == more[0].labels
