"""What is wrong with a Kubernetes document is said at once, and where it stands in what the user wrote."""

from __future__ import annotations

from typing import Any

import pytest

from controller.errors import Malformed, UserError
from controller.intent import documents
from controller.intent.pacer import Pacer
from tests.kubernetes.manifests import admin, policy


def refused(*asked: dict[str, Any]) -> list[str]:
    """The pointers at which documents are refused."""
    with pytest.raises(UserError) as caught:
        documents.many(list(asked), Pacer())
    return [each.pointer for each in caught.value.errors]


RULE_PLACES = [
    ({"port": 80, "endPort": 79}, "/endPort"),
    ({"port": "http", "endPort": 90}, "/endPort"),
    ({"endPort": 90}, "/endPort"),
    ({"port": 80, "endPort": 65536}, "/endPort"),
    ({"protocol": "ICMP"}, "/protocol"),
    ({"protocol": "tcp"}, "/protocol"),
    ({"port": 0}, "/port"),
    ({"port": 70000}, "/port"),
    ({"port": True}, "/port"),
    ({"port": 80.5}, "/port"),
    ({"port": "80"}, "/port"),
    ({"port": "a--b"}, "/port"),
    ({"port": "sixteen-letters-"}, "/port"),
    ({"ports": 80}, "/ports"),
]
PEER_PLACES = [
    ({}, ""),
    ({"podselector": {}}, "/podselector"),
    ({"ipBlock": {"cidr": "10.0.0.0"}}, "/ipBlock/cidr"),
    ({"ipBlock": {"cidr": "10.0.0.0/255.0.0.0"}}, "/ipBlock/cidr"),
    ({"ipBlock": {"cidr": "10.0.0.0/33"}}, "/ipBlock/cidr"),
    ({"ipBlock": {}}, "/ipBlock/cidr"),
    ({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}}, "/ipBlock/except/0"),
    ({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.0.0.0/8"]}}, "/ipBlock/except/1"),
    ({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["fd00::/64"]}}, "/ipBlock/except/0"),
    ({"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}, "/ipBlock"),
    ({"podSelector": {"matchLabels": {"a": "-"}}}, "/podSelector/matchLabels/a"),
    ({"podSelector": {"matchLabels": {"a/b/c": "d"}}}, "/podSelector/matchLabels/a~1b~1c"),
    ({"podSelector": {"matchLabels": {"a": 1}}}, "/podSelector/matchLabels/a"),
    ({"podSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}, "/podSelector/matchExpressions/0/values"),
    (
        {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}},
        "/podSelector/matchExpressions/0/values",
    ),
    (
        {"podSelector": {"matchExpressions": [{"key": "a", "operator": "in", "values": ["b"]}]}},
        "/podSelector/matchExpressions/0/operator",
    ),
]


@pytest.mark.parametrize(("port", "place"), RULE_PLACES)
def test_a_bad_port_is_named(port: dict[str, Any], place: str) -> None:
    asked = policy(spec={"podSelector": {}, "ingress": [{}, {"ports": [{"port": 1}, port]}]})
    assert refused(asked) == ["/0/spec/ingress/1/ports/1" + place]


@pytest.mark.parametrize(("peer", "place"), PEER_PLACES)
def test_a_bad_peer_is_named(peer: dict[str, Any], place: str) -> None:
    asked = policy(spec={"podSelector": {}, "egress": [{"to": [{"podSelector": {}}, peer]}]})
    assert refused(asked) == ["/0/spec/egress/0/to/1" + place]


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        (policy(spec={"podSelector": {}, "policyTypes": ["ingress"]}), "/spec/policyTypes/0"),
        (policy(spec={"podSelector": {}, "policyTypes": ["Ingress"] * 3}), "/spec/policyTypes"),
        (policy(spec={"podSelectors": {}}), "/spec/podSelectors"),
        (policy(spec={"podSelector": []}), "/spec/podSelector"),
        (policy(spec={"ingress": {}}), "/spec/ingress"),
        (policy(spec={"ingress": [{"to": []}]}), "/spec/ingress/0/to"),
        (policy(spec=None), "/spec"),
        (policy(apiVersion="extensions/v1beta1"), "/apiVersion"),
        (policy(metadata={"namespace": "x"}), "/metadata/name"),
        (policy(metadata={"name": "A", "namespace": "x"}), "/metadata/name"),
        (policy(metadata={"name": "a_b", "namespace": "x"}), "/metadata/name"),
        (policy(metadata={"name": "a" * 254, "namespace": "x"}), "/metadata/name"),
        (policy(metadata={"name": "a", "namespace": "X"}), "/metadata/namespace"),
        (policy(metadata={"name": "a", "namespace": 0}), "/metadata/namespace"),
        (policy(metadata={"name": "a", "namespace": ""}), "/metadata/namespace"),
        (policy(metadata={"name": "a", "lables": {}}), "/metadata/lables"),
        (policy(metadata={"name": "a", "labels": {"a": "b c"}}), "/metadata/labels/a"),
        (policy(labels={}), "/labels"),
        (policy(kind="NetworkPolicies"), "/kind"),
        (admin(priority=-1), "/spec/priority"),
        (admin(priority=1001), "/spec/priority"),
        (admin(priority="5"), "/spec/priority"),
        (admin(subject={}), "/spec/subject"),
        (admin(subject={"namespaces": {}, "pods": {"namespaceSelector": {}, "podSelector": {}}}), "/spec/subject"),
        (admin(subject={"pods": {"podSelector": {}}}), "/spec/subject/pods/namespaceSelector"),
        (admin(ingress=[{"action": "Allow"}]), "/spec/ingress/0/from"),
        (admin(ingress=[{"action": "Allow", "from": []}]), "/spec/ingress/0/from"),
        (admin(ingress=[{"action": "allow", "from": [{"namespaces": {}}]}]), "/spec/ingress/0/action"),
        (
            admin(ingress=[{"action": "Allow", "from": [{"namespaces": {}, "networks": ["10.0.0.0/8"]}]}]),
            "/spec/ingress/0/from/0/networks",
        ),
        (admin(ingress=[{"action": "Deny", "from": [{"namespaces": {}}]}] * 101), "/spec/ingress"),
        (admin(egress=[{"action": "Deny", "to": [{"nodes": {}}]}]), "/spec/egress/0/to/0/nodes"),
        (admin(egress=[{"action": "Allow", "to": [{"domainNames": ["a.org"]}]}]), "/spec/egress/0/to/0/domainNames"),
        (admin(egress=[{"action": "Deny", "to": [{"networks": ["10.0.0.0"]}]}]), "/spec/egress/0/to/0/networks/0"),
        (admin(egress=[{"action": "Deny", "to": [{"networks": ["10.0.0.0/8"] * 26}]}]), "/spec/egress/0/to/0/networks"),
        (admin("BaselineAdminNetworkPolicy"), "/metadata/name"),
        (admin("BaselineAdminNetworkPolicy", "default", priority=1), "/spec/priority"),
        (
            admin("BaselineAdminNetworkPolicy", "default", ingress=[{"action": "Pass", "from": [{"namespaces": {}}]}]),
            "/spec/ingress/0/action",
        ),
        ({**admin(), "metadata": {"name": "p", "namespace": "x"}}, "/metadata/namespace"),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(asked: dict[str, Any], place: str) -> None:
    assert refused(asked) == ["/0" + place]


@pytest.mark.parametrize(
    ("port", "place"),
    [
        ({}, ""),
        ({"portNumber": {"port": 80}, "namedPort": "http"}, ""),
        ({"portNumber": {"port": 0}}, "/portNumber/port"),
        ({"portNumber": {"protocol": "ICMP", "port": 1}}, "/portNumber/protocol"),
        ({"portRange": {"start": 90, "end": 80}}, "/portRange/end"),
        ({"portRange": {"start": 90}}, "/portRange/end"),
        ({"namedPort": "Http"}, "/namedPort"),
    ],
)
def test_a_bad_port_of_an_admin_is_named(port: dict[str, Any], place: str) -> None:
    asked = admin(ingress=[{"action": "Deny", "from": [{"namespaces": {}}], "ports": [port]}])
    assert refused(asked) == ["/0/spec/ingress/0/ports/0" + place]


def test_all_that_is_wrong_is_told_at_once() -> None:
    bad = policy(metadata={"name": "P"}, spec={"ingress": [{"ports": [{"port": 0}]}], "egres": []})
    assert refused(bad, admin(priority=2000)) == [
        "/0/metadata/name",
        "/0/spec/ingress/0/ports/0/port",
        "/0/spec/egres",
        "/1/spec/priority",
    ]


def test_a_document_given_twice_is_named_where_its_name_stands() -> None:
    assert refused(policy(), policy()) == ["/1/metadata/name"]


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"apiVersion": "v2"}, "/apiVersion"),
        ({"items": {}}, "/items"),
        ({"more": 1}, "/more"),
        ({"items": [{"apiVersion": "v1", "kind": "List", "items": []}]}, "/items/0/kind"),
    ],
)
def test_a_list_that_is_none_is_named(wrong: dict[str, Any], place: str) -> None:
    assert refused({"apiVersion": "v1", "kind": "List", "items": [], **wrong}) == ["/0" + place]


def test_a_list_of_nothing_is_nothing() -> None:
    assert documents.many({"apiVersion": "v1", "kind": "List", "items": []}, Pacer()) == ()


def test_what_is_no_document_is_none() -> None:
    with pytest.raises(Malformed):
        documents.many("apiVersion", Pacer())
    assert refused(policy(metadata=[])) == ["/0/metadata"]
