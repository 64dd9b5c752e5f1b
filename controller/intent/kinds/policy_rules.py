"""Rules of policies: what becomes of new connections, by peer and service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, TypeAlias

from pydantic import Field

from controller.intent.kind import Contradiction, Findings
from controller.intent.kinds.peer_faults import peers_faults
from controller.intent.kinds.peers import Peers, peers
from controller.intent.kinds.services import ServiceSpec, service_faults, services
from controller.intent.values import Name
from controller.policy.values import Action, Rule

MOST_RULES = 1000
"""Of one policy in one direction."""


class NamedRuleSpec(ServiceSpec):
    """What rules of all kinds have."""

    name: Name | None = Field(default=None, description="Unique in its direction. Default: its place, from 0.")
    log: bool = False


class RuleSpec(NamedRuleSpec):
    """A rule of a policy but for its peers."""

    action: Action


class IngressSpec(RuleSpec):
    """A rule for what comes to those whom the policy applies to."""

    peers: Peers | None = Field(default=None, alias="from", description="Default: anybody.")


class EgressSpec(RuleSpec):
    """A rule for what goes out from those whom the policy applies to."""

    peers: Peers | None = Field(default=None, alias="to", description="Default: anybody.")


IngressRules: TypeAlias = Annotated[tuple[IngressSpec, ...], Field(strict=False, max_length=MOST_RULES)]
EgressRules: TypeAlias = Annotated[tuple[EgressSpec, ...], Field(strict=False, max_length=MOST_RULES)]


def rules(project: str, given: Sequence[IngressSpec | EgressSpec]) -> tuple[Rule, ...]:
    """As policy knows them."""
    return tuple(
        Rule(spec.name or str(index), spec.action, peers(project, spec.peers), services(spec), spec.log)
        for index, spec in enumerate(given)
    )


def rules_faults(given: Sequence[IngressSpec | EgressSpec], pointer: str, whom: str) -> Findings:
    """``whom`` is the field that has the peers."""
    yield from name_faults(enumerate(given), pointer)
    for index, spec in enumerate(given):
        where = f"{pointer}/{index}"
        yield from service_faults(spec, where)
        yield from peers_faults(spec.peers, f"{where}/{whom}", spec.protocol)


def name_faults(given: Iterable[tuple[int, NamedRuleSpec]], pointer: str) -> Findings:
    """Names that rules of one direction, with their places, have twice; one without has its place for a name."""
    seen: set[str] = set()
    for index, spec in given:
        name = spec.name or str(index)
        if name in seen:
            field = "/name" if spec.name else ""
            yield Contradiction(f"{pointer}/{index}{field}", f"another rule of this direction is named {name}")
        seen.add(name)
