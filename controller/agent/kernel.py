"""The kernel of a host as far as duties concern it, and the steps that change it, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

IP_FORWARD = "net/ipv4/ip_forward"
IPV6_FORWARDING = "net/ipv6/conf/all/forwarding"


@dataclass(frozen=True, slots=True)
class Device:
    """A network device; ``addresses`` like ``10.1.0.1/24``, without those that the kernel made up itself."""

    name: str
    up: bool
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the main table: ``block`` like ``10.0.0.0/8``; ``advertised``: a router told it (IPv6)."""

    block: str
    device: str
    advertised: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Our nftables table: the digest that it was written with, how many rules stand in it, and what it remembers."""

    digest: str
    rules: int
    remembered: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kernel:
    """What stands: devices by name, routes, settings by path under /proc/sys (absent: the kernel has none)."""

    devices: Mapping[str, Device] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    knobs: Mapping[str, str] = field(default_factory=dict)
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class AddAddress:
    """Give a device an address."""

    device: str
    address: str


@dataclass(frozen=True, slots=True)
class DropAddress:
    """Take an address from a device."""

    device: str
    address: str


@dataclass(frozen=True, slots=True)
class BringUp:
    """Let a device carry packets."""

    device: str


@dataclass(frozen=True, slots=True)
class Turn:
    """Set a setting under /proc/sys; ``device`` is the one it serves, "" if all."""

    device: str
    knob: str
    value: str


@dataclass(frozen=True, slots=True)
class WriteTable:
    """Put our nftables table in place of what stands, at once; ``document`` is JSON (libnftables-json(5))."""

    device: str
    document: str


@dataclass(frozen=True, slots=True)
class DropTable:
    """Take our nftables table away."""

    device: str = ""


Step: TypeAlias = AddAddress | DropAddress | BringUp | Turn | WriteTable | DropTable
