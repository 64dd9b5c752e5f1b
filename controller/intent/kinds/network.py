"""Network: a broadcast domain of one project, on every host; its VNI keeps it apart from all others.

Its subnets say which addresses its ports may have, its MTU how large their packets may be on the way between hosts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Annotated, Any, Literal

from pydantic import Field

from controller import entities
from controller.intent import allocate
from controller.intent.blocks import IPV6, Block, block, text
from controller.intent.kind import Claim, Contradiction, Draft, Findings, Kind
from controller.intent.kinds.later import NoAdvertisement, NoDhcp, NoValue, SupportedMode
from controller.intent.resource import Document, Key, NetworkAllocation, Resource, Strict
from controller.intent.values import Address, Cidr, Name

_IPV6_MTU = 1280  # RFC 8200, section 5


def _first_address(fields: dict[str, Any]) -> str | None:
    """The first address that is not the network's own; None where taking it would leave none for ports."""
    within = block(fields["cidr"])
    return None if within.lowest == within.first else text(within.version, within.lowest)


class SubnetSpec(Strict):
    """One block of addresses."""

    name: Name
    cidr: Cidr
    gateway: Address | None = Field(
        default_factory=_first_address, description="Default: the first address; null for none."
    )
    dhcp: NoDhcp = None
    ra: NoAdvertisement = None


class NetworkSpec(Strict):
    """What a network is to be."""

    mode: Annotated[Literal["overlay", "internal"], SupportedMode] = "overlay"
    vni: Annotated[int, Field(ge=1, le=allocate.VNI_MAX)] | None = None
    encap: Literal["vxlan", "geneve", "gre"] | None = None
    mtu: Annotated[int, Field(ge=68, le=65535)] | None = None
    subnets: Annotated[tuple[SubnetSpec, ...], Field(strict=False, max_length=64)] = ()
    physical_network: NoValue = None
    vlan: NoValue = None


class NetworkDocument(Document):
    """A broadcast domain of one project."""

    kind: Literal["Network"]
    project: Name
    spec: NetworkSpec = NetworkSpec()


def _contradictions(draft: Draft, _key: Key, spec: NetworkSpec, settled: NetworkAllocation) -> Findings:
    blocks = [block(subnet.cidr) for subnet in spec.subnets]
    yield from _overlaps(spec, blocks)
    for index, (subnet, within) in enumerate(zip(spec.subnets, blocks, strict=True)):
        problem = within.misplaced(subnet.gateway) if subnet.gateway is not None else None
        if problem is not None:
            yield Contradiction(f"/spec/subnets/{index}/gateway", problem)
    yield from _mtu_faults(draft, settled)
    if settled.mtu < _IPV6_MTU and any(within.version == IPV6 for within in blocks):
        yield Contradiction(
            "/spec/mtu", f"{settled.mtu} is less than the {_IPV6_MTU} that IPv6 subnets need (RFC 8200)"
        )


def _overlaps(spec: NetworkSpec, blocks: list[Block]) -> Findings:
    for (i, one), (j, other) in combinations(enumerate(spec.subnets), 2):
        if one.name == other.name:
            yield Contradiction(f"/spec/subnets/{j}/name", f"subnet {one.name} is given twice")
        if blocks[i].overlaps(blocks[j]):
            yield Contradiction(f"/spec/subnets/{j}/cidr", f"overlaps {one.cidr} of subnet {one.name}")


def _mtu_faults(draft: Draft, settled: NetworkAllocation) -> Findings:
    largest = allocate.mtu(settled.encap, draft.underlay)
    if settled.mtu > largest:
        detail = f"the underlay carries {draft.underlay.mtu} bytes, which leaves {largest} in {settled.encap}"
        yield Contradiction("/spec/mtu", f"{settled.mtu} does not fit: {detail}")


def _settle(draft: Draft, _key: Key, spec: NetworkSpec, before: Resource | None) -> NetworkAllocation:
    encap = spec.encap or (before.allocated.encap if before else draft.underlay.encap)
    kept = before.allocated.vni if before else 0
    return NetworkAllocation(spec.vni or kept, encap, spec.mtu or allocate.mtu(encap, draft.underlay))


def _complete(
    draft: Draft, _key: Key, uid: str, _spec: NetworkSpec, settled: NetworkAllocation
) -> NetworkAllocation | Contradiction:
    if settled.vni:
        return settled
    vni = allocate.vni(uid, lambda found: draft.owner("vni", found) is not None)
    if vni is None:
        return Contradiction("/spec/vni", "no VNI is left in this cluster", conflict=True)
    return NetworkAllocation(vni, settled.encap, settled.mtu)


def address_space(project: str, network: str) -> str:
    """Where a network's addresses are unique."""
    return f"address {project}/{network}"


def _claims(key: Key, spec: NetworkSpec, allocated: NetworkAllocation) -> Iterator[Claim]:
    if allocated.vni:
        yield Claim("vni", allocated.vni, "/spec/vni", "VNI")
    space = address_space(key[1], key[2])
    for index, subnet in enumerate(spec.subnets):
        if subnet.gateway is not None:
            yield Claim(space, subnet.gateway, f"/spec/subnets/{index}/gateway", "address")


def _references(_key: Key, _spec: NetworkSpec) -> tuple[Key, ...]:
    return ()


def _disturbed(before: NetworkSpec | None, after: NetworkSpec) -> bool:
    """Whether ports may have to get, or must not keep, addresses."""
    return before is None or before.subnets != after.subnets


def _entity(resource: Resource) -> entities.Network:
    row, spec, allocated = resource.row, resource.spec, resource.allocated
    return entities.Network(
        key=f"{row.project}/{row.name}",
        uid=row.uid,
        project=row.project,
        name=row.name,
        mode=spec.mode,
        vni=allocated.vni,
        encap=allocated.encap,
        mtu=allocated.mtu,
        subnets=tuple(entities.Subnet(subnet.name, subnet.cidr, subnet.gateway) for subnet in spec.subnets),
    )


NETWORK = Kind(
    name="Network",
    plural="networks",
    scoped=True,
    rank=1,
    document=NetworkDocument,
    spec=NetworkSpec,
    allocation=NetworkAllocation,
    contradictions=_contradictions,
    settle=_settle,
    complete=_complete,
    claims=_claims,
    references=_references,
    disturbed=_disturbed,
    entity=_entity,
    entity_type=entities.Network,
)
