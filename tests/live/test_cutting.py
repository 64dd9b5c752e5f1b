"""Exactly those connections end that a policy which asks for it denies now; the plan names them before."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from house import DB, WEB, Entry, House, applying, policy

from controller.live.connections import Question, seen
from controller.policy.numbers import rule_number
from controller.policy.values import Policy, Rule
from controller.preview import Change
from tests.worlds import port

PG = rule_number("Policy:acme/db", "ingress", "pg", "allow")


@pytest.fixture
def house() -> House:
    house = House()
    house.put(policy(5432, 80))
    house.review()
    for name, ofport in (("hv1", 1), ("hv2", 2)):
        mark = PG if name == "hv2" else 0
        house.tracked[name] = [Entry(ofport, 4000, 5432, mark), Entry(ofport, 4001, 80, mark)]
    return house


def planned(house: House, *puts: Any) -> list[dict[str, Any]]:
    """What a dry run tells of connections."""
    over = house.tried(Change(puts, ()), house.live.cutting.look(partial(house.tried, Change(puts, ())), puts))
    told = over.told(lambda _: True)
    assert told["unavailable"] == {name: f"{name} is away" for name in house.mute}
    items: Any = told["items"]
    return list(items)


def test_what_a_change_denies_ends_where_it_is_denied_and_what_it_allows_lives_on(house: House) -> None:
    (row,) = planned(house, policy(80))
    assert (row["port"], row["source_port"], row["rule"], row["policy"]) == (
        *(DB, 4000, "Policy:acme/db#pg"),
        "Policy:acme/db",
    )
    assert house.cut() == set()
    house.put(policy(80))
    house.review()
    assert house.cut() == {("hv2", 4000)}
    ((kind, subject, detail),) = house.told
    assert (kind, subject, detail["cut"]) == ("security", "Policy acme/db", 1)
    assert [(one["source_port"], one["peer"]) for one in detail["connections"]] == [(4000, WEB)]


def test_one_that_keeps_ends_nothing_and_asks_nobody(house: House) -> None:
    keeping = policy(5432, 80, cut=False)
    house.put(keeping)
    house.review()
    asked = house.asked
    assert planned(house, replace(keeping, ingress=())) == []
    house.put(replace(keeping, ingress=()))
    house.review()
    assert (house.cut(), house.told, house.asked) == (set(), [], asked)


def test_the_last_word_of_a_policy_that_cut_counts_though_it_keeps_now(house: House) -> None:
    house.put(policy(80, cut=False))
    house.review()
    assert house.cut() == {("hv2", 4000)}


def test_what_others_deny_is_theirs_to_end(house: House) -> None:
    other = Policy("Policy:acme/no", "u", "Policy", "acme", "no", "application", 1, applying("db"), (), None)
    house.put(replace(other, ingress=(Rule("no", "deny", None),)))
    house.review()
    assert house.cut() == set()
    house.put(policy(5432, 80, 22))
    house.review()
    assert house.cut() == {("hv2", 4000), ("hv2", 4001)}, "it let them begin, and cannot any more"


def test_a_policy_that_goes_ends_what_it_let_begin_where_others_deny_it(house: House) -> None:
    other = Policy("Policy:acme/none", "u", "Policy", "acme", "none", "application", 500, applying("db"), (), None)
    house.put(replace(other, ingress=(Rule("no", "allow", applying("nobody")),)))
    house.review()
    house.tracked["hv2"].append(Entry(2, 4002, 22, 0))
    house.delete(Policy, "Policy:acme/db")
    house.review()
    assert house.cut() == {("hv2", 4000), ("hv2", 4001)}


def test_a_machine_that_comes_under_a_policy_loses_what_that_denies(house: House) -> None:
    quarantine = Policy("Policy:acme/q", "u", "Policy", "acme", "q", "application", 1, applying("sick"), (), ())
    deny = Rule("all", "deny", None)
    house.put(replace(quarantine, ingress=(deny,), egress=(deny,), cut=True))
    house.review()
    assert house.cut() == set()
    house.put(port(WEB, "acme/net", 1, labels=(("app", "sick"),)))
    house.review()
    assert {("hv1", 4000), ("hv1", 4001)} <= house.cut()


def test_audit_ends_nothing(house: House) -> None:
    house.put(policy(80, audit=True))
    house.review()
    assert house.cut() == set()


def test_every_protocol_is_cut_by_itself(house: House) -> None:
    house.tracked["hv2"] = [Entry(2, 7, 0, 0, 1), Entry(2, 8, 53, 0, 17), Entry(2, 9, 5432, 0), Entry(2, 10, 80, 0)]
    house.put(policy(80))
    house.review()
    assert house.cut() == {("hv2", 7), ("hv2", 8), ("hv2", 9)}


def test_what_is_over_already_is_not_cut(house: House) -> None:
    house.tracked["hv2"] = [Entry(2, 4000, 5432, PG, state="TIME_WAIT")]
    assert planned(house, policy(80)) == []


def test_a_connection_that_slips_in_by_the_old_rules_is_found_a_moment_later(house: House) -> None:
    house.put(policy(80))
    house.during[0.5] = Entry(2, 4005, 5432, PG)
    house.review()
    assert ("hv2", 4005) in house.cut()


def test_who_is_allowed_again_may_go_on(house: House) -> None:
    house.put(policy(80))
    house.review()
    house.put(policy(5432, 80))
    house.review()
    assert house.cut() == set()
    assert {one.mark for one in house.tracked["hv2"]} == {PG}


def test_a_switch_that_is_away_is_made_to_cut_when_it_is_back(house: House) -> None:
    house.away.add("hv2")
    house.put(policy(80))
    house.review()
    assert house.cut() == set()
    house.away.clear()
    house.live.cutting.settled("hv2")
    house.review()
    assert house.cut() == {("hv2", 4000)}


def test_a_host_that_cannot_tell_its_connections_is_told_of(house: House) -> None:
    house.mute.add("hv2")
    house.put(policy(80))
    house.review()
    ((kind, subject, detail),) = house.told
    assert (kind, subject) == ("health", "Chassis hv2")
    assert "none was cut" in detail["connections"]
    assert planned(house, policy(22)) == []


def test_a_port_of_another_project_at_the_other_end_is_not_named(house: House) -> None:
    row = house.live.connections.page(Question(port=DB), 1, "").rows[0] | {"peer": "beta/web-1"}
    assert seen(row, lambda project: project == "acme")["peer"] is None
    assert seen(row, lambda _: True)["peer"] == "beta/web-1"


def test_both_ends_list_a_connection_each_with_its_own_direction(house: House) -> None:
    rows = house.live.connections.page(Question(), 100, "").rows
    told = sorted((row["port"], row["direction"], row["peer"], row["source_port"], row["rule"]) for row in rows)
    assert told == [
        (DB, "ingress", WEB, 4000, "Policy:acme/db#pg"),
        (DB, "ingress", WEB, 4001, "Policy:acme/db#pg"),
        (WEB, "egress", DB, 4000, None),
        (WEB, "egress", DB, 4001, None),
    ]


def test_only_the_zone_of_a_port_is_read_for_it(house: House) -> None:
    house.tracked["hv2"].append(Entry(9, 1, 1))
    rows = house.live.connections.page(Question(port=DB), 100, "").rows
    assert {row["port"] for row in rows} == {DB}
    assert len(rows) == 2
    assert house.live.connections.page(Question(projects=frozenset()), 100, "").rows == []
