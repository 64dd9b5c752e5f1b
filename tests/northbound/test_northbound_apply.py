"""Many resources at once: all or nothing, planned or done."""

from __future__ import annotations

import msgpack
import pytest
from front import Front

from controller.entities import Network, Port, Project

YAML = """
kind: Project
name: acme
---
kind: Network
project: acme
name: web
spec: {subnets: [{name: v4, cidr: 10.1.0.0/24}]}
---
kind: Port
project: acme
name: p
labels: {app: web}
spec: {network: web}
"""
AS_YAML = {"Content-Type": "application/yaml"}


def actions(answer: object) -> dict[str, str]:
    return {change["name"]: change["action"] for change in answer.json["changes"]}  # type: ignore[attr-defined]


def test_a_document_is_one_revision(office: Front) -> None:
    first = office.call("POST", "/v1/apply", headers=AS_YAML, raw=YAML)
    assert (first.status_code, first.json["revision"]) == (200, 1)
    assert actions(first) == {"acme": "created", "web": "created", "p": "created"}
    again = office.call("POST", "/v1/apply", headers=AS_YAML, raw=YAML)
    assert (again.json["revision"], set(actions(again).values())) == (1, {"unchanged"})


def test_what_a_collection_answers_can_be_applied(office: Front) -> None:
    office.call("POST", "/v1/apply", headers=AS_YAML, raw=YAML)
    listed = office.call("GET", "/v1/projects/acme/ports").json
    assert set(actions(office.call("POST", "/v1/apply", listed)).values()) == {"unchanged"}


def test_msgpack_is_applied(office: Front) -> None:
    body = msgpack.packb([{"kind": "Project", "name": "acme"}])
    answer = office.call("POST", "/v1/apply", headers={"Content-Type": "application/msgpack"}, raw=body)
    assert actions(answer) == {"acme": "created"}


def test_one_wrong_document_stops_all(office: Front) -> None:
    answer = office.call("POST", "/v1/apply", headers=AS_YAML, raw=YAML + "---\nkind: Port\nproject: acme\nname: q\n")
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"pointer": "/3/spec", "message": "is required"}]
    assert office.database.revision == 0


def test_a_dry_run_plans_and_commits_nothing(office: Front) -> None:
    plan = office.call("POST", "/v1/apply?dry_run=true", headers=AS_YAML, raw=YAML)
    assert actions(plan) == {"acme": "created", "web": "created", "p": "created"}
    assert plan.json["flows"] == {"added": {"hv1": 9}, "removed": {"hv1": 0}}
    ((puts, deletes),) = office.world.planned
    assert ([type(entity) for entity in puts], deletes) == ([Project, Network, Port], ())
    assert office.database.revision == 0


def test_a_plan_tells_each_field_that_would_differ(office: Front) -> None:
    office.call("POST", "/v1/apply", headers=AS_YAML, raw=YAML)
    changed = YAML.replace("app: web", "app: db").replace("{network: web}", "{network: web, admin_up: false}")
    plan = office.call("POST", "/v1/apply?dry_run=true", headers=AS_YAML, raw=changed).json
    assert plan["changes"][2]["fields"] == [
        {"pointer": "/labels", "from": {"app": "web"}, "to": {"app": "db"}},
        {"pointer": "/spec/admin_up", "from": True, "to": False},
    ]


def test_prune_plans_and_deletes_what_is_lacking(office: Front) -> None:
    office.call("POST", "/v1/apply", headers=AS_YAML, raw=YAML)
    plan = office.call("POST", "/v1/apply?prune=app=web&dry_run=true", [])
    assert actions(plan) == {"p": "deleted"}
    assert office.world.planned[-1] == ((), ((Port, "acme/p"),))
    assert office.call("POST", "/v1/apply?prune=app=web", []).json["revision"] == 2
    assert office.call("GET", "/v1/projects/acme/ports/p").status_code == 404


def test_an_empty_file_is_no_reason_to_prune(office: Front) -> None:
    office.call("POST", "/v1/apply", headers=AS_YAML, raw=YAML)
    assert office.call("POST", "/v1/apply?prune=app=web", headers=AS_YAML, raw="\n").status_code == 400


def test_waiting_says_what_has_not_confirmed(office: Front) -> None:
    office.world.unconfirmed = {"Port acme/p": "chassis hv2 has not answered"}
    answer = office.call("POST", "/v1/apply?wait=30", headers=AS_YAML, raw=YAML)
    assert answer.json["unconfirmed"] == office.world.unconfirmed
    assert office.world.waited == [(1, (("Project", "acme"), ("Network", "acme/web"), ("Port", "acme/p")), 30.0)]


@pytest.mark.parametrize("query", ["dry_run=1", "dry_run=", "wait=-1", "wait=nan", "wait=601", "prune=", "force=true"])
def test_parameters_are_checked_before_anything_happens(office: Front, query: str) -> None:
    assert office.call("POST", f"/v1/apply?{query}", headers=AS_YAML, raw=YAML).status_code == 400
    assert office.database.revision == 0
