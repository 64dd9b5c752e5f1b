"""What relations make of intent and inventory: ports where they are plugged in, routers with all that they lead to.

Nobody writes these: the compiler derives them, and features turn them into flows. Keys are strings, as in
``controller.entities``; where one is made of two, the parts stand in the order in which the docstring names them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controller.entities import AllowedPair, Encap, Mode, Protocol4


@dataclass(frozen=True, slots=True)
class Realm:
    """The networks that routers join: each (its key) has the name of its realm, its own key where no router is."""

    key: str
    realm: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A port that is plugged in: what intent says of it joined with where it is. Its key is the port's.

    The host's own port on a host-only network is one too; its key is ``network@chassis``.
    """

    key: str
    network: str
    realm: str
    mode: Mode
    vni: int
    encap: Encap
    chassis: str
    interface: str
    ofport: int
    mac: str
    ipv4: tuple[str, ...]
    ipv6: tuple[str, ...]
    allowed_pairs: tuple[AllowedPair, ...]
    port_security: bool


@dataclass(frozen=True, slots=True)
class Presence:
    """That a network has at least one port plugged in on a chassis. Its key is ``network@chassis``."""

    key: str
    network: str
    chassis: str


@dataclass(frozen=True, slots=True)
class Division:
    """Into how many parts a network's ports on one chassis fall: ``4 ** depth``. Its key is the presence's."""

    key: str
    network: str
    chassis: str
    depth: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part of a network's ports on one chassis, small enough to flood to by one flow.

    Ports fall into parts by a hash of their key: ``part`` is its first ``depth`` base-4 digits.
    """

    key: str
    network: str
    chassis: str
    depth: int
    part: int


@dataclass(frozen=True, slots=True)
class Audience:
    """That a chassis has to know a realm: a port of it is plugged in there, or one of its routers leaves there.

    Its key is ``realm@chassis``.
    """

    key: str
    realm: str
    chassis: str


@dataclass(frozen=True, slots=True)
class Leg:
    """A router on one of its networks, key ``router|network``; ``blocks`` are the subnets that it routes there.

    ``local``: the network is one chassis' own (host-only), so that nothing of it crosses a tunnel.
    """

    key: str
    router: str
    number: int
    realm: str
    network: str
    vni: int
    mac: str
    addresses: tuple[str, ...]
    blocks: tuple[str, ...]
    mtu: int


@dataclass(frozen=True, slots=True)
class Exit:
    """How a router (its key) reaches the world. ``vni`` is that of the network it leaves by.

    ``seat`` is the chassis that it leaves by, None: by every chassis, through its host. ``next_hops`` are the gateways
    of the external network's subnets. ``inner`` is the VNI under which packets travel to the seat.
    """

    key: str
    number: int
    realm: str
    inner: int
    network: str
    vni: int
    mac: str
    addresses: tuple[str, ...]
    blocks: tuple[str, ...]
    next_hops: tuple[str, ...]
    seat: str | None
    snat: bool
    snat6: bool
    ports: tuple[int, int]
    mtu: int
    helpers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Floating:
    """A floating IP (its key) with its router's number, its port's address, and the chassis that translates it."""

    key: str
    router: str
    number: int
    realm: str
    inner: int
    vni: int
    address: str
    mac: str
    private: str
    chassis: str


@dataclass(frozen=True, slots=True)
class Forward:
    """A port forward (its key): outer addresses and ports of a router, inner address and first port."""

    key: str
    router: str
    number: int
    realm: str
    outer: tuple[str, ...]
    protocol: Protocol4
    ports: tuple[int, int]
    inner: str
    target: int
    helper: str | None


@dataclass(frozen=True, slots=True)
class HostPort:
    """A port that a host has on a network of its own: an internal interface with addresses like ``10.1.0.1/24``."""

    name: str
    network: str
    mac: str
    addresses: tuple[str, ...]
    mtu: int


@dataclass(frozen=True, slots=True)
class HostForward:
    """A port of a host's own addresses that leads to an address on its link to nat networks."""

    protocol: Protocol4
    ports: tuple[int, int]
    to: str


@dataclass(frozen=True, slots=True)
class HostOrder:
    """What a chassis (its key) needs of its host, beside the bridge and the tunnels that all have.

    ``link``: a nat network is there, so that the host needs its link and translates what comes by it.
    ``watches`` are (chassis, tunnel address) pairs whose liveness this one watches by BFD.
    """

    key: str
    ports: tuple[HostPort, ...] = ()
    link: bool = False
    forwards: tuple[HostForward, ...] = ()
    watches: tuple[tuple[str, str], ...] = ()
