"""Policies over HTTP as they are kept: who sees tiers and invariants, what is missing, and who holds what."""

from __future__ import annotations

from typing import Any

import pytest
from front import Front

ACME = "/v1/projects/acme"
RULE = {"action": "allow", "from": {"group": "g"}}


@pytest.fixture
def tenants(office: Front) -> Front:
    office.made("acme", "globex", "acme/networks/web")
    office.call("PUT", "/v1/tiers/edge", {"spec": {"order": 10}})
    office.call(
        "PUT", "/v1/clusterinvariants/apart", {"spec": {"from": {"project": "acme"}, "to": {"project": "globex"}}}
    )
    return office


def missing(office: Front, path: str) -> str:
    """What the condition says of what a resource names."""
    conditions = office.call("GET", f"{ACME}/{path}").json["status"]["conditions"]
    found: str = next(each for each in conditions if each["type"] == "ReferencesFound")["message"]
    return found


def test_everybody_reads_tiers_and_administrators_write_them(tenants: Front) -> None:
    member = tenants.token("member", "acme")
    assert tenants.call("GET", "/v1/tiers/edge", token=member).json["spec"] == {"order": 10, "default": "pass"}
    assert [each["name"] for each in tenants.call("GET", "/v1/tiers", token=member).json["items"]] == ["edge"]
    for method, body in (("PUT", {"spec": {"order": 11}}), ("DELETE", None)):
        assert tenants.call(method, "/v1/tiers/edge", body, member).status_code == 403


def test_invariants_of_the_cluster_are_not_the_tenants_to_see(tenants: Front) -> None:
    member, operator = tenants.token("member", "acme"), tenants.token("operator")
    for name in ("apart", "none"):
        answer = tenants.call("GET", f"/v1/clusterinvariants/{name}", token=member)
        assert (answer.status_code, answer.json["detail"]) == (404, "there is no such resource")
    assert tenants.call("GET", "/v1/clusterinvariants", token=member).json["items"] == []
    assert tenants.call("GET", "/v1/clusterinvariants/apart", token=operator).status_code == 200
    body = {"spec": {"from": {"project": "acme"}, "to": "any"}}
    assert tenants.call("PUT", "/v1/clusterinvariants/apart", body, member).status_code == 404
    answer = tenants.call("PUT", f"{ACME}/invariants/i", {"spec": {"from": {"project": "globex"}, "to": "any"}}, member)
    assert [each["pointer"] for each in answer.json["errors"]] == ["/spec/from/project"]


def test_a_policy_says_what_it_names_and_is_not_there(tenants: Front) -> None:
    tenants.call("PUT", f"{ACME}/policies/p", {"spec": {"applied_to": {"network": "web"}, "ingress": [RULE]}})
    assert missing(tenants, "policies/p") == "SecurityGroup acme/g does not exist yet"
    tenants.call("PUT", f"{ACME}/addressgroups/g", {"spec": {"cidrs": []}})
    assert missing(tenants, "policies/p") == ""
    tenants.call("PUT", f"{ACME}/ports/p", {"spec": {"network": "web", "security_groups": ["g"]}})
    assert missing(tenants, "ports/p") == "SecurityGroup acme/g does not exist yet"


def test_of_other_projects_nothing_is_told_not_even_whether_they_are_there(tenants: Front) -> None:
    peers = [{"project": name, "network": "n"} for name in ("globex", "nobody")]
    body = {"spec": {"applied_to": "any", "ingress": [{"action": "allow", "from": peers}]}}
    assert tenants.call("PUT", f"{ACME}/policies/p", body).status_code == 201
    assert "globex" not in str(tenants.call("GET", f"{ACME}/policies/p").json["status"])


def test_a_tier_in_use_is_held_by_those_who_use_it(tenants: Front) -> None:
    body: dict[str, Any] = {"spec": {"applied_to": "any", "tier": "edge"}}
    assert tenants.call("PUT", f"{ACME}/policies/p", body).status_code == 201
    answer = tenants.call("DELETE", "/v1/tiers/edge")
    assert (answer.status_code, answer.json["detail"]) == (409, "Tier edge is still used by Policy acme/p")
    tenants.call("DELETE", f"{ACME}/policies/p")
    assert tenants.call("DELETE", "/v1/tiers/edge").status_code == 204


def test_a_policy_without_its_tier_is_refused(tenants: Front) -> None:
    answer = tenants.call("PUT", f"{ACME}/policies/p", {"spec": {"applied_to": "any", "tier": "none"}})
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"pointer": "/spec/tier", "message": "there is no tier none"}]


def test_what_a_policy_answers_can_be_sent_back(tenants: Front) -> None:
    spec = {"applied_to": [{"labels": {"app": "db"}}], "ingress": [RULE], "egress": [{"action": "deny", "to": "any"}]}
    made = tenants.call("PUT", f"{ACME}/policies/p", {"spec": spec})
    again = tenants.call("PUT", f"{ACME}/policies/p", made.json)
    assert (again.status_code, again.json["revision"]) == (200, made.json["revision"])
    assert made.json["spec"]["ingress"] == [{"protocol": "any", "log": False, **RULE}]
