"""Addresses on a network: where they are unique, whether a subnet has them, and which of them is free."""

from __future__ import annotations

from collections.abc import Iterator

from controller.intent import allocate
from controller.intent.blocks import IPV4, IPV6, Span, block, numbered, span
from controller.intent.indexes import Claims
from controller.intent.kind import Contradiction, Draft
from controller.intent.kinds.subnet import SubnetSpec

HOST_LINK = "host link"
"""Where the addresses are unique by which nat networks and routers reach the hosts."""
# The lowest of each are the hosts' own.
HOST_LINK_SPANS = (span("169.254.64.2-169.254.127.254"), span("fd6e:6574:6c6f::2-fd6e:6574:6c6f::ffff"))
HOST_LINK_MACS = "mac of the host link"
_HOST_MAC = "02:6e:65:74:6c:6f"  # every host's own on its link
NUMBERS = "router number"
VNIS = "vni"


def address_space(project: str, network: str) -> str:
    """Where a network's addresses are unique."""
    return f"address {project}/{network}"


def mac_space(project: str, network: str) -> str:
    """Where a network's MAC addresses are unique."""
    return f"mac {project}/{network}"


def free_mac(draft: Draft, uid: str, *spaces: str) -> str:
    """A MAC that nobody has in any of some spaces."""
    return allocate.mac(
        uid, lambda mac: mac == _HOST_MAC or any(draft.owner(space, mac) is not None for space in spaces)
    )


def free_number(draft: Draft, uid: str, space: str, most: int) -> int | None:
    """A number from 1 to ``most`` that nobody has; None if there is none."""
    return allocate.number(uid, most, lambda number: draft.owner(space, number) is not None)


def router_number(draft: Draft, uid: str, had: int) -> int | None:
    """The number that a router had, or one that is free; those above were given before ports had zones of their own."""
    return had if 0 < had <= allocate.ROUTER_NUMBERS else free_number(draft, uid, NUMBERS, allocate.ROUTER_NUMBERS)


def version_of(address: str) -> int:
    """4 or 6."""
    return IPV6 if ":" in address else IPV4


def versions(subnets: tuple[SubnetSpec, ...]) -> tuple[int, ...]:
    """The IP versions of some subnets, in their order."""
    return tuple(dict.fromkeys(block(subnet.cidr).version for subnet in subnets))


def outside(address: str, subnets: tuple[SubnetSpec, ...]) -> str | None:
    """Why no subnet can have the address, or None."""
    version, number = numbered(address)
    for subnet in subnets:
        within = block(subnet.cidr)
        if within.holds(version, number):
            return within.misplaced(address)
    blocks = ", ".join(subnet.cidr for subnet in subnets) or "it has none"
    return f"{address} is outside the network's subnets ({blocks})"


def spans(subnet: SubnetSpec) -> tuple[Span, ...]:
    """What is given to those who ask for no address: the ranges where there are any, else the whole subnet."""
    if subnet.dhcp is not None and subnet.dhcp.ranges:
        return tuple(span(each) for each in subnet.dhcp.ranges)
    return (block(subnet.cidr).usable,)


def free_address(
    draft: Draft, space: str, subnets: tuple[SubnetSpec, ...], version: int, mac: str | None = None
) -> str | None:
    """The lowest free address of an IP version; with a MAC, the one that its owner forms by itself in an IPv6 /64."""
    for subnet in subnets:
        if block(subnet.cidr).version != version:
            continue
        own = _formed(subnet, mac)
        if own is not None and draft.owner(space, own) is None:
            return own
        for each in spans(subnet):
            found = draft.free(space, each)
            if found is not None:
                return found
    return None


def _formed(subnet: SubnetSpec, mac: str | None) -> str | None:
    """What a guest makes of its MAC; nothing where DHCPv6 gives addresses from ranges."""
    if mac is None or (subnet.dhcp is not None and subnet.dhcp.ranges):
        return None
    return allocate.slaac_address(block(subnet.cidr), mac)


def exhausted(draft: Draft, space: str, version: int, pointer: str) -> Contradiction:
    """That no address is left; says so where some only rest."""
    message = f"no free IPv{version} address is left in the network"
    resting = draft.quarantine.count(space)
    if resting:
        message += f"; {resting} were freed less than {draft.quarantine.seconds:g} s ago and rest"
    return Contradiction(pointer, message, conflict=True)


def full_subnets(claims: Claims, space: str, subnets: tuple[SubnetSpec, ...], now: float) -> Iterator[str]:
    """The subnets that have no address to give at a moment."""
    for subnet in subnets:
        if all(claims.exhausted(space, each, now) for each in spans(subnet)):
            yield f"{subnet.name} ({subnet.cidr})"
