"""BaselineAdminNetworkPolicy (policy.networking.k8s.io/v1alpha1): what holds where nobody else has said anything.

There is one, called ``default``. What some tier before it has decided never comes here.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from controller.intent.kind import Kind
from controller.intent.kubernetes.admin_rules import BaselineEgress, BaselineIngress, Subject, contradictions, policy
from controller.intent.kubernetes.form import ClusterMetadata, Manifest, Part
from controller.intent.kubernetes.words import LabelMap
from controller.intent.resource import Document, Resource
from controller.policy import tiers
from controller.policy.values import Policy


class BaselineAdminNetworkPolicySpec(Part):
    """Whom it applies to, and what becomes of what they send and receive."""

    subject: Subject
    ingress: BaselineIngress = None
    egress: BaselineEgress = None


class BaselineAdminNetworkPolicyDocument(Document):
    """Kubernetes' BaselineAdminNetworkPolicy; also accepted in Kubernetes' own form."""

    kind: Literal["BaselineAdminNetworkPolicy"]
    name: Literal["default"]
    labels: LabelMap = Field(default_factory=dict)
    spec: BaselineAdminNetworkPolicySpec


class BaselineMetadata(ClusterMetadata):
    """Of the one that there is."""

    name: Literal["default"]


class BaselineAdminNetworkPolicyManifest(Manifest):
    """A BaselineAdminNetworkPolicy as Kubernetes writes it."""

    version: ClassVar[str] = "policy.networking.k8s.io/v1alpha1"
    kind: Literal["BaselineAdminNetworkPolicy"]
    metadata: BaselineMetadata
    spec: BaselineAdminNetworkPolicySpec


def _entity(resource: Resource) -> Policy:
    return policy(resource, tiers.BASELINE, 0)


BASELINE_ADMIN_NETWORK_POLICY = Kind(
    name="BaselineAdminNetworkPolicy",
    plural="baselineadminnetworkpolicies",
    scoped=False,
    rank=6,
    document=BaselineAdminNetworkPolicyDocument,
    spec=BaselineAdminNetworkPolicySpec,
    contradictions=contradictions,
    entity=_entity,
    manifest=BaselineAdminNetworkPolicyManifest,
)
