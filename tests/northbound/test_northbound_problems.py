"""Whatever goes wrong, the answer is a problem that a program can read."""

from __future__ import annotations

from typing import Any

import pytest
from front import LIMIT, Front

from controller.errors import Unavailable

JSON = {"Content-Type": "application/json"}


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json
    assert found["status"] == status
    assert set(found) >= {"type", "title", "status", "detail", "errors"}
    return found


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/projects/", 404),
        ("GET", "/v1/projects/acme/routers", 404),
        ("GET", "/v1/projects/%ff%fe", 404),
        ("GET", "/v1/projects/a%2Fb", 404),
        ("POST", "/v1/projects/acme", 405),
        ("DELETE", "/v1/projects", 405),
        ("GET", "/v1/apply", 405),
        ("PATCH", "/healthz", 405),
    ],
)
def test_paths_and_methods_that_are_not_there(office: Front, method: str, path: str, status: int) -> None:
    problem(office.call(method, path), status)


def test_a_body_must_be_of_a_kind_that_is_understood(office: Front) -> None:
    for kind in ("text/plain", "application/xml", "application/yaml", ""):
        answer = office.call("PUT", "/v1/projects/acme", headers={"Content-Type": kind}, raw="{}")
        assert "application/json" in problem(answer, 415)["detail"]


def test_an_answer_must_be_of_a_kind_that_can_be_given(office: Front) -> None:
    for path in ("/v1/projects", "/v1/chassis", "/v1/tokens", "/v1/events"):
        problem(office.call("GET", path, headers={"Accept": "text/html"}), 406)
    for accept in ("application/*", "text/html, */*;q=0.1", "application/json;q=0.5, text/plain"):
        assert office.call("GET", "/v1/projects", headers={"Accept": accept}).status_code == 200


def test_nothing_is_changed_by_a_request_whose_answer_cannot_be_given(office: Front) -> None:
    problem(office.call("PUT", "/v1/projects/acme", {}, headers={"Accept": "text/html"}), 406)
    assert office.database.revision == 0


@pytest.mark.parametrize("body", ["", "{", "[]", "3", '"x"', '{"spec": {}, "spec": {}}', '{"a": NaN}'])
def test_broken_bodies(office: Front, body: str) -> None:
    problem(office.call("PUT", "/v1/projects/acme", headers=JSON, raw=body), 400)


def test_huge_bodies_are_refused_unread(office: Front) -> None:
    problem(office.call("PUT", "/v1/projects/acme", headers=JSON, raw=b" " * (LIMIT + 1)), 413)


def test_a_body_that_ends_early(office: Front) -> None:
    headers = {**JSON, "Content-Length": "100"}
    problem(office.call("PUT", "/v1/projects/acme", headers=headers, raw="{}"), 400)


def test_who_is_not_known_is_challenged(office: Front) -> None:
    for authorization in (None, "Basic x", "Bearer", "Bearer wrong", "Bearer \u00e9"):
        headers = {"Authorization": authorization} if authorization else {}
        answer = office.client.simulate_get("/v1/projects", headers=headers)
        problem(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_our_own_errors_have_an_id_and_no_trace(office: Front, capsys: pytest.CaptureFixture[str]) -> None:
    office.world.broken = True
    found = problem(office.call("GET", "/v1/chassis"), 500)
    assert found["id"] in found["detail"]
    assert "Traceback" not in found["detail"]
    assert found["id"] in "".join(capsys.readouterr())


def test_a_daemon_that_is_not_ready_says_why(office: Front) -> None:
    assert office.client.simulate_get("/healthz").json == {"status": "ok"}
    assert office.client.simulate_get("/readyz").json == {"status": "ready"}
    office.world.unready = "the intent database cannot be reached"
    answer = office.client.simulate_get("/readyz")
    assert problem(answer, Unavailable.status)["detail"] == office.world.unready
    assert answer.headers["retry-after"] == "1"


def test_figures_tell_of_requests_and_sizes(office: Front) -> None:
    office.made("acme", "acme/networks/web", "acme/ports/p")
    office.call("GET", "/nowhere/at/all")
    text = office.client.simulate_get("/metrics").text
    assert 'netloom_resources{kind="Port"} 1.0' in text
    assert "netloom_intent_revision 3.0" in text
    assert 'netloom_http_request_duration_seconds_count{method="any",route="none",status="404"} 1.0' in text
