"""What AdminNetworkPolicy and BaselineAdminNetworkPolicy have in common: subjects, peers and ports.

Nodes and domain names are refused: to accept them and find nobody would let pass what a rule denies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from controller.intent.kind import Contradiction, Draft, Findings
from controller.intent.kubernetes.form import NOT_EMPTY, Choice, Part
from controller.intent.kubernetes.selectors import LabelSelector, requirements
from controller.intent.kubernetes.services import Protocol, Spoken, services
from controller.intent.kubernetes.words import Block, PortName, PortNumber
from controller.intent.resource import Key, NoAllocation, Resource
from controller.policy import values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MOST = 100
_MOST_NETWORKS = 25
_ACTIONS: dict[str, values.Action] = {"Allow": "allow", "Deny": "deny", "Pass": "pass"}


def _no_nodes(value: object) -> None:
    if value is not None:
        raise PydanticCustomError("nodes", "there are no nodes here; write their addresses as networks")


def _no_domains(value: object) -> None:
    if value is not None:
        raise PydanticCustomError("domains", "not supported: packets name no domains; write addresses as networks")


_UNSTORED = Field(default=None, exclude=True, description="Not supported.")
_NULL = WithJsonSchema({"type": "null"})


class Pods(Part):
    """Pods by their labels, in namespaces by theirs; an empty selector is all of them."""

    namespace_selector: LabelSelector
    pod_selector: LabelSelector


class Subject(Choice):
    """Whom a policy applies to, or who sends."""

    namespaces: LabelSelector | None = None
    pods: Pods | None = None


class Target(Choice):
    """Who receives; ``networks`` are addresses, whoever has them."""

    namespaces: LabelSelector | None = None
    pods: Pods | None = None
    networks: Annotated[tuple[Block, ...], Field(strict=False, max_length=_MOST_NETWORKS), NOT_EMPTY] | None = None
    nodes: Annotated[Any, BeforeValidator(_no_nodes), _UNSTORED, _NULL]
    domain_names: Annotated[Any, BeforeValidator(_no_domains), _UNSTORED, _NULL]


class Number(Part):
    """One port."""

    protocol: Protocol | None = Field(default=None, description="Default: TCP.")
    port: PortNumber


class Span(Part):
    """Ports from ``start`` to ``end``, both included."""

    protocol: Protocol | None = Field(default=None, description="Default: TCP.")
    start: PortNumber
    end: PortNumber

    @field_validator("end")
    @classmethod
    def _behind(cls, end: int, info: ValidationInfo) -> int:
        start = info.data.get("start")
        if start is not None and end < start:
            raise PydanticCustomError("range", "must not be less than start, {start}", {"start": start})
        return end


class AdminPort(Choice):
    """A port of whoever receives; a name stands for whichever protocol the receiver gives it."""

    port_number: Number | None = None
    named_port: PortName | None = None
    port_range: Span | None = None


Ports = (
    Annotated[
        tuple[AdminPort, ...],
        Field(strict=False, max_length=_MOST, description="Left out: all ports of all protocols."),
        NOT_EMPTY,
    ]
    | None
)
RuleName = Annotated[str | None, Field(max_length=100)]
Senders = Annotated[tuple[Subject, ...], Field(strict=False, alias="from", max_length=_MOST), NOT_EMPTY]
Targets = Annotated[tuple[Target, ...], Field(strict=False, alias="to", max_length=_MOST), NOT_EMPTY]
AdminAction = Literal["Allow", "Deny", "Pass"]
BaselineAction = Literal["Allow", "Deny"]


class IngressRule(Part):
    """What becomes of what comes in."""

    name: RuleName = None
    action: AdminAction
    peers: Senders
    ports: Ports = None


class EgressRule(Part):
    """What becomes of what goes out."""

    name: RuleName = None
    action: AdminAction
    peers: Targets
    ports: Ports = None


class BaselineIngressRule(IngressRule):
    """What becomes of what comes in; nothing is behind the baseline to pass it to."""

    action: BaselineAction


class BaselineEgressRule(EgressRule):
    """What becomes of what goes out; nothing is behind the baseline to pass it to."""

    action: BaselineAction


Ingress = Annotated[tuple[IngressRule, ...] | None, Field(strict=False, max_length=_MOST)]
Egress = Annotated[tuple[EgressRule, ...] | None, Field(strict=False, max_length=_MOST)]
BaselineIngress = Annotated[tuple[BaselineIngressRule, ...] | None, Field(strict=False, max_length=_MOST)]
BaselineEgress = Annotated[tuple[BaselineEgressRule, ...] | None, Field(strict=False, max_length=_MOST)]


def contradictions(_draft: Draft, _key: Key, spec: Any, _settled: NoAllocation) -> Findings:
    """Ports by name of addresses, which name none."""
    egress: tuple[EgressRule, ...] = spec.egress or ()
    for at, rule in enumerate(egress):
        if all(peer.networks is None for peer in rule.peers):
            continue
        for index, port in enumerate(rule.ports or ()):
            if port.named_port is not None:
                pointer = f"/spec/egress/{at}/ports/{index}/namedPort"
                yield Contradiction(pointer, "may not stand in a rule with networks, which name no ports")


def policy(resource: Resource, tier: str, priority: int) -> values.Policy:
    """What either of them comes to; a direction without rules is not spoken of."""
    row, spec = resource.row, resource.spec
    return values.Policy(
        key=f"{row.kind}:{row.name}",
        uid=row.uid,
        kind=row.kind,
        project="",
        name=row.name,
        tier=tier,
        priority=priority,
        applied_to=(_machines(spec.subject),),
        ingress=_rules("ingress", spec.ingress or ()) or None,
        egress=_rules("egress", spec.egress or ()) or None,
    )


def _rules(direction: values.Direction, found: Sequence[IngressRule | EgressRule]) -> tuple[values.Rule, ...]:
    """Rules in the order written, each with a name of its own."""
    names = [rule.name or f"{direction}-{index}" for index, rule in enumerate(found)]
    return tuple(
        values.Rule(
            name=name if names.count(name) == 1 else f"{name} ({direction}-{index})",
            action=_ACTIONS[rule.action],
            peers=tuple(peer for one in rule.peers for peer in _peers(one)),
            services=services(_spoken(rule.ports or ())),
        )
        for index, (name, rule) in enumerate(zip(names, found, strict=True))
    )


def _peers(peer: Subject | Target) -> Iterator[values.Peer]:
    if isinstance(peer, Target) and peer.networks is not None:
        yield from (values.Block(network) for network in peer.networks)
        return
    yield _machines(peer)


def _machines(peer: Subject | Target) -> values.Machines:
    pods = peer.pods
    if pods is None:
        return values.Machines(None, project_labels=requirements(peer.namespaces))
    labels = requirements(pods.pod_selector)
    return values.Machines(None, project_labels=requirements(pods.namespace_selector), labels=labels)


def _spoken(ports: Iterable[AdminPort]) -> Iterator[Spoken]:
    for port in ports:
        if port.port_number is not None:
            number = port.port_number
            yield Spoken(number.protocol or "TCP", (number.port, number.port))
        elif port.port_range is not None:
            span = port.port_range
            yield Spoken(span.protocol or "TCP", (span.start, span.end))
        else:
            yield Spoken(None, name=port.named_port)
