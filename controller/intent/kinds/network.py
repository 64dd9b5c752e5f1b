"""Network: a broadcast domain of one project; its VNI keeps it apart from all others, wherever it is.

Its mode says whom its machines reach, its subnets which addresses they may have, its MTU how large their packets may
be on the way between hosts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from controller import entities
from controller.intent import allocate
from controller.intent.blocks import IPV6
from controller.intent.kind import Claim, Contradiction, Draft, Findings, Kind
from controller.intent.kinds import addressing, subnet
from controller.intent.kinds.subnet import SubnetSpec
from controller.intent.resource import Document, Key, NetworkAllocation, Resource, Strict
from controller.intent.values import Name, Physical

_UNSHARED = "host-only"
_IPV6_MTU = 1280  # RFC 8200, section 5
_HIGHEST_VNI = (1 << 24) - 1


class NetworkSpec(Strict):
    """What a network is to be."""

    mode: entities.Mode = "overlay"
    vni: Annotated[int, Field(ge=1, le=_HIGHEST_VNI)] | None = None
    encap: Literal["vxlan", "geneve", "gre"] | None = None
    mtu: Annotated[int, Field(ge=68, le=65535)] | None = None
    subnets: Annotated[tuple[SubnetSpec, ...], Field(strict=False, max_length=64)] = ()
    physical_network: Physical | None = Field(
        default=None, description="Bridged only: the physical network, as hosts' bridge mappings name it."
    )
    vlan: Annotated[int, Field(ge=1, le=4094)] | None = Field(
        default=None, description="Bridged only: the VLAN; null for untagged."
    )

    shared: bool = Field(
        default=False,
        description="Other projects may name it, as project/name: for ports unless it is nat, for routers to leave by "
        "if it is bridged or nat, for floating IPs if it is bridged. A host-only network cannot be shared.",
    )


class NetworkDocument(Document):
    """A broadcast domain of one project."""

    kind: Literal["Network"]
    project: Name
    spec: NetworkSpec = NetworkSpec()


def _contradictions(draft: Draft, _key: Key, spec: NetworkSpec, settled: NetworkAllocation) -> Findings:
    yield from subnet.contradictions(spec.subnets)
    yield from _segment_faults(spec)
    if spec.shared and spec.mode == _UNSHARED:
        yield Contradiction("/spec/shared", f"{_UNSHARED} networks cannot be shared")
    if spec.vni is not None and spec.vni > allocate.VNI_MAX:
        yield Contradiction("/spec/vni", f"VNIs above {allocate.VNI_MAX} are netloom's own")
    largest = allocate.mtus(spec.mode, settled.encap, draft.underlay)[1]
    if settled.mtu > largest:
        yield Contradiction("/spec/mtu", f"{settled.mtu} does not fit: {_carried(draft, spec, settled, largest)}")
    if settled.mtu < _IPV6_MTU and IPV6 in addressing.versions(spec.subnets):
        yield Contradiction(
            "/spec/mtu", f"{settled.mtu} is less than the {_IPV6_MTU} that IPv6 subnets need (RFC 8200)"
        )


def _carried(draft: Draft, spec: NetworkSpec, settled: NetworkAllocation, largest: int) -> str:
    if spec.mode == "bridged":
        return f"physical networks carry {largest} bytes"
    return f"the underlay carries {draft.underlay.mtu} bytes, which leaves {largest} in {settled.encap}"


def _segment_faults(spec: NetworkSpec) -> Findings:
    if spec.mode == "bridged":
        if spec.physical_network is None:
            yield Contradiction("/spec/physical_network", "a bridged network needs one")
        return
    for field in ("physical_network", "vlan"):
        if getattr(spec, field) is not None:
            yield Contradiction(f"/spec/{field}", f"only bridged networks have one; this one's mode is {spec.mode}")


def _settle(draft: Draft, _key: Key, spec: NetworkSpec, before: Resource | None) -> NetworkAllocation:
    kept: NetworkAllocation | None = before.allocated if before else None
    encap = spec.encap or (kept.encap if kept else draft.underlay.encap)
    mtu = spec.mtu or allocate.mtus(spec.mode, encap, draft.underlay)[0]
    return NetworkAllocation(
        vni=spec.vni or (kept.vni if kept else 0),
        encap=encap,
        mtu=mtu,
        door=kept.door if kept and spec.mode == "nat" else None,
        gateway_mac=kept.gateway_mac if kept and spec.mode == "host-only" else None,
        enclosed_mtu=allocate.enclosed_mtu(spec.mode, draft.underlay),
    )


def _complete(
    draft: Draft, key: Key, uid: str, spec: NetworkSpec, settled: NetworkAllocation
) -> NetworkAllocation | Contradiction:
    vni = settled.vni or addressing.free_number(draft, uid, addressing.VNIS, allocate.VNI_MAX)
    if vni is None:
        return Contradiction("/spec/vni", "no VNI is left in this cluster", conflict=True)
    completed = replace(settled, vni=vni)
    macs = addressing.mac_space(key[1], key[2])
    match spec.mode:
        case "nat" if settled.door is None or settled.door.number > allocate.ROUTER_NUMBERS:
            door = _door(draft, uid, macs)
            return door if isinstance(door, Contradiction) else replace(completed, door=door)
        case "host-only" if settled.gateway_mac is None:
            return replace(completed, gateway_mac=addressing.free_mac(draft, uid, macs))
        case _:
            return completed


def _door(draft: Draft, uid: str, macs: str) -> entities.Door | Contradiction:
    """What a nat network is to the hosts: a router of its own."""
    number = addressing.router_number(draft, uid, 0)
    addresses = tuple(draft.free(addressing.HOST_LINK, each) for each in addressing.HOST_LINK_SPANS)
    if number is None or None in addresses:
        return Contradiction("/spec/mode", "there are as many routers and nat networks as there can be", conflict=True)
    mac = addressing.free_mac(draft, uid, macs, addressing.HOST_LINK_MACS)
    return entities.Door(number, mac, tuple(address for address in addresses if address is not None))


def _claims(key: Key, spec: NetworkSpec, allocated: NetworkAllocation) -> Iterator[Claim]:
    if allocated.vni:
        yield Claim(addressing.VNIS, allocated.vni, "/spec/vni", "VNI")
    if spec.physical_network is not None:
        vlan = "untagged" if spec.vlan is None else f"VLAN {spec.vlan}"
        pointer = "/spec/physical_network" if spec.vlan is None else "/spec/vlan"
        yield Claim("segment", f"{spec.physical_network} {vlan}", pointer, "segment")
    space = addressing.address_space(key[1], key[2])
    for index, each in enumerate(spec.subnets):
        if each.gateway is not None:
            yield Claim(space, each.gateway, f"/spec/subnets/{index}/gateway", "address")
    macs = addressing.mac_space(key[1], key[2])
    if allocated.gateway_mac is not None:
        yield Claim(macs, allocated.gateway_mac, "/spec/mode", "MAC address")
    if allocated.door is not None:
        yield from _door_claims(macs, allocated.door)


def _door_claims(macs: str, door: entities.Door) -> Iterator[Claim]:
    yield Claim(addressing.NUMBERS, door.number, "/spec/mode", "router number")
    yield Claim(macs, door.mac, "/spec/mode", "MAC address")
    yield Claim(addressing.HOST_LINK_MACS, door.mac, "/spec/mode", "MAC address")
    for address in door.addresses:
        yield Claim(addressing.HOST_LINK, address, "/spec/mode", "address", rests=True)


def _disturbed(before: NetworkSpec | None, after: NetworkSpec) -> bool:
    """Whether ports may have to get, or must not keep, addresses, or routers their place."""
    return before is None or _places(before) != _places(after)


def _places(spec: NetworkSpec) -> tuple[str, bool, tuple[tuple[str, str | None], ...]]:
    """What others go by: not what machines are told by DHCP, so that ten thousand ports need no look for a lease."""
    return spec.mode, spec.shared, tuple((each.cidr, each.gateway) for each in spec.subnets)


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
        subnets=tuple(subnet.entity(each) for each in spec.subnets),
        physical_network=spec.physical_network,
        vlan=spec.vlan,
        door=allocated.door,
        gateway_mac=allocated.gateway_mac,
        enclosed_mtu=allocated.enclosed_mtu,
        mtu_open=spec.mtu is None,
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
    disturbed=_disturbed,
    entity=_entity,
)
