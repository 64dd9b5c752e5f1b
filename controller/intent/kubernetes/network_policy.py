"""NetworkPolicy (networking.k8s.io/v1): pods that one selects are reached by, or reach, only what some policy allows.

What several allow is added up; none of them denies. A namespace is a project, a pod a port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from controller.intent.blocks import block
from controller.intent.kind import Kind
from controller.intent.kubernetes.form import Manifest, NamespacedMetadata, Part
from controller.intent.kubernetes.selectors import LabelSelector, requirements
from controller.intent.kubernetes.services import Protocol, Spoken, services
from controller.intent.kubernetes.words import Block, LabelMap, PortNumber, PortOrName, Subdomain
from controller.intent.resource import Document, Resource
from controller.intent.values import Name
from controller.policy import tiers, values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def _strictly_inside(text: str, info: ValidationInfo) -> str:
    """An exception has to be of the block and smaller (``ValidateIPBlock`` of Kubernetes)."""
    cidr = info.data.get("cidr")
    if cidr is None:
        return text
    if text == cidr or not block(cidr).contains(block(text)):
        raise PydanticCustomError("except", "must be a smaller block inside {cidr}", {"cidr": cidr})
    return text


class IpBlock(Part):
    """Addresses, whoever has them."""

    cidr: Block
    excepted: Annotated[
        tuple[Annotated[Block, AfterValidator(_strictly_inside)], ...] | None, Field(strict=False, alias="except")
    ] = None


class Peer(Part):
    """Pods, of the policy's own namespace where no other is selected; or addresses."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IpBlock | None = None

    @field_validator("ip_block")
    @classmethod
    def _alone(cls, block: IpBlock | None, info: ValidationInfo) -> IpBlock | None:
        if block is not None and any(info.data.get(each) for each in ("pod_selector", "namespace_selector")):
            raise PydanticCustomError("peer", "may not stand beside podSelector or namespaceSelector")
        return block

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.pod_selector is None and self.namespace_selector is None and self.ip_block is None:
            raise PydanticCustomError("peer", "must have podSelector, namespaceSelector or ipBlock")
        return self


class PolicyPort(Part):
    """A port of whoever receives; all of the protocol where none is given."""

    protocol: Protocol | None = Field(default=None, description="Default: TCP.")
    port: PortOrName | None = None
    end_port: PortNumber | None = None

    @field_validator("end_port")
    @classmethod
    def _behind(cls, end: int | None, info: ValidationInfo) -> int | None:
        if end is None or "port" not in info.data:
            return end
        match info.data["port"]:
            case int(first) if end < first:
                raise PydanticCustomError("end_port", "must not be less than port, {first}", {"first": first})
            case None:
                raise PydanticCustomError("end_port", "may not be given without port")
            case str():
                raise PydanticCustomError("end_port", "may not be given where port is a name")
        return end


Ports = Annotated[tuple[PolicyPort, ...] | None, Field(strict=False)]
Peers = Annotated[tuple[Peer, ...] | None, Field(strict=False)]


class IngressRule(Part):
    """What may come: from any of these peers, everybody where there are none, to any of these ports."""

    ports: Ports = None
    peers: Peers = Field(default=None, alias="from")


class EgressRule(Part):
    """Where one may go."""

    ports: Ports = None
    peers: Peers = Field(default=None, alias="to")


class NetworkPolicySpec(Part):
    """Who is isolated, and what is allowed all the same."""

    pod_selector: LabelSelector | None = None
    policy_types: Annotated[tuple[Literal["Ingress", "Egress"], ...] | None, Field(strict=False, max_length=2)] = None
    ingress: Annotated[tuple[IngressRule, ...] | None, Field(strict=False)] = None
    egress: Annotated[tuple[EgressRule, ...] | None, Field(strict=False)] = None


class NetworkPolicyDocument(Document):
    """Kubernetes' NetworkPolicy, its namespace being a project; also accepted in Kubernetes' own form."""

    kind: Literal["NetworkPolicy"]
    project: Name
    name: Subdomain
    labels: LabelMap = Field(default_factory=dict)
    spec: NetworkPolicySpec


class NetworkPolicyManifest(Manifest):
    """A NetworkPolicy as Kubernetes writes it."""

    version: ClassVar[str] = "networking.k8s.io/v1"
    kind: Literal["NetworkPolicy"]
    metadata: NamespacedMetadata
    spec: NetworkPolicySpec


def _entity(resource: Resource) -> values.Policy:
    row, spec = resource.row, resource.spec
    types = spec.policy_types or (("Ingress", "Egress") if spec.egress else ("Ingress",))
    return values.Policy(
        key=f"NetworkPolicy:{row.project}/{row.name}",
        uid=row.uid,
        kind="NetworkPolicy",
        project=row.project,
        name=row.name,
        tier=tiers.NETWORK_POLICY,
        priority=0,
        applied_to=(values.Machines((row.project,), labels=requirements(spec.pod_selector)),),
        ingress=_rules("ingress", spec.ingress, row.project) if "Ingress" in types else None,
        egress=_rules("egress", spec.egress, row.project) if "Egress" in types else None,
    )


def _rules(
    direction: values.Direction, rules: Iterable[IngressRule | EgressRule] | None, project: str
) -> tuple[values.Rule, ...]:
    return tuple(
        values.Rule(
            name=f"{direction}-{index}",
            action="allow",
            peers=tuple(_peer(peer, project) for peer in rule.peers) if rule.peers else None,
            services=services(_spoken(rule.ports or ())),
        )
        for index, rule in enumerate(rules or ())
    )


def _peer(peer: Peer, project: str) -> values.Peer:
    if peer.ip_block is not None:
        return values.Block(peer.ip_block.cidr, peer.ip_block.excepted or ())
    labels = requirements(peer.pod_selector)
    if peer.namespace_selector is None:
        return values.Machines((project,), labels=labels)
    return values.Machines(None, project_labels=requirements(peer.namespace_selector), labels=labels)


def _spoken(ports: Iterable[PolicyPort]) -> Iterator[Spoken]:
    for port in ports:
        protocol: Protocol = port.protocol or "TCP"
        match port.port:
            case int(first):
                yield Spoken(protocol, (first, port.end_port or first))
            case name:
                yield Spoken(protocol, name=name)


def _count(spec: NetworkPolicySpec) -> int:
    return len(spec.ingress or ()) + len(spec.egress or ())


NETWORK_POLICY = Kind(
    name="NetworkPolicy",
    plural="networkpolicies",
    scoped=True,
    rank=6,
    document=NetworkPolicyDocument,
    spec=NetworkPolicySpec,
    entity=_entity,
    rules=_count,
    manifest=NetworkPolicyManifest,
)
