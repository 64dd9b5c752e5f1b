"""PortForward: ports of a router's external address, or of a nat network's hosts, lead to one port inside.

Hosts have one address for all projects: where a way out leads through them, a forward takes its ports from everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from controller import entities
from controller.derived import DOOR
from controller.intent.kind import Claim, Contradiction, Draft, Findings, Kind
from controller.intent.ports import HIGHEST, PortOrRange, span
from controller.intent.resource import Document, ForwardAllocation, Key, Resource, Strict
from controller.intent.values import Name

_MOST_PORTS = 1000
"""Of one forward; each is a claim, and where the numbers change a flow."""


class PortForwardSpec(Strict):
    """What a port forward is to be; it has a router or a network, and not both."""

    router: Name | None = Field(default=None, description="Whose external addresses.")
    network: Name | None = Field(default=None, description="The nat network whose hosts' addresses.")
    protocol: Literal["tcp", "udp"]
    external_port: PortOrRange
    port: Name = Field(description="The port inside, by its name.")
    internal_port: PortOrRange | None = Field(
        default=None, description="Default: the same. Of a range: one as long as it, or its first port."
    )
    helper: Literal["ftp"] | None = None


class PortForwardDocument(Document):
    """Ports outside that lead to one port inside."""

    kind: Literal["PortForward"]
    project: Name
    spec: PortForwardSpec


def _contradictions(draft: Draft, key: Key, spec: PortForwardSpec, settled: ForwardAllocation) -> Findings:
    yield from _way_faults(draft, key, spec)
    low, high = span(spec.external_port)
    count = high - low + 1
    if count > _MOST_PORTS:
        yield Contradiction("/spec/external_port", f"{count} ports are more than the {_MOST_PORTS} of one forward")
    elif settled.by_host:
        yield from _host_faults(draft, low, high)
    problem = _inner_fault(spec.internal_port, count) if spec.internal_port is not None else None
    if problem is not None:
        yield Contradiction("/spec/internal_port", problem)
    if spec.helper is not None and spec.protocol != "tcp":
        yield Contradiction("/spec/helper", f"{spec.helper} is of tcp")


def _inner_fault(inner: int | str, count: int) -> str | None:
    """Why as many ports as there are outside are not there inside, or None; one port is the first of them."""
    first, last = span(inner)
    if isinstance(inner, str) and last - first + 1 != count:
        return f"{inner} is {last - first + 1} ports, outside are {count}"
    if first + count - 1 > HIGHEST:
        return f"{count} ports from {first} on would end beyond {HIGHEST}"
    return None


def _way_faults(draft: Draft, key: Key, spec: PortForwardSpec) -> Findings:
    if spec.network is None:
        if spec.router is None:
            yield Contradiction("/spec/router", "is required, or a network")
        return
    if spec.router is not None:
        yield Contradiction("/spec/network", "give a router or a network, not both")
    network = draft.spec(("Network", key[1], spec.network))
    if network is not None and network.mode != "nat":
        message = f"network {spec.network} is {network.mode}; hosts forward to nat networks only"
        yield Contradiction("/spec/network", message)


def _host_faults(draft: Draft, low: int, high: int) -> Findings:
    """Ports of their own addresses that the hosts do not give away."""
    underlay = draft.underlay
    if low < underlay.forwarded_from:
        message = f"hosts keep the ports below {underlay.forwarded_from} for themselves"
        yield Contradiction("/spec/external_port", message)
    for port in sorted(underlay.own_ports):
        if low <= port <= high:
            yield Contradiction("/spec/external_port", f"hosts need port {port} themselves")


def _settle(draft: Draft, key: Key, spec: PortForwardSpec, _before: Resource | None) -> ForwardAllocation:
    if spec.network is not None:
        return ForwardAllocation(by_host=True)
    router = draft.settled(("Router", key[1], spec.router or ""))
    return ForwardAllocation(by_host=router is not None and router.by_host)


def _complete(
    _draft: Draft, _key: Key, _uid: str, _spec: PortForwardSpec, settled: ForwardAllocation
) -> ForwardAllocation:
    return settled


def _claims(key: Key, spec: PortForwardSpec, allocated: ForwardAllocation) -> Iterator[Claim]:
    spaces = ["forward by the hosts"] if allocated.by_host else []
    if spec.router is not None:
        spaces.append(f"forward {key[1]}/{spec.router}")
    low, high = span(spec.external_port)
    for space in spaces:
        for port in range(low, min(high, low + _MOST_PORTS) + 1):
            yield Claim(space, f"{spec.protocol} {port}", "/spec/external_port", "port")


def _references(key: Key, spec: PortForwardSpec) -> tuple[Key, ...]:
    ways = (("Router", spec.router), ("Network", spec.network), ("Port", spec.port))
    return tuple((kind, key[1], name) for kind, name in ways if name is not None)


def _entity(resource: Resource) -> entities.PortForward:
    row, spec = resource.row, resource.spec
    door = DOOR if spec.router is None else ""
    return entities.PortForward(
        key=f"{row.project}/{row.name}",
        uid=row.uid,
        via=f"{door}{row.project}/{spec.router or spec.network}",
        protocol=spec.protocol,
        ports=span(spec.external_port),
        port=f"{row.project}/{spec.port}",
        target=span(spec.internal_port or spec.external_port)[0],
        helper=spec.helper,
    )


PORT_FORWARD = Kind(
    name="PortForward",
    plural="portforwards",
    scoped=True,
    rank=5,
    document=PortForwardDocument,
    spec=PortForwardSpec,
    allocation=ForwardAllocation,
    contradictions=_contradictions,
    settle=_settle,
    complete=_complete,
    claims=_claims,
    references=_references,
    entity=_entity,
)
