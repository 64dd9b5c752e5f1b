"""What a router's document says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from controller.intent.kind import Draft
from controller.intent.kinds.network import NetworkSpec
from controller.intent.kinds.sharing import network_key, usable
from controller.intent.ports import PortRange
from controller.intent.resource import Document, Key, Strict
from controller.intent.values import Address, Destination, Name, Reference


class InterfaceSpec(Strict):
    """A network that the router joins."""

    network: Name
    address: Address | None = Field(
        default=None, description="Default: the subnets' gateways; a free address where somebody has the gateway."
    )


class ExternalSpec(Strict):
    """The network that the router leaves by, bridged or nat, and what becomes of its sources' addresses there."""

    network: Reference = Field(description="A bare name is the project's own; project/name is one that another shares.")
    address: Address | None = Field(default=None, description="Default: a free one of each IP version.")
    snat: bool = True
    snat6: bool = Field(default=False, description="Translate IPv6 too (NAT66); it is routed as it is otherwise.")
    port_range: PortRange = Field(default="1024-65535", description="What translated sources get.")


class RouteSpec(Strict):
    """Where the router sends what is for a block; more than one next hop share the connections."""

    to: Destination
    via: Annotated[tuple[Address, ...], Field(strict=False, min_length=1, max_length=64)]


class RouterSpec(Strict):
    """What a router is to be."""

    interfaces: Annotated[tuple[InterfaceSpec, ...], Field(strict=False, max_length=256)] = ()
    external: ExternalSpec | None = None
    routes: Annotated[tuple[RouteSpec, ...], Field(strict=False, max_length=1000)] = ()
    helpers: Annotated[tuple[Literal["ftp"], ...], Field(strict=False, max_length=1)] = ()


class RouterDocument(Document):
    """What joins networks of one project, and leads out of them."""

    kind: Literal["Router"]
    project: Name
    spec: RouterSpec = RouterSpec()


@dataclass(frozen=True, slots=True)
class Joined:
    """One network of a router that exists; ``pointer`` leads to what asks for it.

    ``name`` has the project before it where that is another one.
    """

    pointer: str
    name: str
    address: str | None
    network: NetworkSpec


def joined(draft: Draft, project: str, spec: RouterSpec) -> tuple[Joined, ...]:
    """The networks of a router that exist, in the order of its interfaces; not the external one."""
    found = []
    for index, interface in enumerate(spec.interfaces):
        network = draft.spec(("Network", project, interface.network))
        if network is not None:
            found.append(Joined(f"/spec/interfaces/{index}", interface.network, interface.address, network))
    return tuple(found)


def left_by(draft: Draft, key: Key, spec: RouterSpec) -> Joined | None:
    """The external network, if there is one and the router may leave by it."""
    external = spec.external
    network = usable(draft, key, external.network) if external else None
    if external is None or network is None:
        return None
    _, owner, name = network_key(key[1], external.network)
    return Joined("/spec/external", name if owner == key[1] else f"{owner}/{name}", external.address, network)
