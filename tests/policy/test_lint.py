"""What lint says of policies, finding by finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controller.entities import Port
from controller.policy.gates import Gates
from controller.policy.lint import Finding, Linter
from controller.policy.values import TCP, Block, Listed, Machines, Policy, Requirement, Rule, Service
from tests.compiled import Watched
from tests.policy.policy_worlds import ground

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controller.policy.trying import RuleKey

WEB, DB, NOBODY = (Machines(("acme",), labels=(Requirement("app", "In", (app,)),)) for app in ("web", "db", "gone"))
PG, SSH, LOW = ((Service(TCP, (ports,)),) for ports in ((5432, 5432), (22, 22), (1, 10_000)))


def policy(name: str, *rules: Rule, priority: int = 500, tier: str = "application", to: Machines = DB) -> Policy:
    return Policy(f"Policy:acme/{name}", f"uid-{name}", "Policy", "acme", name, tier, priority, (to,), rules, None)


def findings(*policies: Policy, hits: Mapping[RuleKey, int] | None = None) -> list[Finding]:
    compiler = Watched()
    compiler.turn([*ground(), *policies, *(machine(number, app) for number, app in ((1, "web"), (2, "db")))])
    assert not compiler.bugs
    return list(Linter(compiler.store, Gates(), bool, _nothing, hits).findings(policies))


def machine(number: int, app: str) -> Port:
    name, mac = f"p{number}", f"02:00:00:00:00:{number:02x}"
    return Port(f"acme/{name}", name, "acme", name, "acme/web", mac, (f"10.0.1.{number}",), labels=(("app", app),))


def told(found: list[Finding]) -> list[tuple[str, str, str | None]]:
    return [(one.check, one.severity, one.rule) for one in found]


def test_of_what_is_as_it_should_be_nothing_is_said() -> None:
    assert findings(policy("a", Rule("pg", "allow", (WEB,), PG), Rule("ssh", "allow", (WEB,), SSH))) == []


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((Rule("pg", "allow", (NOBODY,), PG),), ("unreachable-selector", "warning", "pg")),
        ((Rule("pg", "allow", (Listed("acme/gone"),), PG),), ("unknown-group", "error", "pg")),
        ((Rule("all", "allow", None),), ("any-any", "warning", "all")),
        ((Rule("all", "allow", (Block("0.0.0.0/0"),)),), ("any-any", "warning", "all")),
        ((Rule("no", "deny", (WEB,), LOW), Rule("pg", "allow", (WEB,), PG)), ("shadowed", "error", "pg")),
        ((Rule("a", "deny", (WEB,), LOW), Rule("b", "deny", (WEB,), PG)), ("redundant", "info", "a")),
        ((Rule("a", "allow", (WEB,), LOW), Rule("b", "allow", (WEB,), PG)), ("redundant", "info", "b")),
        ((Rule("no", "deny", (WEB,), PG), Rule("low", "allow", (WEB,), LOW)), ("conflicting", "warning", "low")),
    ],
)
def test_each_rule_that_is_odd_is_found(rules: tuple[Rule, ...], expected: tuple[str, str, str]) -> None:
    found = findings(policy("a", *rules))
    assert expected in told(found) or (
        expected[0] == "redundant" and ("shadowed", "warning", expected[2]) in told(found)
    )


def test_a_conflict_says_who_wins_and_where_it_stands() -> None:
    denied = policy("a", Rule("no", "deny", (WEB,), PG))
    allowed = policy("b", Rule("other", "allow", (WEB,), SSH), Rule("low", "allow", (WEB,), LOW))
    (loser,) = (one for one in findings(denied, allowed) if one.check == "conflicting" and one.rule == "low")
    assert (loser.policy, loser.pointer) == ("Policy:acme/b", "/spec/ingress/1")
    assert "Policy:acme/a#no says the opposite" in loser.message
    assert "that one wins" in loser.message


def test_priorities_that_differ_are_no_conflict() -> None:
    found = findings(
        policy("a", Rule("no", "deny", (WEB,), PG), priority=1), policy("b", Rule("low", "allow", (WEB,), LOW))
    )
    assert "conflicting" not in {one.check for one in found}


def test_policies_for_nobody_and_of_tiers_that_do_not_exist_are_found() -> None:
    assert told(findings(policy("a", Rule("pg", "allow", (WEB,), PG), to=NOBODY))) == [
        ("unreachable-selector", "warning", None)
    ]
    assert ("unknown-tier", "error", None) in told(findings(policy("a", Rule("pg", "allow", (WEB,), PG), tier="gone")))


def test_rules_that_never_decided_are_told_where_that_is_counted() -> None:
    both = policy("a", Rule("pg", "allow", (WEB,), PG), Rule("ssh", "allow", (WEB,), SSH))
    found = findings(both, hits={("Policy:acme/a", "ingress", "pg"): 7, ("Policy:acme/a", "ingress", "ssh"): 0})
    assert told(found) == [("never-hit", "info", "ssh")]


def _nothing() -> None:
    """No time passes."""
