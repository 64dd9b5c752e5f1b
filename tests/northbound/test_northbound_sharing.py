"""Shared networks over HTTP: used by who may not see them, and told to nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from front import Front

ACME, GLOBEX = "/v1/projects/acme", "/v1/projects/globex"
SUBNETS = [{"name": "v4", "cidr": "192.0.2.0/24"}]
PUBLIC = {"mode": "bridged", "physical_network": "outside", "subnets": SUBNETS}
ROUTER = {"spec": {"external": {"network": "acme/public"}}}
FLOATING = {"spec": {"network": "acme/public"}}


@pytest.fixture
def tenants(office: Front) -> Front:
    office.made("acme", "globex")
    return office


def share(office: Front, token: str | None = None, *, shared: bool = True) -> Any:
    return office.call("PUT", f"{ACME}/networks/public", {"spec": {**PUBLIC, "shared": shared}}, token)


def references(office: Front, path: str, token: str) -> tuple[bool, str]:
    """The condition ReferencesFound of a resource, as its owner sees it."""
    status = office.call("GET", f"{GLOBEX}/{path}", token=token).json["status"]
    found = next(each for each in status["conditions"] if each["type"] == "ReferencesFound")
    return found["status"], found["message"]


def test_a_member_leaves_by_a_network_that_it_cannot_read(tenants: Front) -> None:
    provider, member = tenants.token("member", "acme"), tenants.token("member", "globex")
    assert share(tenants, provider).status_code == 201
    router = tenants.call("PUT", f"{GLOBEX}/routers/edge", ROUTER, member)
    assert (router.status_code, router.json["status"]["external_addresses"]) == (201, ["192.0.2.2"])
    floating = tenants.call("PUT", f"{GLOBEX}/floatingips/f", FLOATING, member)
    assert (floating.status_code, floating.json["status"]["address"]) == (201, "192.0.2.3")
    assert references(tenants, "routers/edge", member) == (True, "")
    for path in (ACME, f"{ACME}/networks", f"{ACME}/networks/public", f"{ACME}/routers"):
        assert tenants.call("GET", path, token=member).status_code == 404
    for path in (f"{GLOBEX}/routers/edge", f"{GLOBEX}/floatingips/f"):
        assert tenants.call("GET", path, token=provider).status_code == 404
    again = tenants.call("PUT", f"{GLOBEX}/routers/edge", router.json, member)
    assert (again.status_code, again.json) == (200, tenants.call("GET", f"{GLOBEX}/routers/edge").json)


def test_what_is_not_shared_reads_like_what_is_not_there(tenants: Front) -> None:
    member = tenants.token("member", "globex")
    share(tenants, shared=False)
    answers = []
    for network in ("acme/public", "acme/nobody", "nowhere/public"):
        answer = tenants.call("PUT", f"{GLOBEX}/routers/edge", {"spec": {"external": {"network": network}}}, member)
        found, message = references(tenants, "routers/edge", member)
        assert (found, message) == (False, f"there is no shared network {network}")
        assert answer.json["status"]["external_addresses"] == []
        answers.append(answer.status_code)
        assert tenants.call("DELETE", f"{GLOBEX}/routers/edge", token=member).status_code == 204
    assert answers == [201, 201, 201]


def test_what_a_shared_network_cannot_give_is_said(tenants: Front) -> None:
    member = tenants.token("member", "globex")
    asked = {"spec": {"network": "acme/public", "address": "192.0.2.1"}}
    assert tenants.call("PUT", f"{GLOBEX}/floatingips/f", asked, member).status_code == 201
    share(tenants)
    found, message = references(tenants, "floatingips/f", member)
    assert (found, message[:55]) == (False, "shared network acme/public has no address for it; if th")
    refused = tenants.call("PUT", f"{GLOBEX}/floatingips/f", asked, member)
    assert refused.status_code == 409
    assert refused.json["errors"][0]["message"] == "address 192.0.2.1 is taken by another project"


def test_who_shares_hears_nothing_of_who_comes(tenants: Front) -> None:
    provider = tenants.token("member", "acme")
    tenants.call("PUT", f"{GLOBEX}/routers/edge", ROUTER)
    network = {"kind": "Network", "project": "acme", "name": "public", "spec": {**PUBLIC, "shared": True}}
    for query in ("?dry_run=true", "?wait=0"):
        answer = tenants.call("POST", f"/v1/apply{query}", [network], provider)
        assert [change["name"] for change in answer.json["changes"]] == ["public"]
        assert "globex" not in answer.text
    assert tenants.call("GET", f"{GLOBEX}/routers/edge").json["status"]["external_addresses"] == ["192.0.2.2"]
    subjects = [item["subject"] for item in tenants.call("GET", "/v1/events", token=provider).json["items"]]
    assert subjects == ["Project acme", "Network acme/public"]


def test_an_administrator_hears_of_all(tenants: Front) -> None:
    tenants.call("PUT", f"{GLOBEX}/routers/edge", ROUTER)
    network = {"kind": "Network", "project": "acme", "name": "public", "spec": {**PUBLIC, "shared": True}}
    changes = tenants.call("POST", "/v1/apply", [network]).json["changes"]
    assert [(change["project"], change["action"]) for change in changes] == [("acme", "created"), ("globex", "updated")]


def test_what_others_use_stays_shared(tenants: Front) -> None:
    provider = tenants.token("member", "acme")
    share(tenants)
    tenants.call("PUT", f"{GLOBEX}/routers/edge", ROUTER)
    told = "Network acme/public is still used by 1 resource of other projects"
    refusals = [
        share(tenants, provider, shared=False),
        tenants.call("PATCH", f"{ACME}/networks/public", {"spec": {"shared": None}}, provider),
        tenants.call("DELETE", f"{ACME}/networks/public", token=provider),
        tenants.call("POST", "/v1/apply?prune=!nothing", [], provider),
    ]
    for refused in refusals:
        assert (refused.status_code, refused.json["errors"][0]["message"]) == (409, told)
        assert "globex" not in refused.text


def test_the_schema_says_which_references_reach_further(office: Front) -> None:
    schemas = office.call("GET", "/v1/openapi.json").json["components"]["schemas"]
    assert schemas["NetworkSpec"]["properties"]["shared"]["default"] is False
    further = {
        f"{model}.{name}"
        for model, schema in schemas.items()
        for name, field in schema.get("properties", {}).items()
        if "/)?[a-z0-9]" in field.get("pattern", "")
    }
    assert further == {"ExternalSpec.network", "FloatingIPSpec.network", "PortSpec.network"}
