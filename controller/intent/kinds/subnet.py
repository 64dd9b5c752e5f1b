"""Subnet: one block of a network's addresses, and how its machines come to know theirs.

DHCP answers where it is asked for; router advertisements tell IPv6 machines to form addresses (``slaac``), to ask for
everything (``stateful``), to ask for all but addresses (``stateless``), or are not sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from controller import entities
from controller.intent.blocks import IPV4, IPV6, Block, block, numbered, span, text
from controller.intent.kind import Contradiction, Findings
from controller.intent.resource import Strict
from controller.intent.values import Address, AddressRange, Cidr, Destination, Domain, Name

_LONGEST_LEASE = 0xFFFF_FFFE  # seconds; one more means for ever (RFC 2131, section 3.3)
_HOST_LINK_BLOCKS = ("169.254.64.0/18", "fd6e:6574:6c6f::/64")
_ASKING = ("stateful", "stateless")

Addresses: TypeAlias = Annotated[tuple[Address, ...], Field(strict=False, max_length=8)]


def _first_address(fields: dict[str, Any]) -> str | None:
    """The first address that is not the network's own; None where taking it would leave none for ports."""
    within = block(fields["cidr"])
    return None if within.lowest == within.first else text(within.version, within.lowest)


class HostRouteSpec(Strict):
    """A route that DHCP tells machines of (option 121)."""

    to: Destination
    via: Address


class DhcpSpec(Strict):
    """What a subnet's machines are told; ``ranges`` bound the addresses that ports get, whether DHCP answers or not."""

    enabled: bool = True
    ranges: Annotated[tuple[AddressRange, ...], Field(strict=False, max_length=64)] = ()
    lease: Annotated[int, Field(ge=10, le=_LONGEST_LEASE, description="Seconds.")] = 3600
    dns: Addresses = ()
    domain: Domain | None = None
    search: Annotated[tuple[Domain, ...], Field(strict=False, max_length=16)] = ()
    ntp: Addresses = ()
    routes: Annotated[tuple[HostRouteSpec, ...], Field(strict=False, max_length=32)] = ()


class SubnetSpec(Strict):
    """One block of addresses."""

    name: Name
    cidr: Cidr
    gateway: Address | None = Field(
        default_factory=_first_address, description="Default: the first address; null for none."
    )
    dhcp: DhcpSpec | None = None
    ra: Literal["slaac", "stateful", "stateless", "none"] = "none"


def contradictions(subnets: tuple[SubnetSpec, ...]) -> Findings:
    """What is wrong with a network's subnets, each for itself and together."""
    blocks = [block(subnet.cidr) for subnet in subnets]
    for (i, one), (j, other) in combinations(enumerate(subnets), 2):
        if one.name == other.name:
            yield Contradiction(f"/spec/subnets/{j}/name", f"subnet {one.name} is given twice")
        if blocks[i].overlaps(blocks[j]):
            yield Contradiction(f"/spec/subnets/{j}/cidr", f"overlaps {one.cidr} of subnet {one.name}")
    for index, (subnet, within) in enumerate(zip(subnets, blocks, strict=True)):
        for field, message in _faults(subnet, within):
            yield Contradiction(f"/spec/subnets/{index}/{field}", message)


def _faults(subnet: SubnetSpec, within: Block) -> Iterator[tuple[str, str]]:
    """The fields of one subnet that are wrong, each with why."""
    if any(within.overlaps(block(reserved)) for reserved in _HOST_LINK_BLOCKS):
        yield "cidr", f"overlaps {' or '.join(_HOST_LINK_BLOCKS)}, by which networks reach their hosts"
    problem = within.misplaced(subnet.gateway) if subnet.gateway is not None else None
    if problem is not None:
        yield "gateway", problem
    if within.version == IPV4 and subnet.ra != "none":
        yield "ra", f"router advertisements are of IPv6; {subnet.cidr} is not"
    if subnet.dhcp is None:
        return
    if within.version == IPV6:
        yield from _dhcpv6_faults(subnet, subnet.dhcp)
    yield from _range_faults(subnet.dhcp, within)
    yield from _told_faults(subnet.dhcp, within)


def _dhcpv6_faults(subnet: SubnetSpec, dhcp: DhcpSpec) -> Iterator[tuple[str, str]]:
    if dhcp.enabled and subnet.ra not in _ASKING:
        yield "dhcp", f"with ra {subnet.ra} no machine asks DHCPv6; set ra to stateful or stateless"
    if dhcp.ranges and subnet.ra in ("slaac", "stateless"):
        yield "dhcp/ranges", f"with ra {subnet.ra} machines form their addresses themselves"
    if dhcp.routes:
        yield "dhcp/routes", "DHCPv6 tells of no routes"


def _range_faults(dhcp: DhcpSpec, within: Block) -> Iterator[tuple[str, str]]:
    for index, text_of_range in enumerate(dhcp.ranges):
        ends = text_of_range.split("-")
        problem = within.misplaced(ends[0]) or within.misplaced(ends[1])
        if problem is not None:
            yield f"dhcp/ranges/{index}", problem
    for (_, one), (j, other) in combinations(enumerate(dhcp.ranges), 2):
        if span(one).overlaps(span(other)):
            yield f"dhcp/ranges/{j}", f"overlaps {one}"


def _told_faults(dhcp: DhcpSpec, within: Block) -> Iterator[tuple[str, str]]:
    """Servers and routes that a subnet's machines could not use."""
    for field in ("dns", "ntp"):
        for index, address in enumerate(getattr(dhcp, field)):
            if numbered(address)[0] != within.version:
                yield f"dhcp/{field}/{index}", f"DHCP of {within.cidr} tells of IPv{within.version} addresses only"
    for index, route in enumerate(dhcp.routes):
        if block(route.to).version != within.version:
            yield f"dhcp/routes/{index}/to", f"is not IPv{within.version}"
        problem = within.misplaced(route.via)
        if problem is not None:
            yield f"dhcp/routes/{index}/via", problem


def entity(subnet: SubnetSpec) -> entities.Subnet:
    """As the compiler knows it; machines that are told to ask DHCPv6 are answered even where nothing more was said."""
    return entities.Subnet(subnet.name, subnet.cidr, subnet.gateway, _dhcp(subnet), subnet.ra)


def _dhcp(subnet: SubnetSpec) -> entities.Dhcp | None:
    dhcp = subnet.dhcp
    if dhcp is None:
        return entities.Dhcp() if subnet.ra in _ASKING else None
    if not dhcp.enabled:
        return None
    routes = tuple((route.to, route.via) for route in dhcp.routes)
    return entities.Dhcp(dhcp.lease, dhcp.dns, dhcp.domain, dhcp.search, dhcp.ntp, routes)
