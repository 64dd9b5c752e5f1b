"""Counters are added up over hosts, rule by rule, and say when each rule was hit last."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from house import TABLES, House, policy

from controller.live.statistics import Statistics
from controller.policy.derived import PolicySet
from controller.policy.numbers import rule_number

DB = "Policy:acme/db"
NOW = 1767225660.0
"""2026-01-01T00:01:00Z"""
PG = rule_number(DB, "ingress", "pg", "allow")


@pytest.fixture
def house() -> House:
    house = House()
    house.live.statistics = Statistics(house.built.store, house, TABLES, lambda: NOW)
    house.put(policy(5432))
    return house


def rules(house: House) -> dict[str, dict[str, Any]]:
    told: Any = house.live.statistics.of(DB)
    return {row["rule"]: row for row in told["rules"]}


def default(house: House) -> int:
    (guard,) = house.built.store.keys(PolicySet)
    return rule_number(guard, "ingress", "default of application", "deny")


def test_sessions_are_what_began_and_packets_all_that_was_let_through(house: House) -> None:
    house.counted = {("hv2", PG): (3, 180, 50.0, 7.0), ("hv2", PG & ~3): (40, 4000, 50.0, 2.0)}
    found = rules(house)["pg"]
    assert {name: found[name] for name in ("packets", "bytes", "sessions", "denied")} == {
        "packets": 43,
        "bytes": 4180,
        "sessions": 3,
        "denied": 0,
    }
    assert (found["direction"], found["action"]) == ("ingress", "allow")


def test_the_last_hit_is_the_latest_of_all_flows_that_were_hit(house: House) -> None:
    house.counted = {("hv2", PG): (3, 180, 50.0, 7.0), ("hv2", PG & ~3): (0, 0, 50.0, 1.0)}
    assert rules(house)["pg"]["last_hit"] == "2026-01-01T00:00:53Z"
    assert rules(house)["default of application"]["last_hit"] is None


def test_what_a_tier_keeps_out_is_counted_as_denied(house: House) -> None:
    house.counted = {("hv2", default(house)): (5, 300, 9.0, 1.0)}
    found = rules(house)["default of application"]
    assert (found["denied"], found["sessions"], found["packets"]) == (5, 0, 5)


def test_an_audited_policy_counts_what_it_would_have_done(house: House) -> None:
    house.put(policy(5432, audit=True))
    house.counted = {("hv2", PG): (3, 180, 50.0, 7.0)}
    assert house.live.statistics.of(DB)["audit"] is True
    assert rules(house)["pg"]["sessions"] == 3


def test_who_does_not_answer_is_named_and_costs_nobody_else(house: House) -> None:
    house.away.add("hv2")
    told = house.live.statistics.of(DB)
    assert (told["unavailable"], told["chassis"]) == ({"hv2": "hv2 is not connected"}, [])
    assert rules(house)["pg"]["packets"] == 0


def test_counters_have_counted_since_the_youngest_flow(house: House) -> None:
    house.counted = {("hv2", PG): (1, 1, 20.0, 1.0)}
    assert house.live.statistics.of(DB)["since"] == "2026-01-01T00:00:40Z"


def test_a_policy_for_nobody_has_its_rules_and_asks_no_switch(house: House) -> None:
    house.put(replace(policy(5432), applied_to=()))
    told = house.live.statistics.of(DB)
    assert told["since"] is None
    assert list(rules(house)) == ["pg"]
