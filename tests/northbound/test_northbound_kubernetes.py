"""Kubernetes policies over HTTP: applied as they stand, changed on paths of their own, and told in our form."""

from __future__ import annotations

from typing import Any

import pytest
from front import Front

WEB = "/v1/projects/shop/networkpolicies/web"
SPEC: dict[str, Any] = {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"ports": [{"port": 80}]}]}
MANIFEST: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "web", "namespace": "shop", "labels": {"team": "a"}, "uid": "u", "resourceVersion": "1"},
    "spec": SPEC,
}
ADMIN: dict[str, Any] = {
    "apiVersion": "policy.networking.k8s.io/v1alpha1",
    "kind": "AdminNetworkPolicy",
    "metadata": {"name": "first"},
    "spec": {"priority": 1, "subject": {"namespaces": {}}, "egress": [{"action": "Deny", "to": [{"namespaces": {}}]}]},
}
BY_NAME = {**ADMIN["spec"]["egress"][0], "to": [{"networks": ["10.0.0.0/8"]}], "ports": [{"namedPort": "http"}]}


def pointers(office: Front, method: str, path: str, body: Any) -> tuple[int, list[str]]:
    """With which status a change is refused, and where."""
    answer = office.call(method, path, body)
    return answer.status_code, [each["pointer"] for each in answer.json["errors"]]


def test_a_manifest_is_applied_and_told_in_our_form(office: Front) -> None:
    office.made("shop")
    assert office.call("POST", "/v1/apply", MANIFEST).status_code == 200
    told = office.call("GET", WEB).json
    assert {name: told[name] for name in ("kind", "project", "name", "labels", "spec")} == {
        "kind": "NetworkPolicy",
        "project": "shop",
        "name": "web",
        "labels": {"team": "a"},
        "spec": SPEC,
    }
    assert "metadata" not in told


def test_the_answer_and_the_manifest_can_be_sent_again(office: Front) -> None:
    office.made("shop")
    office.call("POST", "/v1/apply", MANIFEST)
    told, revision = office.call("GET", WEB).json, office.database.revision
    for again in (told, MANIFEST):
        assert office.call("PUT", WEB, again).json == told
        changes = office.call("POST", "/v1/apply", again).json["changes"]
        assert [change["action"] for change in changes] == ["unchanged"]
    assert office.database.revision == revision


def test_a_path_says_the_namespace_that_a_manifest_leaves_open(office: Front) -> None:
    office.made("shop")
    assert office.call("PUT", WEB, {**MANIFEST, "metadata": {"name": "web"}}).status_code == 201
    wrong = {**MANIFEST, "metadata": {"name": "db", "namespace": "other"}}
    assert pointers(office, "PUT", WEB, wrong) == (422, ["/metadata/name", "/metadata/namespace"])
    assert pointers(office, "PUT", WEB, {"metadata": {}, "spec": SPEC}) == (
        422,
        ["/apiVersion", "/kind", "/metadata/name"],
    )


def test_a_patch_may_be_in_either_form(office: Front) -> None:
    office.made("shop")
    office.call("PUT", WEB, MANIFEST)
    ours = office.call("PATCH", WEB, {"labels": {"team": "b"}, "spec": {"policyTypes": ["Ingress"]}}).json
    assert (ours["labels"], ours["spec"]) == ({"team": "b"}, {**SPEC, "policyTypes": ["Ingress"]})
    theirs = office.call("PATCH", WEB, {"metadata": {"labels": {"team": "c"}}, "spec": {"policyTypes": None}}).json
    assert (theirs["labels"], theirs["spec"]) == ({"team": "c"}, SPEC)
    assert pointers(office, "PATCH", WEB, {"spec": {"ingres": []}}) == (422, ["/spec/ingres"])


def test_a_namespace_is_a_project_that_has_to_be_there(office: Front) -> None:
    assert pointers(office, "POST", "/v1/apply", MANIFEST) == (422, ["/metadata/namespace"])
    office.made("shop")
    office.call("PUT", WEB, MANIFEST)
    assert office.call("DELETE", "/v1/projects/shop").status_code == 409
    assert office.call("DELETE", WEB).status_code == 204
    assert office.call("DELETE", "/v1/projects/shop").status_code == 204


def test_members_write_their_namespaces_policies_and_only_administrators_those_of_all(office: Front) -> None:
    office.made("shop", "other")
    member = office.token("member", "shop")
    assert office.call("POST", "/v1/apply", MANIFEST, member).status_code == 200
    foreign = {**MANIFEST, "metadata": {"name": "web", "namespace": "other"}}
    answer = office.call("POST", "/v1/apply", foreign, member)
    assert [each["pointer"] for each in answer.json["errors"]] == ["/metadata/namespace"]
    assert office.call("POST", "/v1/apply", ADMIN, member).status_code == 403
    assert office.call("PUT", "/v1/adminnetworkpolicies/first", ADMIN).status_code == 201


def test_names_of_ports_that_addresses_do_not_have_are_refused_in_either_form(office: Front) -> None:
    spec = {**ADMIN["spec"], "egress": [BY_NAME]}
    place = "/spec/egress/0/ports/0/namedPort"
    assert pointers(office, "POST", "/v1/apply", {**ADMIN, "spec": spec}) == (422, [place])
    assert pointers(office, "PUT", "/v1/adminnetworkpolicies/first", {"spec": spec}) == (422, [place])


@pytest.mark.parametrize(("name", "status"), [("default", 201), ("other", 422)])
def test_there_is_one_baseline(office: Front, name: str, status: int) -> None:
    path = f"/v1/baselineadminnetworkpolicies/{name}"
    spec = {"subject": {"namespaces": {}}, "ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}]}
    assert office.call("PUT", path, {"spec": spec}).status_code == status
    manifest = {**ADMIN, "kind": "BaselineAdminNetworkPolicy", "metadata": {"name": name}, "spec": spec}
    assert office.call("PUT", path, manifest).status_code == (200 if status == 201 else status)
