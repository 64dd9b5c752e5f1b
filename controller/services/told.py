"""Told: what a subnet tells its hosts, in the forms that DHCP and router advertisements have for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from controller import served
from controller.addresses import block, octets, within
from controller.derived import Leg, Narrowed, told_mtu
from controller.entities import Dhcp
from controller.services import dhcp4_message as v4

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controller.entities import Network, Subnet
    from controller.services.outcome import Facts

FOREVER = 0xFFFFFFFF
ANYWHERE = "0.0.0.0/0"
_LONGEST_LABEL, _LONGEST_NAME = 63, 254
_DEFAULT = Dhcp()


@dataclass(frozen=True, slots=True)
class Way:
    """Who routes for a subnet: its address there and its MAC; None where that is a machine that we do not know."""

    address: str
    mac: str | None


def way_out(network: Network, subnet: Subnet, facts: Facts) -> Way | None:
    """The router of a subnet; None where nothing leads out of it.

    It is the gateway, but on host-only networks, whose gateway is the host, and where a router has another address. On
    overlays that no router is on yet the gateway is told all the same: one may come before the machine asks again.
    """
    legs = [leg for key in facts.where(Leg, "network", network.key) if (leg := facts.get(Leg, key)) is not None]
    ways = [
        Way(address, leg.mac)
        for leg in sorted(legs, key=_number)
        for address in leg.addresses
        if within(address, subnet.cidr)
    ]
    own = Way(subnet.gateway, None) if subnet.gateway and network.mode in {"bridged", "overlay"} else None
    return next((way for way in ways if way.address == subnet.gateway), ways[0] if ways else own)


def default_route(network: Network, subnet: Subnet, facts: Facts) -> str | None:
    """Where a subnet's machines send what is for elsewhere: as was asked for, else to its router."""
    asked = next((via for to, via in settings(subnet).routes if to == ANYWHERE), None)
    way = way_out(network, subnet, facts)
    return asked or (way.address if way else None)


def _number(leg: Leg) -> int:
    return leg.number


def settings(subnet: Subnet) -> Dhcp:
    """What the subnet's DHCP tells; what it would by default where intent says nothing."""
    return subnet.dhcp or _DEFAULT


def resolvers(network: Network, subnet: Subnet) -> tuple[str, ...]:
    """The subnet's resolvers: those asked for, else the gateway, where it answers."""
    gateway = served.gateway(network, subnet)
    return settings(subnet).dns or ((gateway,) if gateway else ())


def search(network: Network, subnet: Subnet) -> tuple[str, ...]:
    """Where hosts look for short names: what was asked for, else the network's own domain."""
    return settings(subnet).search or (served.domain(network, subnet),)


def names(domains: tuple[str, ...]) -> bytes:
    """Domain names as labels (RFC 1035, 3.1); what cannot be a name is left out."""
    return b"".join(_labels(domain) for domain in domains)


def _labels(domain: str) -> bytes:
    try:
        labels = [label.encode("ascii") for label in domain.rstrip(".").split(".")]
    except UnicodeEncodeError:
        return b""
    if any(not 0 < len(label) <= _LONGEST_LABEL for label in labels) or len(domain) > _LONGEST_NAME:
        return b""
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def mtu(network: Network, facts: Facts) -> int:
    """How large packets of a network may be where it is now."""
    return told_mtu(network.mtu, facts.get(Narrowed, network.key))


@lru_cache(4096)
def options4(network: Network, subnet: Subnet, router: str | None, largest: int) -> Mapping[int, bytes]:
    """The DHCPv4 options of a subnet by code, those about the lease left out; ``largest`` is the MTU."""
    told, domain = settings(subnet), served.domain(network, subnet)
    found = {
        v4.MASK: block(subnet.cidr).netmask.packed,
        v4.ROUTES: _routes(told.routes, router),
        v4.ROUTER: octets(router) if router else b"",
        v4.DNS: _addresses(resolvers(network, subnet)),
        v4.DOMAIN: domain.encode("ascii", "ignore"),
        v4.MTU: largest.to_bytes(2, "big"),
        v4.NTP: _addresses(told.ntp),
        v4.SEARCH: names(search(network, subnet)),
    }
    return MappingProxyType({code: value for code, value in found.items() if value})


def _addresses(found: tuple[str, ...]) -> bytes:
    return b"".join(octets(address) for address in found if ":" not in address)


def _routes(routes: tuple[tuple[str, str], ...], router: str | None) -> bytes:
    """Classless routes; who reads them ignores option 3, so the default is among them (RFC 3442)."""
    others = tuple(route for route in routes if route[0] != ANYWHERE and ":" not in route[0])
    if not others:
        return b""
    return b"".join(_route(to, via) for to, via in (*others, *(((ANYWHERE, router),) if router else ())))


def _route(to: str, via: str) -> bytes:
    target = block(to)
    significant = target.network_address.packed[: (target.prefixlen + 7) // 8]
    return bytes((target.prefixlen,)) + significant + octets(via)


def times(subnet: Subnet) -> tuple[int, int, int]:
    """Seconds of a lease, and when to renew and to rebind it (RFC 2131, 4.4.5)."""
    lease = min(settings(subnet).lease, FOREVER)
    return (lease, lease, lease) if lease == FOREVER else (lease, lease // 2, lease * 7 // 8)
