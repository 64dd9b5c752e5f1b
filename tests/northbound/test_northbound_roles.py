"""Who may do what; what one may not see does not exist."""

from __future__ import annotations

import pytest
from front import Front

PORT = {"spec": {"network": "web"}}
GLOBEX = {"kind": "Port", "project": "globex", "name": "q", **PORT}


@pytest.fixture
def tenants(office: Front) -> Front:
    office.made("acme", "acme/networks/web", "acme/ports/p", "globex", "globex/networks/web", "globex/ports/p")
    return office


def status(office: Front, token: str, method: str, path: str, body: object = None) -> int:
    return office.call(method, path, body, token).status_code


def test_a_member_has_its_project_and_no_other(tenants: Front) -> None:
    member = tenants.token("member", "acme")
    assert status(tenants, member, "GET", "/v1/projects/acme") == 200
    assert status(tenants, member, "PUT", "/v1/projects/acme/ports/new", PORT) == 201
    assert status(tenants, member, "DELETE", "/v1/projects/acme/ports/new") == 204
    for method, path, body in (
        ("GET", "/v1/projects/globex", None),
        ("PUT", "/v1/projects/globex", {}),
        ("GET", "/v1/projects/globex/ports", None),
        ("GET", "/v1/projects/globex/ports/p", None),
        ("PUT", "/v1/projects/globex/ports/p", PORT),
        ("PATCH", "/v1/projects/globex/ports/p", PORT),
        ("DELETE", "/v1/projects/globex/ports/p", None),
    ):
        assert status(tenants, member, method, path, body) == 404
    listed = tenants.call("GET", "/v1/projects", token=member).json
    assert [item["name"] for item in listed["items"]] == ["acme"]


def test_a_project_that_may_not_be_seen_reads_like_one_that_is_not_there(tenants: Front) -> None:
    member = tenants.token("member", "acme")
    for path in ("/v1/projects/{}", "/v1/projects/{}/ports", "/v1/projects/{}/ports/p"):
        hidden, missing = (tenants.call("GET", path.format(name), token=member).json for name in ("globex", "nobody"))
        assert hidden["detail"].replace("globex", "nobody") == missing["detail"]
    hidden = tenants.call("POST", "/v1/apply", [GLOBEX], member)
    missing = tenants.call("POST", "/v1/apply", [{**GLOBEX, "project": "nobody"}], member)
    assert hidden.status_code == missing.status_code == 422
    assert hidden.text.replace("globex", "nobody") == missing.text


def test_quotas_are_not_the_members_own(tenants: Front) -> None:
    member = tenants.token("member", "acme")
    assert status(tenants, member, "PUT", "/v1/projects/acme", {"spec": {"quotas": {"ports": 9}}}) == 403
    assert status(tenants, member, "DELETE", "/v1/projects/acme") == 403
    assert status(tenants, member, "POST", "/v1/apply", [{"kind": "Project", "name": "acme"}]) == 403


def test_pruning_stays_inside_the_members_projects(tenants: Front) -> None:
    member = tenants.token("member", "acme")
    changes = tenants.call("POST", "/v1/apply?prune=!nothing", [], member).json["changes"]
    assert {(change["action"], change["project"]) for change in changes} == {("deleted", "acme")}
    assert status(tenants, tenants.admin, "GET", "/v1/projects/globex/ports/p") == 200


def test_a_viewer_reads_and_an_operator_reads_all(tenants: Front) -> None:
    viewer, operator = tenants.token("viewer", "acme"), tenants.token("operator")
    assert status(tenants, viewer, "GET", "/v1/projects/acme/ports/p") == 200
    assert status(tenants, viewer, "PUT", "/v1/projects/acme/ports/p", PORT) == 403
    assert status(tenants, viewer, "GET", "/v1/chassis") == 403
    assert status(tenants, operator, "GET", "/v1/projects/globex/ports/p") == 200
    assert status(tenants, operator, "GET", "/v1/chassis") == 200
    assert status(tenants, operator, "PUT", "/v1/projects/globex/ports/p", PORT) == 403
    assert status(tenants, operator, "POST", "/v1/apply", [GLOBEX]) == 403
    assert status(tenants, operator, "POST", "/v1/apply?prune=!nothing", []) == 200
    assert tenants.call("GET", "/v1/projects", token=operator).json["items"][0]["name"] == "acme"


def test_tokens_are_the_administrators_and_shown_once(tenants: Front) -> None:
    made = tenants.call("POST", "/v1/tokens", {"name": "ci", "role": "member", "projects": ["acme"]})
    assert made.status_code == 201
    token = made.json["token"]
    assert status(tenants, token, "GET", "/v1/projects/acme") == 200
    assert token not in tenants.call("GET", "/v1/tokens").text
    assert token not in repr(tenants.database.tokens())
    for method, path in (("GET", "/v1/tokens"), ("POST", "/v1/tokens"), ("DELETE", "/v1/tokens/admin")):
        assert status(tenants, token, method, path) == 403
    assert status(tenants, tenants.admin, "POST", "/v1/tokens", {"name": "ci", "role": "admin"}) == 409
    assert status(tenants, tenants.admin, "DELETE", "/v1/tokens/ci") == 204
    assert status(tenants, token, "GET", "/v1/projects/acme") == 401
    assert status(tenants, tenants.admin, "DELETE", "/v1/tokens/ci") == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "x", "role": "king"}, "/role"),
        ({"name": "X", "role": "admin"}, "/name"),
        ({"name": "x", "role": "member"}, "/projects"),
        ({"name": "x", "role": "admin", "projects": ["acme"]}, "/projects"),
        ({"name": "x", "role": "admin", "scope": "all"}, "/scope"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(office: Front, body: dict[str, object], pointer: str) -> None:
    answer = office.call("POST", "/v1/tokens", body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_only_the_first_start_makes_an_administrator(office: Front) -> None:
    assert office.tokens.first_admin() is None


def test_events_of_other_projects_are_not_told(tenants: Front) -> None:
    tenants.events.publish("drift", "Chassis hv1", {}, 6, "netloom")
    member = tenants.token("member", "acme")
    told = [item["subject"] for item in tenants.call("GET", "/v1/events", token=member).json["items"]]
    assert told == ["Project acme", "Network acme/web", "Port acme/p"]
    assert len(tenants.call("GET", "/v1/events", token=tenants.token("operator")).json["items"]) == 7
