"""Port: one connection of a VM to a network, with the MAC and the addresses that it may use there.

A port may be asked for before its network exists; the transaction that brings the network gives it a MAC and
addresses. The network may be another project's that is shared.
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
from controller.intent.kinds.later import NoValue
from controller.intent.kinds.services import PortName
from controller.intent.kinds.sharing import lent, network_key, usable
from controller.intent.kinds.subnet import SubnetSpec
from controller.intent.ports import HIGHEST
from controller.intent.resource import Document, Key, PortAllocation, Resource, Strict
from controller.intent.values import Address, AddressOrCidr, Mac, Name, Place, Reference
from controller.policy.values import PROTOCOLS

_WAITING = PortAllocation(None, ())
_HOSTS_OWN = ("nat", "host-only")
"""Modes of networks that each host has for itself: there, nobody's ports meet those of others."""


class PairSpec(Strict):
    """A further address, or block, that the port may send from; ``mac`` is the port's own when absent."""

    mac: Mac | None = None
    address: AddressOrCidr


class BindingSpec(Strict):
    """Where to find an interface that has no iface-id."""

    chassis: Place
    interface: Place


class NamedPortSpec(Strict):
    """A port of the machine's own that policies name."""

    protocol: Literal["tcp", "udp", "sctp"] = "tcp"
    port: Annotated[int, Field(ge=1, le=HIGHEST)]


class PortSpec(Strict):
    """What a port is to be."""

    network: Reference = Field(description="The project's own, or project/name of one that another project shares.")
    mac: Mac | None = None
    addresses: Annotated[tuple[Address, ...], Field(strict=False, max_length=64)] | None = Field(
        default=None, description="Null: one of each IP version that the network has is allocated. []: none."
    )
    allowed_pairs: Annotated[tuple[PairSpec, ...], Field(strict=False, max_length=256)] = ()
    port_security: bool = True
    admin_up: bool = True
    binding: BindingSpec | None = None
    security_groups: Annotated[tuple[Name, ...], Field(strict=False, max_length=64)] = ()
    named_ports: Annotated[dict[PortName, NamedPortSpec], Field(max_length=64)] = Field(
        default={}, description="What policies mean that name a port."
    )
    qos: NoValue = None


class PortDocument(Document):
    """A VM's connection to a network."""

    kind: Literal["Port"]
    project: Name
    spec: PortSpec


def _contradictions(draft: Draft, key: Key, spec: PortSpec, settled: PortAllocation) -> Findings:
    given = spec.addresses or ()
    for index, address in enumerate(given):
        if address in given[:index]:
            yield Contradiction(f"/spec/addresses/{index}", f"{address} is given twice")
    for index, group in enumerate(spec.security_groups):
        if group in spec.security_groups[:index]:
            yield Contradiction(f"/spec/security_groups/{index}", f"{group} is given twice")
    network = usable(draft, key, spec.network)
    if network is None:
        return
    if network.mode in _HOSTS_OWN and network_key(key[1], spec.network)[1] != key[1]:
        message = f"network {spec.network} is {network.mode}; only its own project has ports there"
        yield Contradiction("/spec/network", message)
    for index, address in enumerate(settled.addresses):
        problem = outside(address, network.subnets)
        if problem is not None:
            yield Contradiction(f"/spec/addresses/{index}" if given else "/spec/addresses", problem)


def _settle(draft: Draft, key: Key, spec: PortSpec, before: Resource | None) -> PortAllocation:
    if usable(draft, key, spec.network) is None:
        return _WAITING
    same = before is not None and network_key(key[1], before.spec.network) == network_key(key[1], spec.network)
    kept = before.allocated if before and same else _WAITING
    return PortAllocation(spec.mac or kept.mac, kept.addresses if spec.addresses is None else spec.addresses)


def _complete(
    draft: Draft, key: Key, uid: str, spec: PortSpec, settled: PortAllocation
) -> PortAllocation | Contradiction:
    network = usable(draft, key, spec.network)
    if network is None:
        return settled
    place = network_key(key[1], spec.network)[1:]
    mac = settled.mac or free_mac(draft, uid, mac_space(*place))
    if spec.addresses is not None:
        return PortAllocation(mac, settled.addresses)
    more = _allocated(draft, address_space(*place), network.subnets, settled.addresses, mac)
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
    place = network_key(key[1], spec.network)[1:]
    if allocated.mac is not None:
        yield Claim(mac_space(*place), allocated.mac, "/spec/mac", "MAC address")
    space = address_space(*place)
    pointer = "/spec/addresses/{}" if spec.addresses else "/spec/addresses"
    for index, address in enumerate(allocated.addresses):
        yield Claim(space, address, pointer.format(index), "address", rests=True)


def _references(key: Key, spec: PortSpec) -> tuple[Key, ...]:
    groups = (("SecurityGroup", key[1], name) for name in spec.security_groups)
    return (network_key(key[1], spec.network), *groups)


def _disturbed(before: PortSpec | None, after: PortSpec) -> bool:
    """Whether what stands for its addresses outside has to follow."""
    return before is None or (before.network, before.addresses) != (after.network, after.addresses)


def _lent(key: Key, spec: PortSpec, allocated: PortAllocation) -> Key | None:
    return lent(key, spec.network, given=allocated.mac is not None)


def _entity(resource: Resource) -> entities.Port | None:
    row, spec, allocated = resource.row, resource.spec, resource.allocated
    if allocated.mac is None:
        return None
    _, owner, name = network_key(row.project, spec.network)
    named = ((word, PROTOCOLS[each.protocol], each.port) for word, each in spec.named_ports.items())
    return entities.Port(
        key=f"{row.project}/{row.name}",
        uid=row.uid,
        project=row.project,
        name=row.name,
        network=f"{owner}/{name}",
        mac=allocated.mac,
        addresses=allocated.addresses,
        allowed_pairs=tuple(entities.AllowedPair(p.mac or allocated.mac, p.address) for p in spec.allowed_pairs),
        port_security=spec.port_security,
        admin_up=spec.admin_up,
        binding=entities.Plug(spec.binding.chassis, spec.binding.interface) if spec.binding else None,
        labels=row.labels,
        groups=tuple(sorted(f"{row.project}/{group}" for group in spec.security_groups)),
        named_ports=tuple(sorted(named)),
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
    lent=_lent,
    entity=_entity,
)
