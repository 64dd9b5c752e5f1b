"""Links, bridges and paths over HTTP: what is said may be said flat, before there is anything, and in either order."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest
from front import Front

from controller.links import Wanted
from controller.northbound import settings_resources
from topology.paths import Question

UNSAID = {"cost": 10, "bandwidth_mbps": None, "latency_ms": None, "maintenance": False}


def refused(answer: Any, status: int = 422) -> dict[str, str]:
    """The fields of a refusal."""
    assert answer.status_code == status, answer.json
    return {each["pointer"]: each["message"] for each in answer.json.get("errors", ())}


def test_a_link_of_which_nothing_is_said_is_answered_as_one_of_which_all_is_default(office: Front) -> None:
    answer = office.call("GET", "/v1/links/s2-s1")
    assert answer.status_code == 200
    told = answer.json
    assert (told["kind"], told["name"], told["labels"], told["spec"]) == ("Link", "s1-s2", {}, UNSAID)
    assert (told["uid"], told["revision"], told["created_at"]) == (None, 0, None)
    assert told["status"]["conditions"][0]["type"] == "Ready"
    assert office.call("GET", "/v1/bridges/s1").json["spec"] == {"maintenance": False}
    assert office.call("GET", "/v1/links/s1-s9").status_code == 404
    assert office.call("GET", "/v1/bridges/s9").status_code == 404


@pytest.mark.parametrize("body", [{"cost": 5, "labels": {"a": "1"}}, {"spec": {"cost": 5}, "labels": {"a": "1"}}])
def test_what_is_said_of_a_link_may_be_said_flat(office: Front, body: dict[str, Any]) -> None:
    answer = office.call("PUT", "/v1/links/s1-s2", body)
    assert answer.status_code == 201
    assert (answer.json["spec"], answer.json["labels"]) == ({**UNSAID, "cost": 5}, {"a": "1"})
    again = office.call("PUT", "/v1/links/s1-s2", body)
    assert (again.status_code, again.json["revision"]) == (200, answer.json["revision"])
    assert office.call("PUT", "/v1/links/s1-s2", answer.json).json["revision"] == answer.json["revision"]


def test_a_put_says_all_and_a_patch_only_what_it_says(office: Front) -> None:
    office.call("PUT", "/v1/links/s1-s2", {"cost": 5})
    assert office.call("PATCH", "/v1/links/s1-s2", {"maintenance": True}).json["spec"]["cost"] == 5
    assert office.call("PATCH", "/v1/links/s1-s2", {"spec": {"latency_ms": 2}}).json["spec"]["maintenance"]
    assert office.call("PUT", "/v1/links/s1-s2", {}).json["spec"] == UNSAID


def test_a_patch_may_be_the_first_that_is_said(office: Front) -> None:
    answer = office.call("PATCH", "/v1/bridges/s1", {"maintenance": True})
    assert (answer.status_code, answer.json["spec"]) == (201, {"maintenance": True})
    absent = office.call("PATCH", "/v1/links/a-b", {"cost": 3}, headers={"If-Match": "7"})
    assert absent.status_code == 412


def test_who_read_that_nothing_is_said_writes_only_if_that_still_holds(office: Front) -> None:
    read = office.call("GET", "/v1/links/s1-s2")
    assert (read.headers["ETag"], read.json["revision"]) == ('"0"', 0)
    first = office.call("PATCH", "/v1/links/s1-s2", {"cost": 5}, headers={"If-Match": read.headers["ETag"]})
    second = office.call("PUT", "/v1/links/s1-s2", {"cost": 6}, headers={"If-Match": read.headers["ETag"]})
    assert (first.status_code, second.status_code) == (201, 412)
    assert office.call("GET", "/v1/links/s1-s2").json["spec"]["cost"] == 5


def test_two_first_patches_at_once_are_both_kept(office: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other's arrives after it was looked whether anything is said, and before this one is judged."""
    merge = settings_resources.merged

    def late(*given: Any) -> Any:
        monkeypatch.setattr(settings_resources, "merged", merge)
        assert office.call("PATCH", "/v1/links/s1-s2", {"cost": 5}).status_code == 201
        return merge(*given)

    monkeypatch.setattr(settings_resources, "merged", late)
    answer = office.call("PATCH", "/v1/links/s1-s2", {"latency_ms": 2})
    assert (answer.status_code, answer.json["spec"]) == (200, {**UNSAID, "cost": 5, "latency_ms": 2})


def test_either_order_of_the_ends_is_the_same_link(office: Front) -> None:
    assert office.call("PUT", "/v1/links/s2-s1", {"name": "s2-s1", "cost": 5}).json["name"] == "s1-s2"
    assert office.call("PUT", "/v1/links/spine-2-leaf-1", {"cost": 6}).json["name"] == "spine-2-leaf-1"
    other = office.call("PATCH", "/v1/links/leaf-1-spine-2", {"maintenance": True}).json
    assert (other["name"], other["spec"]["cost"]) == ("spine-2-leaf-1", 6)
    assert office.call("GET", "/v1/links/leaf-1-spine-2").json["spec"] == other["spec"]
    assert office.call("DELETE", "/v1/links/leaf-1-spine-2").status_code == 204
    assert office.call("GET", "/v1/links/spine-2-leaf-1").status_code == 404


def test_faults_are_told_where_they_stood(office: Front) -> None:
    assert list(refused(office.call("PUT", "/v1/links/s1-s2", {"cost": 0}))) == ["/cost"]
    assert list(refused(office.call("PUT", "/v1/links/s1-s2", {"csot": 1}))) == ["/csot"]
    assert list(refused(office.call("PUT", "/v1/links/s1-s2", {"spec": {"cost": 0}}))) == ["/spec/cost"]
    assert set(refused(office.call("PUT", "/v1/links/s1-s2", {"spec": {}, "cost": 0}))) == {"/cost"}
    assert list(refused(office.call("PUT", "/v1/links/s1-s2", {"name": "s1-s3", "cost": 1}))) == ["/name"]
    assert list(refused(office.call("PUT", "/v1/links/s1-s1", {"cost": 1}))) == ["/name"]
    assert list(refused(office.call("PUT", "/v1/links/s1", {"cost": 1}))) == ["/name"]
    assert "cost: " in office.call("PUT", "/v1/links/s1-s2", {"cost": 0}).json["detail"]
    assert office.call("PUT", "/v1/links/s1-s2", [1]).status_code == 400
    assert office.call("GET", "/v1/links/s1-s2").json["revision"] == 0


def test_only_administrators_say_and_only_who_reads_all_sees(office: Front) -> None:
    office.call("PUT", "/v1/projects/acme", {"spec": {}})
    operator, member = office.token("operator"), office.token("member", "acme")
    assert office.call("GET", "/v1/links/s1-s2", token=operator).status_code == 200
    assert office.call("PUT", "/v1/links/s1-s2", {"cost": 5}, operator).status_code == 403
    assert office.call("PUT", "/v1/bridges/s1", {"maintenance": True}, member).status_code == 404
    assert office.call("GET", "/v1/links/s1-s2", token=member).status_code == 404
    assert office.call("GET", "/v1/links", token=member).status_code == 403
    assert office.call("GET", "/v1/topology", token=member).status_code == 403


def test_links_are_listed_by_labels_and_page_by_page(office: Front) -> None:
    office.world.rows = [{"name": f"s1-s{n}", "labels": {"row": "ab"[n % 2]}} for n in range(2, 7)]
    whole = office.call("GET", "/v1/links").json
    assert ([row["name"] for row in whole["items"]], whole["next"]) == (
        ["s1-s2", "s1-s3", "s1-s4", "s1-s5", "s1-s6"],
        None,
    )
    assert whole["revision"] == office.call("GET", "/v1/projects").json["revision"]
    first = office.call("GET", "/v1/links", params={"label": "row=a", "limit": "2"}).json
    second = office.call("GET", "/v1/links", params={"label": "row=a", "limit": "2", "cursor": first["next"]}).json
    assert [[row["name"] for row in page["items"]] for page in (first, second)] == [["s1-s2", "s1-s4"], ["s1-s6"]]
    assert second["next"] is None
    office.world.rows = office.world.rows[:1]
    assert office.call("GET", "/v1/links", params={"cursor": first["next"]}).status_code == 410
    assert office.call("GET", "/v1/bridges", params={"limit": "0"}).status_code == 400
    assert office.call("GET", "/v1/bridges", params={"label": "a b"}).status_code == 400


def test_a_form_that_the_topology_has_not_is_named(office: Front) -> None:
    found = refused(office.call("GET", "/v1/topology?format=xml"), 400)
    assert found == {"?format": "must be json, graphml or dot, not 'xml'"}


def test_settings_are_applied_with_everything_else(office: Front) -> None:
    said = [{"kind": "Link", "name": "s1-s2", "spec": {"cost": 5}}, {"kind": "Bridge", "name": "s7"}]
    assert office.call("POST", "/v1/apply", said).status_code == 200
    assert office.call("GET", "/v1/links/s1-s2").json["spec"]["cost"] == 5


def test_a_path_is_computed_and_nothing_is_changed(office: Front) -> None:
    office.world.fabric.ports["acme/cam-1"] = "s1"
    revision = office.call("GET", "/v1/projects").json["revision"]
    asked = {
        "from": "acme/cam-1",
        "to": "s2",
        "via": ["s3"],
        "avoid": {"links": ["s2-s1"], "labels": {"region": "x"}},
        "constraints": {"max_hops": 4},
        "objective": "load",
        "demand_mbps": 100,
    }
    answer = office.call("POST", "/v1/paths:compute", asked)
    assert answer.json == {"from": "s1", "to": "s2", "path": ["s1", "s2"], "hops": 1}
    wanted = Wanted(("s3",), (), ("s2-s1",), (("region", "x"),), max_hops=4, objective="load")
    assert office.world.fabric.asked == [Question("s1", "s2", wanted, 100.0)]
    packed = office.call(
        "POST",
        "/v1/paths:compute",
        raw=msgpack.packb({"from": "s1", "to": "s2"}),
        headers={"Content-Type": "application/msgpack", "Accept": "application/msgpack"},
    )
    assert msgpack.unpackb(packed.content)["hops"] == 1
    assert office.call("GET", "/v1/projects").json["revision"] == revision


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"to": "s2"}, {"/from"}),
        ({"from": "s1", "to": "s9"}, {"/to"}),
        ({"from": "acme/none", "to": "s9"}, {"/from", "/to"}),
        ({"from": "s 1", "to": "s2"}, {"/from"}),
        ({"from": "s1", "to": "s2", "via": ["s3", "s3"]}, {"/via/1"}),
        ({"from": "s1", "to": "s2", "via": ["s3"], "avoid": {"bridges": ["s3"]}}, {"/avoid/bridges/0"}),
        ({"from": "s1", "to": "s2", "constraints": {"max_hops": 0}}, {"/constraints/max_hops"}),
        ({"from": "s1", "to": "s2", "objective": "fun"}, {"/objective"}),
        ({"from": "s1", "to": "s2", "on_no_path": "drop"}, {"/on_no_path"}),
    ],
)
def test_a_path_that_cannot_be_meant_is_refused(office: Front, body: dict[str, Any], pointers: set[str]) -> None:
    assert set(refused(office.call("POST", "/v1/paths:compute", body))) == pointers
    assert office.world.fabric.asked == []


def test_who_sees_a_port_may_ask_for_its_paths(office: Front) -> None:
    office.call("PUT", "/v1/projects/acme", {"spec": {}})
    office.world.fabric.ports |= {"acme/a": "s1", "acme/b": "s2", "globex/c": "s2"}
    member = office.token("member", "acme")

    assert office.call("POST", "/v1/paths:compute", {"from": "acme/a", "to": "acme/b"}, member).status_code == 200
    assert office.call("POST", "/v1/paths:compute", {"from": "acme/a", "to": "globex/c"}, member).status_code == 404
    assert office.call("POST", "/v1/paths:compute", {"from": "acme/a", "to": "s2"}, member).status_code == 403
