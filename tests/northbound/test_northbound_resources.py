"""Resources over HTTP, by the rules that all kinds share."""

from __future__ import annotations

import msgpack
import pytest
from front import Front

ACME = "/v1/projects/acme"
WEB = f"{ACME}/networks/web"
SUBNETS = {"subnets": [{"name": "v4", "cidr": "10.1.0.0/16"}]}


def test_a_port_is_made_read_changed_and_deleted(office: Front) -> None:
    office.made("acme")
    office.call("PUT", WEB, {"spec": SUBNETS})
    made = office.call("PUT", f"{ACME}/ports/p", {"labels": {"app": "web"}, "spec": {"network": "web"}})
    assert (made.status_code, made.headers["location"], made.headers["etag"]) == (201, f"{ACME}/ports/p", '"3"')
    assert made.json["status"]["addresses"] == ["10.1.0.2"]
    assert office.call("GET", f"{ACME}/ports/p").json == made.json
    changed = office.call("PATCH", f"{ACME}/ports/p", {"spec": {"admin_up": False}})
    assert (changed.status_code, changed.json["spec"]["admin_up"], changed.json["revision"]) == (200, False, 4)
    assert changed.json["uid"] == made.json["uid"]
    assert office.call("DELETE", f"{ACME}/ports/p").status_code == 204
    assert office.call("GET", f"{ACME}/ports/p").status_code == 404
    assert office.call("DELETE", f"{ACME}/ports/p").status_code == 404


def test_an_answer_sent_back_changes_nothing(office: Front) -> None:
    office.made("acme", "acme/networks/web", "acme/ports/p")
    for path in (ACME, WEB, f"{ACME}/ports/p"):
        answer = office.call("GET", path)
        again = office.call("PUT", path, answer.json)
        assert (again.status_code, again.json) == (200, answer.json)
    assert office.database.revision == 3


def test_if_match_is_the_revision_that_was_read(office: Front) -> None:
    office.made("acme", "acme/networks/web")
    etag = office.call("GET", WEB).headers["etag"]
    assert office.call("PUT", WEB, {"spec": SUBNETS}, headers={"If-Match": etag}).status_code == 200
    assert office.call("PUT", WEB, {}, headers={"If-Match": etag}).status_code == 412
    assert office.call("DELETE", WEB, headers={"If-Match": "2"}).status_code == 412
    assert office.call("DELETE", WEB, headers={"If-Match": "soon"}).status_code == 400
    assert office.call("DELETE", WEB, headers={"If-Match": "3"}).status_code == 204


def test_what_is_missing_is_shown_in_the_conditions(office: Front) -> None:
    office.made("acme", "acme/ports/p")
    waiting = office.call("GET", f"{ACME}/ports/p").json["status"]
    assert waiting["mac"] is None
    assert waiting["conditions"][0]["status"] is False
    assert waiting["conditions"][0]["message"] == "Network acme/web does not exist yet"
    office.made("acme/networks/web")
    arrived = office.call("GET", f"{ACME}/ports/p").json["status"]
    assert arrived["mac"] is not None
    assert [(each["type"], each["status"]) for each in arrived["conditions"]] == [
        ("ReferencesFound", True),
        ("Ready", True),
    ]


def test_collections_are_paged_in_order_and_filtered(office: Front) -> None:
    office.made("acme")
    for index in range(25):
        labels = {"parity": "odd" if index % 2 else "even"}
        office.call("PUT", f"{ACME}/ports/p{index:02}", {"labels": labels, "spec": {"network": "web"}})
    names, params = [], {"limit": "7"}
    while True:
        page = office.call("GET", f"{ACME}/ports", params=params).json
        names += [item["name"] for item in page["items"]]
        if page["next"] is None:
            break
        params = {"limit": "7", "cursor": page["next"]}
    assert names == [f"p{index:02}" for index in range(25)]
    odd = office.call("GET", f"{ACME}/ports", params={"label": "parity=odd"}).json
    assert [item["name"] for item in odd["items"]] == [f"p{index:02}" for index in range(1, 25, 2)]
    none = office.call("GET", f"{ACME}/ports", params={"label": ["parity=odd", "parity=even"]}).json
    assert none["items"] == []


def test_a_page_goes_on_where_it_was_though_names_come_and_go(office: Front) -> None:
    office.made("acme", *(f"acme/ports/p{index}" for index in range(6)))
    first = office.call("GET", f"{ACME}/ports", params={"limit": "3"}).json
    office.call("DELETE", f"{ACME}/ports/p2")
    office.made("acme/ports/p1b", "acme/ports/p3b")
    rest = office.call("GET", f"{ACME}/ports", params={"cursor": first["next"]}).json
    assert [item["name"] for item in rest["items"]] == ["p3", "p3b", "p4", "p5"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"{ACME}/ports?limit=0", "limit"),
        (f"{ACME}/ports?limit=1001", "limit"),
        (f"{ACME}/ports?limit=many", "limit"),
        (f"{ACME}/ports?limit=", "limit"),
        (f"{ACME}/ports?limit=1&limit=2", "limit"),
        (f"{ACME}/ports?cursor=%25", "cursor"),
        (f"{ACME}/ports?cursor=/w==", "cursor"),
        (f"{ACME}/ports?label=a%20b", "label"),
        (f"{ACME}/ports?lable=a=b", "lable"),
        (f"{ACME}/ports?wait=", "wait"),
        (f"{WEB}?at=3", "at"),
        ("/v1/events?since=-1", "since"),
        ("/v1/events?follow=yes", "follow"),
        ("/v1/topology?shape=round", "shape"),
    ],
)
def test_parameters_that_are_not_known_are_refused(office: Front, path: str, name: str) -> None:
    office.made("acme", "acme/networks/web")
    answer = office.call("GET", path)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (400, f"?{name}")


def test_msgpack_goes_in_and_out(office: Front) -> None:
    headers = {"Content-Type": "application/msgpack", "Accept": "application/msgpack"}
    made = office.call("PUT", ACME, headers=headers, raw=msgpack.packb({"labels": {"a": "b"}}))
    assert made.headers["content-type"] == "application/msgpack"
    assert msgpack.unpackb(made.content)["labels"] == {"a": "b"}


def test_waiting_is_for_what_was_changed(office: Front) -> None:
    office.made("acme", "acme/networks/web")
    office.world.unconfirmed = {"Port acme/p": "chassis hv2 has not answered"}
    office.call("PUT", f"{ACME}/ports/p?wait=2.5", {"spec": {"network": "web"}})
    answer = office.call("DELETE", f"{ACME}/ports/p?wait=1")
    assert answer.json == {"revision": 4, "unconfirmed": {"Port acme/p": "chassis hv2 has not answered"}}
    assert office.world.waited == [(3, (("Port", "acme/p"),), 2.5), (4, (("Port", "acme/p"),), 1.0)]
    assert office.call("PUT", f"{ACME}/ports/p?wait=soon", {"spec": {"network": "web"}}).status_code == 400


def test_a_wrong_body_is_told_field_by_field(office: Front) -> None:
    office.made("acme")
    answer = office.call("PUT", f"{ACME}/ports/p", {"name": "q", "spec": {"network": 3, "colour": "red"}})
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {"/name", "/spec/network", "/spec/colour"}


def test_what_is_in_use_is_a_conflict(office: Front) -> None:
    office.made("acme", "acme/networks/web", "acme/ports/p")
    assert office.call("DELETE", WEB).status_code == 409
    assert office.call("DELETE", ACME).status_code == 409


def test_inventory_is_what_the_world_says(office: Front) -> None:
    for table in ("chassis", "bridges", "links", "drift"):
        assert office.call("GET", f"/v1/{table}").json["items"] == [{"name": f"{table}-1", "labels": {}}]
    flows = office.call("GET", "/v1/flows?chassis=hv1&owner=Port%20acme/p").json
    assert flows == {"items": [{"chassis": "hv1", "owner": "Port acme/p"}]}
    packed = office.call("GET", "/v1/flows?chassis=hv1", headers={"Accept": "application/msgpack"}).content
    assert msgpack.unpackb(packed) == {"items": [{"chassis": "hv1", "owner": None}]}
    assert office.call("GET", "/v1/topology").json == {"nodes": [], "links": []}
    assert office.call("GET", "/v1/topology?format=dot").text == "dot of nothing"
    assert office.call("GET", "/v1/topology?format=png").status_code == 400
