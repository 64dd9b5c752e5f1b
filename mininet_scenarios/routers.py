"""Routers as tenants ask for them, and the addresses that they then have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mininet_scenarios import rest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mininet_scenarios.lan import Lan
    from mininet_scenarios.rest import Rest


def router(tenant: str, name: str, *lans: Lan, external: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A router at the gateways of its networks."""
    spec = {"interfaces": [{"network": lan.name} for lan in lans], "external": external}
    return rest.resource("Router", tenant, name, spec)


def inner(client: Rest, tenant: str, name: str, network: str) -> tuple[str, str]:
    """A router's addresses on one of its networks, IPv4 and IPv6."""
    status = client.get(f"/projects/{tenant}/routers/{name}")["status"]
    return _ordered(next(each["addresses"] for each in status["interfaces"] if each["network"] == network))


def outer(client: Rest, tenant: str, name: str) -> tuple[str, str]:
    """A router's addresses on its external network, IPv4 and IPv6."""
    return _ordered(client.get(f"/projects/{tenant}/routers/{name}")["status"]["external_addresses"])


def mac(client: Rest, tenant: str, name: str) -> str:
    """The MAC that a router has on all its networks."""
    found: str = client.get(f"/projects/{tenant}/routers/{name}")["status"]["mac"]
    return found


def _ordered(addresses: Iterable[str]) -> tuple[str, str]:
    ipv4, ipv6 = sorted(addresses, key=lambda address: ":" in address)
    return ipv4, ipv6
