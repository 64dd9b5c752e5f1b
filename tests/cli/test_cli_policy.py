"""Reachability and lint as people and scripts see them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from controller.cli.policy import end, services, tell_changes
from controller.entities import Port
from controller.policy.survey import Survey
from controller.policy.values import TCP, Listed, Machines, Policy, Rule, Service
from tests.compiled import Watched
from tests.policy.policy_worlds import ground

if TYPE_CHECKING:
    from conftest import Shell

PORTS = {
    "project": "acme",
    "networks": ["acme/web"],
    "labels": {"app": "web"},
    "groups": [],
    "ports": 2,
    "names": ["a"],
}


@pytest.fixture
def town(shell: Shell) -> Shell:
    """A daemon with two machines, one of which only an unknown group may ask."""
    rule = Rule("pg", "allow", (Listed("acme/gone"),), (Service(TCP, ((5432, 5432),)),))
    one = (Machines(("acme",), ports=("acme/p2",)),)
    policy = Policy("Policy:acme/db", "uid", "Policy", "acme", "db", "application", 500, one, (rule,), None)
    machines = [
        Port(f"acme/p{n}", "u", "acme", f"p{n}", "acme/web", f"02:00:00:00:00:0{n}", (f"10.0.1.{n}",)) for n in (1, 2)
    ]
    compiler = Watched()
    compiler.turn([*ground(), policy, *machines])
    shell.office.world.survey = Survey(compiler.store, lambda: None)
    return shell


def test_the_matrix_has_a_line_for_each_pair(town: Shell) -> None:
    said = town("reachability", "-o", "table")
    assert (said.code, "acme: acme/web (acme/p2)" in said.out) == (0, True)
    rows = json.loads(town("reachability").out)["items"]
    assert [(row["from"]["names"], row["to"]["names"]) for row in rows] == [(["acme/p2"], ["acme/p1"])]


def test_lint_ends_with_1_where_something_is_wrong(town: Shell) -> None:
    said = town("lint", "-o", "table")
    assert said.code == 1
    assert "unknown-group: Policy acme/db/spec/ingress/0 (pg): there is no AddressGroup acme/gone" in said.out
    assert json.loads(town("lint", "-p", "acme").out)["items"][0]["severity"] == "error"


def test_lint_of_nothing_finds_nothing(shell: Shell) -> None:
    said = shell("lint", "-o", "table")
    assert (said.code, said.out) == (0, "nothing is odd\n")


def test_what_changes_is_told_row_by_row(capsys: pytest.CaptureFixture[str]) -> None:
    row: dict[str, Any] = {
        "from": PORTS,
        "to": {"project": None},
        "services": [{"protocol": "tcp", "ports": [80, "90-99"]}],
    }
    none: dict[str, Any] = {"rows": [], "more": 0}
    tell_changes({"allowed": {"rows": [row], "more": 3}, "denied": none, "complete": False}, Console(width=200))
    assert capsys.readouterr().out.splitlines() == [
        "newly allowed: ",
        "  + acme: app=web (2 ports) → another project: tcp 80,90-99",
        "  and 3 more rows",
        "no longer allowed: none",
        "there is more: too many are concerned to compare all",
    ]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"outside": ["10.0.0.0/8"], "more": True}, "outside (10.0.0.0/8, …)"),
        ({**PORTS, "labels": {}}, "acme: acme/web (2 ports)"),
        ({**PORTS, "ports": 1, "groups": ["acme/red"]}, "acme: app=web, group acme/red (a)"),
    ],
)
def test_ends_are_told_in_a_few_words(told: dict[str, Any], words: str) -> None:
    assert end(told) == words


def test_services_are_told_as_people_write_them() -> None:
    found = [
        {"protocol": "any", "but": ["tcp"]},
        {"protocol": "icmp", "types": [8]},
        {"protocol": "udp", "source_ports": [53]},
    ]
    assert services(found) == "any but tcp, icmp type 8, udp from 53"
    assert services([]) == "none"
