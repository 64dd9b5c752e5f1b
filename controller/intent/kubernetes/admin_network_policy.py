"""AdminNetworkPolicy (policy.networking.k8s.io/v1alpha1): what the administrators decide before any project does.

Its rules are tried in the order written, those of a lower priority first; what passes on, or matches none, is for the
projects' own policies and for the baseline.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from controller.intent.kind import Kind
from controller.intent.kubernetes.admin_rules import Egress, Ingress, Subject, contradictions, policy
from controller.intent.kubernetes.form import ClusterMetadata, Manifest, Part
from controller.intent.kubernetes.words import LabelMap, Subdomain
from controller.intent.resource import Document, Resource
from controller.policy import tiers
from controller.policy.values import Policy


class AdminNetworkPolicySpec(Part):
    """Whom it applies to, and what becomes of what they send and receive."""

    priority: Annotated[int, Field(ge=0, le=1000, description="The lower goes first.")]
    subject: Subject
    ingress: Ingress = None
    egress: Egress = None


class AdminNetworkPolicyDocument(Document):
    """Kubernetes' AdminNetworkPolicy; also accepted in Kubernetes' own form."""

    kind: Literal["AdminNetworkPolicy"]
    name: Subdomain
    labels: LabelMap = Field(default_factory=dict)
    spec: AdminNetworkPolicySpec


class AdminNetworkPolicyManifest(Manifest):
    """An AdminNetworkPolicy as Kubernetes writes it."""

    version: ClassVar[str] = "policy.networking.k8s.io/v1alpha1"
    kind: Literal["AdminNetworkPolicy"]
    metadata: ClusterMetadata
    spec: AdminNetworkPolicySpec


def _entity(resource: Resource) -> Policy:
    return policy(resource, tiers.ADMIN, resource.spec.priority)


ADMIN_NETWORK_POLICY = Kind(
    name="AdminNetworkPolicy",
    plural="adminnetworkpolicies",
    scoped=False,
    rank=6,
    document=AdminNetworkPolicyDocument,
    spec=AdminNetworkPolicySpec,
    contradictions=contradictions,
    entity=_entity,
    manifest=AdminNetworkPolicyManifest,
)
