"""Grants: the addresses that intent gives a machine. It is known by its MAC, and only behind the port that it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.addresses import within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.derived import Endpoint
    from controller.entities import Subnet

Grant = tuple[str, "Subnet"]
"""An address and the subnet that it is of."""


def grants(port: Endpoint, mac: str, subnets: Iterable[Subnet]) -> tuple[Grant, ...]:
    """What of these subnets is the machine's: the port's own addresses, or those of a machine it was allowed."""
    own = (*port.ipv4, *port.ipv6) if mac == port.mac else ()
    pairs = (pair.address for pair in port.allowed_pairs if pair.mac == mac and "/" not in pair.address)
    usable = tuple(subnets)
    return tuple((address, s) for address in (*own, *pairs) for s in usable if within(address, s.cidr))
