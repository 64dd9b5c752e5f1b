"""Connections, counters and recommendations, as scripts and people get them from a shell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from controller.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Shell

DOCUMENT = """
kind: Project
name: acme
spec: {}
---
kind: Network
project: acme
name: net
spec: {mode: overlay, subnets: [{name: v4, cidr: 10.1.0.0/24}]}
---
kind: Port
project: acme
name: web-1
labels: {app: web}
spec: {network: net}
---
kind: Policy
project: acme
name: db
spec: {applied_to: {labels: {app: db}}, ingress: [{action: allow, from: any}]}
"""


@pytest.fixture(autouse=True)
def _applied(shell: Shell, tmp_path: Path) -> None:
    document = tmp_path / "living.yaml"
    document.write_text(DOCUMENT)
    assert shell("apply", "-f", str(document)).code == Exit.DONE


def test_connections_have_a_table_and_filters(shell: Shell) -> None:
    assert json.loads(shell("connections", "--port", "acme/web-1", "-o", "json").out) == {"items": []}
    assert shell("get", "connections", "-p", "acme", "-o", "table").out.split()[:3] == ["PORT", "WAY", "PEER"]
    assert "must be project/name" in shell("connections", "--port", "web-1").err


def test_counters_are_those_of_a_policy_that_there_is(shell: Shell) -> None:
    said = shell("stats", "db", "-p", "acme", "-o", "json")
    assert (said.code, json.loads(said.out)["rules"]) == (Exit.DONE, [])
    assert shell("stats", "db", "-p", "acme", "-o", "table").out.split()[:3] == ["DIRECTION", "RULE", "ACTION"]
    assert "does not exist" in shell("stats", "none", "-p", "acme").err
    assert shell("stats", "db").code == Exit.USAGE


def test_a_recommendation_is_a_file_to_apply(shell: Shell) -> None:
    said = shell("recommend", "-p", "acme")
    assert (said.code, list(yaml.safe_load_all(said.out))) == (Exit.DONE, [])
    assert "0 conversations seen, 100.0% of them allowed" in said.err
    assert shell("recommend", "-p", "acme", "--ports", "app=").code == Exit.DONE
    refused = shell("recommend", "-p", "acme", "--ports", "a b")
    assert (refused.code, "no selector" in refused.err) == (Exit.REFUSED, True)
