"""Which packets are steered: from ports of a project to ports of it, of a service or of any.

A block or a group of addresses means those of the project's ports that have such an address, and whoever has one
outside, beyond the routers by which the project's networks leave.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from controller.intent.kind import Findings
from controller.intent.kinds.peer_faults import peers_faults
from controller.intent.kinds.peers import Peers, peer_references, peers
from controller.intent.kinds.services import ServiceSpec, service_faults, services
from controller.intent.resource import Key
from controller.links import Traffic
from controller.policy.values import Machines, Peer

_SIDES = (("sources", "from"), ("targets", "to"))


class MatchSpec(ServiceSpec):
    """Packets by who sends them, to whom, and of what service."""

    sources: Peers | None = Field(default=None, alias="from", description="Default: any port of the project.")
    targets: Peers | None = Field(default=None, alias="to", description="Default: any port of the project.")


def traffic(project: str, spec: MatchSpec) -> Traffic:
    """As steering knows it."""
    return Traffic(_ends(project, spec.sources), _ends(project, spec.targets), services(spec))


def _ends(project: str, given: Peers | None) -> tuple[Peer, ...]:
    """Anybody is any port of the project: what others send each other is not this one's to steer."""
    found = peers(project, given)
    return (Machines((project,)),) if found is None else found


def traffic_faults(spec: MatchSpec, pointer: str) -> Findings:
    """Services and peers that cannot be meant."""
    yield from service_faults(spec, pointer)
    for field, word in _SIDES:
        yield from peers_faults(getattr(spec, field), f"{pointer}/{word}", spec.protocol, foreign=False)


def traffic_references(project: str, spec: MatchSpec) -> Iterator[Key]:
    """What it names."""
    for field, _ in _SIDES:
        yield from peer_references(project, getattr(spec, field))
