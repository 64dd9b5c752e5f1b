"""Kubernetes documents as people have them, exported, listed and long-named, and what they come to."""

from __future__ import annotations

from typing import Any

import pytest

from controller.intent import documents
from controller.intent.pacer import Pacer
from controller.intent.state import resource_of, texts_of
from controller.policy.values import Block, Machines, Policy, Requirement, Rule, Service
from ovsdb.rows import ResourceRow
from tests.kubernetes.cluster import entities
from tests.kubernetes.manifests import policy
from tests.kubernetes.tables import cases

EXPORTED = """
apiVersion: v1
items:
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata:
    annotations:
      kubectl.kubernetes.io/last-applied-configuration: |
        {"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy"}
    creationTimestamp: "2024-05-04T11:22:33Z"
    generation: 1
    labels: {team: db}
    managedFields:
    - {apiVersion: networking.k8s.io/v1, fieldsType: FieldsV1, fieldsV1: {"f:spec": {".": {}}}, manager: kubectl}
    name: test-network-policy
    namespace: shop
    resourceVersion: "815"
    uid: 0b54f5c9-9f2b-4b1c-8f0d-2f8d0c3a9d11
  spec:
    egress:
    - ports: [{endPort: 32768, port: 32000, protocol: TCP}]
      to: [{ipBlock: {cidr: 10.0.0.0/24}}]
    ingress:
    - from:
      - ipBlock: {cidr: 172.17.0.0/16, except: [172.17.1.0/24]}
      - namespaceSelector: {matchLabels: {project: myproject}}
      - podSelector: {matchLabels: {role: frontend}}
      ports: [{port: 6379, protocol: TCP}, {port: metrics, protocol: UDP}]
    podSelector: {matchLabels: {role: db}}
    policyTypes: [Ingress, Egress]
  status: {}
kind: List
metadata: {resourceVersion: ""}
"""


def many(text: str) -> tuple[documents.Asked, ...]:
    return documents.many(documents.decoded(text.encode(), "yaml", Pacer()), Pacer())


def test_what_kubectl_prints_is_read_as_it_stands() -> None:
    (asked,) = many(EXPORTED)
    assert (asked.key, asked.labels) == (("NetworkPolicy", "shop", "test-network-policy"), (("team", "db"),))
    assert (asked.pointer, asked.project_field) == ("/items/0", "/metadata/namespace")


def test_a_network_policy_is_a_policy_of_its_tier() -> None:
    (found,) = entities([policy(metadata={"name": "p", "namespace": "x"}, spec=_spec())])
    assert isinstance(found, Policy)
    assert (found.key, found.project, found.tier, found.priority) == ("NetworkPolicy:x/p", "x", "network-policy", 0)
    assert found.applied_to == (Machines(("x",), labels=(Requirement("role", "In", ("db",)),)),)
    assert found.egress == (Rule("egress-0", "allow", (Block("10.0.0.0/24"),), (Service(6, ports=((32000, 32768),)),)),)
    (rule,) = found.ingress or ()
    assert rule.services == (Service(6, ports=((6379, 6379),)), Service(17, names=("metrics",)))
    assert rule.peers == (
        Block("172.17.0.0/16", ("172.17.1.0/24",)),
        Machines(None, project_labels=(Requirement("project", "In", ("myproject",)),)),
        Machines(("x",), labels=(Requirement("role", "In", ("frontend",)),)),
    )


def _spec() -> dict[str, Any]:
    found: dict[str, Any] = documents.decoded(EXPORTED.encode(), "yaml", Pacer())["items"][0]["spec"]
    return found


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_what_is_stored_is_read_again_as_the_same(case: Any) -> None:
    for step in case.steps:
        for asked in documents.many(step.policies, Pacer()):
            kind, project, name = asked.key
            spec, allocated = texts_of(kind, asked.spec, None)
            assert "null" not in spec
            row = ResourceRow(kind, project, name, "u", asked.labels, spec, "{}", 1, "", "", "")
            assert (resource_of(row).spec, allocated) == (asked.spec, "null")


def test_lists_stand_among_other_documents() -> None:
    found = many("---\nkind: Project\nname: shop\n---" + EXPORTED)
    assert [each.pointer for each in found] == ["/0", "/1/items/0"]


def test_a_list_of_one_kind_says_it_once() -> None:
    listed = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicyList", "metadata": {}}
    item = {"metadata": {"name": "p", "namespace": "x"}, "spec": {"podSelector": {}}}
    (found,) = documents.many({**listed, "items": [item]}, Pacer())
    assert (found.key, found.pointer) == (("NetworkPolicy", "x", "p"), "/items/0")


@pytest.mark.parametrize("metadata", [{"name": "p"}, {"name": "p", "namespace": None}])
def test_a_document_without_a_namespace_is_of_the_default_one(metadata: dict[str, Any]) -> None:
    (found,) = documents.many([policy(metadata=metadata)], Pacer())
    assert found.key == ("NetworkPolicy", "default", "p")


def test_names_may_be_as_long_as_kubernetes_lets_them_be() -> None:
    longest = ".".join(["a" * 50] * 4 + ["b" * 49])
    (found,) = documents.many([policy(metadata={"name": longest, "namespace": "x"})], Pacer())
    assert len(found.key[2]) == 253


def test_our_own_form_is_read_too() -> None:
    own = {"kind": "NetworkPolicy", "project": "x", "name": "p", "spec": {"podSelector": {}}}
    (found,), (same,) = documents.many([own], Pacer()), documents.many([policy()], Pacer())
    assert (found.key, found.spec) == (same.key, same.spec)
