"""Invariant and ClusterInvariant: who never reaches, or always reaches, whom; a change that would break one is refused.

An Invariant is its project's own. A ClusterInvariant is the administrators', who alone see it, and names projects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from controller.intent.kind import Contradiction, Draft, Findings, Kind
from controller.intent.kinds.peer_faults import peers_faults
from controller.intent.kinds.peers import Peers, PeerSpec, each, peer_references, peers
from controller.intent.kinds.services import ServiceSpec, service_faults, services
from controller.intent.resource import Document, Key, NoAllocation, Resource
from controller.intent.values import Name
from controller.policy import values
from controller.policy.values import Block, Listed, Machines, Peer

_EVERYWHERE = (Block("0.0.0.0/0"), Block("::/0"))
_SIDES = (("sources", "from"), ("targets", "to"))


class InvariantSpec(ServiceSpec):
    """What must stay true; groups are SecurityGroups here."""

    sources: Annotated[Peers, Field(alias="from")]
    targets: Annotated[Peers, Field(alias="to")]
    expect: Literal["unreachable", "reachable"] = Field(
        default="unreachable", description="No service of those named, or every one of them."
    )


class InvariantDocument(Document):
    """What must stay true in a project."""

    kind: Literal["Invariant"]
    project: Name
    spec: InvariantSpec


class ClusterInvariantDocument(Document):
    """What must stay true among projects; cluster-wide."""

    kind: Literal["ClusterInvariant"]
    spec: InvariantSpec


def _contradictions(draft: Draft, key: Key, spec: InvariantSpec, _settled: NoAllocation) -> Findings:
    yield from service_faults(spec, "/spec")
    for field, word in _SIDES:
        given = getattr(spec, field)
        yield from peers_faults(given, f"/spec/{word}", spec.protocol, foreign=not key[1])
        for suffix, peer in each(given):
            problem = _fault(draft, key[1], peer) if peer is not None else None
            if problem is not None:
                yield Contradiction(f"/spec/{word}{suffix}", problem)


def _fault(draft: Draft, project: str, peer: PeerSpec) -> str | None:
    """What is wrong with a peer that would be right in a policy, or None."""
    if not project and not (peer.everybody or peer.cidr or peer.project or peer.projects):
        return "of which project? give project or projects"
    for kind, _, name in peer_references(project, peer):
        if kind == "AddressGroup" and draft.spec((kind, project, name)) is not None:
            return f"{name} is a group of addresses; give its blocks"
    return None


def _references(key: Key, spec: InvariantSpec) -> tuple[Key, ...]:
    named = (target for given in (spec.sources, spec.targets) for target in peer_references(key[1], given))
    return tuple(dict.fromkeys(target for target in named if key[1] and target[0] != "AddressGroup"))


def _ends(project: str, given: tuple[Peer, ...] | None) -> Iterator[Machines | Block]:
    """Anybody is every address, and every machine: the project's own, or of the cluster."""
    if given is None:
        yield Machines((project,) if project else None)
        yield from _EVERYWHERE
        return
    yield from (peer for peer in given if not isinstance(peer, Listed))


def _entity(resource: Resource) -> values.Invariant:
    row, spec = resource.row, resource.spec
    return values.Invariant(
        key=f"{row.project}/{row.name}" if row.project else row.name,
        uid=row.uid,
        sources=tuple(_ends(row.project, peers(row.project, spec.sources))),
        targets=tuple(_ends(row.project, peers(row.project, spec.targets))),
        services=services(spec),
        reachable=spec.expect == "reachable",
    )


INVARIANT = Kind(
    name="Invariant",
    plural="invariants",
    scoped=True,
    rank=7,
    document=InvariantDocument,
    spec=InvariantSpec,
    contradictions=_contradictions,
    references=_references,
    entity=_entity,
)
CLUSTER_INVARIANT = replace(
    INVARIANT, name="ClusterInvariant", plural="clusterinvariants", scoped=False, document=ClusterInvariantDocument
)
