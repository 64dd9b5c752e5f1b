"""What relations make of intent and inventory: ports where they are plugged in, routers with all that they lead to.

Nobody writes these: the compiler derives them, and features turn them into flows. Keys are strings, as in
``controller.entities``; where one is made of two, the parts stand in the order in which the docstring names them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controller.entities import AllowedPair, Encap, Mode, Protocol4


DOOR = "door:"
"""What the key of a nat network's own router begins with; the network's key follows."""
LINK = 0xFFFFFD
"""The VNI that stands for the link between a bridge and its host; no network has it, and no tunnel carries it."""
HOST_LINK = "nl-host"
HOST_MAC = "02:6e:65:74:6c:6f"
HOST_ADDRESSES = ("169.254.64.1", "fd6e:6574:6c6f::1")
HOST_BLOCKS = ("169.254.64.0/18", "fd6e:6574:6c6f::/64")
"""What the host is on the link, the same on every host."""


@dataclass(frozen=True, slots=True)
class Federation:
    """The realm that a router (its key) belongs to: the least key among the networks that it and others join."""

    key: str
    realm: str


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
    of_host: bool = False


@dataclass(frozen=True, slots=True)
class Presence:
    """That a network has at least one port plugged in on a chassis. Its key is ``network@chassis``."""

    key: str
    network: str
    realm: str
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
class Narrowed:
    """That packets of a network (its key) may be no larger than this, which is less than tunnels have room for."""

    key: str
    mtu: int


def told_mtu(mtu: int, narrowed: Narrowed | None) -> int:
    """How large packets of a network may be where it is now; ``mtu`` is what it has by itself."""
    return mtu if narrowed is None else narrowed.mtu


@dataclass(frozen=True, slots=True)
class Leg:
    """A router on one of its networks, key ``router|network``; ``blocks`` are the subnets that it routes there.

    ``router`` is ``door:network`` for the router that a nat network brings.
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
    """How a router (its key) reaches the world.

    ``network`` is the external network's key and ``vni`` its VNI; "" and ``LINK`` where every chassis is an exit,
    through its host. ``seat`` is the chassis it leaves by, None there, and while no chassis can carry it. ``next_hops``
    are the gateways of the external network's subnets. ``inner`` is the VNI under which packets travel to the seat.
    """

    key: str
    number: int
    realm: str
    inner: int
    encap: Encap
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
    """A floating IP (its key) with its router's number, its port's address, and the chassis that translates it.

    ``network`` and ``vni`` are the external network's.
    """

    key: str
    router: str
    number: int
    realm: str
    inner: int
    encap: Encap
    network: str
    vni: int
    address: str
    mac: str
    private: str
    chassis: str


@dataclass(frozen=True, slots=True)
class Forward:
    """A port forward for one outer address, key ``forward|address``: inner address and first port, on what chassis."""

    key: str
    router: str
    number: int
    realm: str
    outer: str
    protocol: Protocol4
    ports: tuple[int, int]
    inner: str
    target: int
    helper: str | None
    chassis: str


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
