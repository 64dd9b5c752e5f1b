"""Port: one connection of a VM to a network, with the MAC and the addresses that it may use there.

A port may be asked for before its network exists; the transaction that brings the network gives it a MAC and
addresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from controller import entities
from controller.intent.kind import Claim, Contradiction, Draft, Findings, Kind
from controller.intent.kinds.addressing import (
    address_space,
    exhausted,
    free_address,
    free_mac,
    mac_space,
    outside,
    version_of,
    versions,
)
from controller.intent.kinds.later import NoList, NoValue
from controller.intent.kinds.network import NetworkSpec
from controller.intent.kinds.subnet import SubnetSpec
from controller.intent.resource import Document, Key, PortAllocation, Resource, Strict
from controller.intent.values import Address, AddressOrCidr, Mac, Name, Place

_WAITING = PortAllocation(None, ())


class PairSpec(Strict):
    """A further address, or block, that the port may send from; ``mac`` is the port's own when absent."""

    mac: Mac | None = None
    address: AddressOrCidr


class BindingSpec(Strict):
    """Where to find an interface that has no iface-id."""

    chassis: Place
    interface: Place


class PortSpec(Strict):
    """What a port is to be."""

    network: Name
    mac: Mac | None = None
    addresses: Annotated[tuple[Address, ...], Field(strict=False, max_length=64)] | None = Field(
        default=None, description="Null: one of each IP version that the network has is allocated. []: none."
    )
    allowed_pairs: Annotated[tuple[PairSpec, ...], Field(strict=False, max_length=256)] = ()
    port_security: bool = True
    admin_up: bool = True
    binding: BindingSpec | None = None
    security_groups: NoList = None
    qos: NoValue = None


class PortDocument(Document):
    """A VM's connection to a network."""

    kind: Literal["Port"]
    project: Name
    spec: PortSpec


def _network(draft: Draft, key: Key, spec: PortSpec) -> NetworkSpec | None:
    found: NetworkSpec | None = draft.spec(("Network", key[1], spec.network))
    return found


def _contradictions(draft: Draft, key: Key, spec: PortSpec, settled: PortAllocation) -> Findings:
    given = spec.addresses or ()
    for index, address in enumerate(given):
        if address in given[:index]:
            yield Contradiction(f"/spec/addresses/{index}", f"{address} is given twice")
    network = _network(draft, key, spec)
    if network is None:
        return
    for index, address in enumerate(settled.addresses):
        problem = outside(address, network.subnets)
        if problem is not None:
            yield Contradiction(f"/spec/addresses/{index}" if given else "/spec/addresses", problem)


def _settle(draft: Draft, key: Key, spec: PortSpec, before: Resource | None) -> PortAllocation:
    if _network(draft, key, spec) is None:
        return _WAITING
    kept = before.allocated if before and before.spec.network == spec.network else _WAITING
    return PortAllocation(spec.mac or kept.mac, kept.addresses if spec.addresses is None else spec.addresses)


def _complete(
    draft: Draft, key: Key, uid: str, spec: PortSpec, settled: PortAllocation
) -> PortAllocation | Contradiction:
    network = _network(draft, key, spec)
    if network is None:
        return settled
    macs = mac_space(key[1], spec.network)
    mac = settled.mac or free_mac(draft, uid, macs)
    if spec.addresses is not None:
        return PortAllocation(mac, settled.addresses)
    more = _allocated(draft, address_space(key[1], spec.network), network.subnets, settled.addresses, mac)
    if isinstance(more, Contradiction):
        return more
    return PortAllocation(mac, settled.addresses + more)


def _allocated(
    draft: Draft, space: str, subnets: tuple[SubnetSpec, ...], have: tuple[str, ...], mac: str
) -> tuple[str, ...] | Contradiction:
    """An address of each IP version that the subnets have and the port lacks."""
    found: list[str] = []
    had = {version_of(address) for address in have}
    for version in versions(subnets):
        if version in had:
            continue
        address = free_address(draft, space, subnets, version, mac)
        if address is None:
            return exhausted(draft, space, version, "/spec/addresses")
        found.append(address)
    return tuple(found)


def _claims(key: Key, spec: PortSpec, allocated: PortAllocation) -> Iterator[Claim]:
    if spec.binding is not None:
        yield Claim("binding", f"{spec.binding.chassis}/{spec.binding.interface}", "/spec/binding", "interface")
    if allocated.mac is not None:
        yield Claim(mac_space(key[1], spec.network), allocated.mac, "/spec/mac", "MAC address")
    space = address_space(key[1], spec.network)
    pointer = "/spec/addresses/{}" if spec.addresses else "/spec/addresses"
    for index, address in enumerate(allocated.addresses):
        yield Claim(space, address, pointer.format(index), "address", rests=True)


def _references(key: Key, spec: PortSpec) -> tuple[Key, ...]:
    return (("Network", key[1], spec.network),)


def _disturbed(before: PortSpec | None, after: PortSpec) -> bool:
    """Whether what stands for its addresses outside has to follow."""
    return before is None or (before.network, before.addresses) != (after.network, after.addresses)


def _entity(resource: Resource) -> entities.Port | None:
    row, spec, allocated = resource.row, resource.spec, resource.allocated
    if allocated.mac is None:
        return None
    return entities.Port(
        key=f"{row.project}/{row.name}",
        uid=row.uid,
        project=row.project,
        name=row.name,
        network=f"{row.project}/{spec.network}",
        mac=allocated.mac,
        addresses=allocated.addresses,
        allowed_pairs=tuple(entities.AllowedPair(p.mac or allocated.mac, p.address) for p in spec.allowed_pairs),
        port_security=spec.port_security,
        admin_up=spec.admin_up,
        binding=entities.Plug(spec.binding.chassis, spec.binding.interface) if spec.binding else None,
        labels=row.labels,
    )


PORT = Kind(
    name="Port",
    plural="ports",
    scoped=True,
    rank=3,
    document=PortDocument,
    spec=PortSpec,
    allocation=PortAllocation,
    contradictions=_contradictions,
    settle=_settle,
    complete=_complete,
    claims=_claims,
    references=_references,
    disturbed=_disturbed,
    entity=_entity,
)
