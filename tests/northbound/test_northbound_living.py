"""Who sees which connections, counters and recommendations; what cannot be asked is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from controller.live.connections import Question
from controller.live.live import Live

if TYPE_CHECKING:
    from front import Front

POLICY = {"spec": {"applied_to": {"labels": {"app": "db"}}, "ingress": [{"action": "allow", "from": "any"}]}}


@pytest.fixture
def tenants(office: Front) -> Front:
    office.made("acme", "acme/networks/web", "acme/ports/p", "globex", "globex/networks/web", "globex/ports/p")
    assert office.call("PUT", "/v1/projects/acme/policies/db", POLICY).status_code == 201
    return office


@pytest.fixture
def asked(tenants: Front, monkeypatch: pytest.MonkeyPatch) -> list[Question]:
    """What was asked for of connections."""
    found: list[Question] = []
    live: Live = tenants.world.live
    page = live.connections.page

    def noting(question: Question, limit: int, cursor: str) -> Any:
        found.append(question)
        return page(question, limit, cursor)

    monkeypatch.setattr(live.connections, "page", noting)
    return found


def test_each_sees_the_connections_of_the_projects_that_it_reads(tenants: Front, asked: list[Question]) -> None:
    viewer, operator = tenants.token("viewer", "acme"), tenants.token("operator")
    assert tenants.call("GET", "/v1/connections", token=viewer).json == {"items": [], "next": None, "unavailable": {}}
    tenants.call("GET", "/v1/connections", token=operator)
    tenants.call("GET", "/v1/connections", token=operator, params={"project": "acme", "chassis": "hv1"})
    tenants.call("GET", "/v1/connections", token=viewer, params={"port": "acme/p"})
    acme = frozenset({"acme"})
    assert asked == [Question(None, acme), Question(), Question("hv1", acme), Question(None, acme, "acme/p")]


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"project": "globex"}, 404),
        ({"port": "globex/p"}, 404),
        ({"port": "p"}, 400),
        ({"port": "/p"}, 400),
        ({"cursor": "eA=="}, 400),
        ({"limit": "0"}, 400),
        ({"router": "acme/r"}, 400),
    ],
)
def test_what_is_not_ones_own_is_not_there_and_what_means_nothing_is_refused(
    tenants: Front, params: dict[str, str], status: int
) -> None:
    viewer = tenants.token("viewer", "acme")
    assert tenants.call("GET", "/v1/connections", token=viewer, params=params).status_code == status


def test_counters_are_for_who_reads_the_policy(tenants: Front) -> None:
    path = "/v1/projects/acme/policies/db/stats"
    mine, other = tenants.token("viewer", "acme"), tenants.token("viewer", "globex")
    told = tenants.call("GET", path, token=mine).json
    assert told == {"audit": False, "since": None, "rules": [], "chassis": [], "unavailable": {}}
    assert tenants.call("GET", path, token=other).status_code == 404
    assert tenants.call("GET", "/v1/projects/acme/policies/none/stats", token=mine).status_code == 404
    assert tenants.call("GET", "/v1/adminnetworkpolicies/x/stats", token=mine).status_code == 403
    assert tenants.call("GET", "/v1/adminnetworkpolicies/x/stats").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"project": "acme", "ports": "a b"}, 422, "/ports"),
        ({"project": "acme", "port": "app=web"}, 422, "/port"),
        ({"ports": "app=web"}, 422, "/project"),
    ],
)
def test_a_question_for_a_recommendation_is_read_strictly(
    tenants: Front, body: dict[str, str], status: int, pointer: str
) -> None:
    answer = tenants.call("POST", "/v1/policies:recommend", body)
    assert (answer.status_code, [error["pointer"] for error in answer.json["errors"]]) == (status, [pointer])


def test_a_recommendation_is_for_who_reads_the_project_and_changes_nothing(tenants: Front) -> None:
    mine, other = tenants.token("viewer", "acme"), tenants.token("member", "globex")
    answer = tenants.call("POST", "/v1/policies:recommend", {"project": "acme"}, mine)
    assert (answer.status_code, answer.json["policies"], answer.json["coverage"]) == (200, [], 1.0)
    assert tenants.call("POST", "/v1/policies:recommend", {"project": "acme"}, other).status_code == 404
