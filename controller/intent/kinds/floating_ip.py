"""FloatingIP: an address of a bridged network that stands for one address of one port, outside and in.

It may be kept for a port that comes later, or for none yet. The network may be another project's that is shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from controller import entities
from controller.intent.blocks import IPV4
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
from controller.intent.kinds.network import NetworkSpec
from controller.intent.kinds.sharing import lent, network_key, usable
from controller.intent.resource import Document, FloatingAllocation, Key, PortAllocation, Resource, Strict
from controller.intent.values import Address, Name, Reference

_WAITING = FloatingAllocation(None, None, None)


class FloatingIPSpec(Strict):
    """What a floating IP is to be."""

    network: Reference = Field(
        description="The bridged network that it is an address of: the project's own, or project/name of a shared one."
    )
    address: Address | None = Field(default=None, description="Default: a free one.")
    port: Name | None = Field(default=None, description="Whom it stands for; null keeps the address for later.")
    private_address: Address | None = Field(
        default=None, description="Which of the port's addresses. Default: its first of the same IP version."
    )


class FloatingIPDocument(Document):
    """An address outside that leads to one port."""

    kind: Literal["FloatingIP"]
    project: Name
    spec: FloatingIPSpec


def _contradictions(draft: Draft, key: Key, spec: FloatingIPSpec, settled: FloatingAllocation) -> Findings:
    private = spec.private_address
    if private is not None and spec.port is None:
        yield Contradiction("/spec/private_address", "whose address is it? spec.port is not given")
    if private and settled.address and version_of(private) != version_of(settled.address):
        message = f"{private} and {settled.address} are of different IP versions"
        yield Contradiction("/spec/private_address", message)
    network = usable(draft, key, spec.network)
    if network is None:
        return
    if network.mode != "bridged":
        message = f"network {spec.network} is {network.mode}; nobody outside could reach an address of it"
        yield Contradiction("/spec/network", message)
    problem = outside(settled.address, network.subnets) if settled.address else None
    if problem is not None:
        yield Contradiction("/spec/address", problem)


def _settle(draft: Draft, key: Key, spec: FloatingIPSpec, before: Resource | None) -> FloatingAllocation:
    if usable(draft, key, spec.network) is None:
        return _WAITING
    same = before is not None and network_key(key[1], before.spec.network) == network_key(key[1], spec.network)
    kept = before.allocated if before and same else _WAITING
    return FloatingAllocation(spec.address or kept.address, kept.mac, None)


def _complete(
    draft: Draft, key: Key, uid: str, spec: FloatingIPSpec, settled: FloatingAllocation
) -> FloatingAllocation | Contradiction:
    network = usable(draft, key, spec.network)
    if network is None:
        return settled
    place = network_key(key[1], spec.network)[1:]
    space, version = address_space(*place), _version(spec, network)
    address = settled.address or free_address(draft, space, network.subnets, version)
    if address is None:
        return exhausted(draft, space, version, "/spec/address")
    private = _private(draft, key, spec, address)
    if isinstance(private, Contradiction):
        return private
    mac = settled.mac or free_mac(draft, uid, mac_space(*place))
    return FloatingAllocation(address, mac, private)


def _version(spec: FloatingIPSpec, network: NetworkSpec) -> int:
    """The IP version of an address that is to be chosen: the private one's, else IPv4 if the network has it."""
    if spec.private_address is not None:
        return version_of(spec.private_address)
    return min(versions(network.subnets), default=IPV4)


def _private(draft: Draft, key: Key, spec: FloatingIPSpec, address: str) -> str | Contradiction | None:
    """The port's address that it stands for; None while the port has none of that IP version."""
    if spec.port is None:
        return None
    port: PortAllocation | None = draft.settled(("Port", key[1], spec.port))
    if port is None or port.mac is None:
        return None
    if spec.private_address is None:
        version = version_of(address)
        return next((found for found in port.addresses if version_of(found) == version), None)
    if spec.private_address not in port.addresses:
        has = ", ".join(port.addresses) or "none"
        message = f"{spec.private_address} is no address of port {spec.port}; it has {has}"
        return Contradiction("/spec/private_address", message)
    return spec.private_address


def _claims(key: Key, spec: FloatingIPSpec, allocated: FloatingAllocation) -> Iterator[Claim]:
    place = network_key(key[1], spec.network)[1:]
    if allocated.address is not None:
        yield Claim(address_space(*place), allocated.address, "/spec/address", "address", rests=True)
    if allocated.mac is not None:
        yield Claim(mac_space(*place), allocated.mac, "/spec", "MAC address")
    if allocated.private is not None:
        whose = f"floating {key[1]}/{spec.port}"
        yield Claim(whose, allocated.private, "/spec/private_address", "private address")


def _references(key: Key, spec: FloatingIPSpec) -> tuple[Key, ...]:
    network = network_key(key[1], spec.network)
    return (network,) if spec.port is None else (network, ("Port", key[1], spec.port))


def _lent(key: Key, spec: FloatingIPSpec, allocated: FloatingAllocation) -> Key | None:
    return lent(key, spec.network, given=allocated.address is not None)


def _entity(resource: Resource) -> entities.FloatingIp | None:
    row, spec, allocated = resource.row, resource.spec, resource.allocated
    if allocated.address is None or spec.port is None:
        return None
    _, owner, name = network_key(row.project, spec.network)
    return entities.FloatingIp(
        key=f"{row.project}/{row.name}",
        uid=row.uid,
        network=f"{owner}/{name}",
        address=allocated.address,
        mac=allocated.mac,
        port=f"{row.project}/{spec.port}",
        private_address=allocated.private,
    )


FLOATING_IP = Kind(
    name="FloatingIP",
    plural="floatingips",
    scoped=True,
    rank=4,
    document=FloatingIPDocument,
    spec=FloatingIPSpec,
    allocation=FloatingAllocation,
    contradictions=_contradictions,
    settle=_settle,
    complete=_complete,
    claims=_claims,
    references=_references,
    entity=_entity,
    lent=_lent,
)
