"""What a network answers by itself, and as whom: read alike by the flows that punt and by the services that answer.

A subnet's gateway speaks for its services, but on a bridged network, whose gateway is somebody else's machine. Where no
gateway is ours a link-local address speaks, which clients need not reach: they broadcast when it does not answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controller.entities import Network, Subnet

SERVICE_MAC = "02:6e:65:74:6c:01"
"""Who speaks for a network that no router serves."""
LAST_RESORT = "169.254.0.1"
ZONE = "netloom.internal"
"""Under which networks have their domains, where nothing else was asked for."""


def is_ipv6(subnet: Subnet) -> bool:
    """Whether the subnet is of IPv6."""
    return ":" in subnet.cidr


def leased(network: Network) -> tuple[Subnet, ...]:
    """The subnets whose addresses DHCPv4 gives."""
    return tuple(subnet for subnet in network.subnets if subnet.dhcp is not None and not is_ipv6(subnet))


def advertised(network: Network) -> tuple[Subnet, ...]:
    """The subnets that router advertisements tell of."""
    return tuple(subnet for subnet in network.subnets if subnet.ra != "none" and is_ipv6(subnet))


def informed(network: Network) -> tuple[Subnet, ...]:
    """The subnets whose hosts are told to ask DHCPv6, for addresses (``stateful``) or the rest, and are answered."""
    return tuple(subnet for subnet in advertised(network) if subnet.ra != "slaac" and subnet.dhcp is not None)


def gateway(network: Network, subnet: Subnet) -> str | None:
    """The subnet's gateway where it is ours to speak for."""
    return None if network.mode == "bridged" else subnet.gateway


def server(network: Network, subnet: Subnet) -> str:
    """Who a subnet's DHCPv4 server says it is."""
    return gateway(network, subnet) or LAST_RESORT


def resolvers(network: Network) -> tuple[str, ...]:
    """The addresses at which a network answers questions about names."""
    served = (*leased(network), *advertised(network))
    return tuple(found for subnet in served if (found := gateway(network, subnet)) is not None)


def domain(network: Network, subnet: Subnet) -> str:
    """The domain of the names of a network's ports."""
    told = subnet.dhcp.domain if subnet.dhcp else None
    return (told or f"{network.name}.{network.project}.{ZONE}").rstrip(".").lower()
