"""What is known of the ways between bridges, and what is asked of them: frozen values, as in ``controller.entities``.

A *wire* joins a port of one bridge with a port of another; a *link* is all wires between two bridges, or the tunnel
between two hosts, and has one name. A *route* says where a bridge sends what is for another bridge; a *track* is one
way through given bridges. Costs are plain numbers, latencies are in ms, rates in Mbit/s. Bridges are called by the
names of their chassis.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from controller.policy.values import Labels, Peer, Service

Ends = tuple[str, str]
"""The bridges that a link joins, in the order of ``in_order``."""
DEFAULT_COST = 10
FABRIC = 0xFFFFFC
"""The VNI under which frames with a network service header travel in tunnels; no network has it."""
ENCLOSED = 38
"""Bytes that a frame between wired bridges has more than its packet's own Ethernet header: one more, and 24 (NSH)."""
TRACKS = 1 << 23
"""Service paths from here on are tracks, those below are bridges, in one of two versions."""

Objective = Literal["hops", "latency", "load", "cost"]
Protection = Literal["none", "link", "node"]
OnNoPath = Literal["fallback", "drop"]
OnFailure = Literal["bypass", "drop"]
Role = Literal["link", "host", "shared"]
"""What a port of a bridge turned out to be: the end of a wire, a machine's, or one that several others hear."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A cable between two ports, which its bridges have heard each other through. Its key is ``s1.2-s2.3``.

    ``ends`` are chassis in the order of ``in_order``, ``ports`` their OpenFlow ports and ``names`` their interfaces.
    ``up``: both ports are, and probes pass. One that is down is still known until its ports are used otherwise.
    """

    key: str
    ends: tuple[str, str]
    ports: tuple[int, int]
    names: tuple[str, str]
    up: bool = True


@dataclass(frozen=True, slots=True)
class WireEnd:
    """What an interface at the end of a wire should be, on the bridge of a datapath id.

    ``mtu``: it carries at least so many bytes, 0 where that is not ours to say. ``bfd``: the ms between what it sends
    to tell the other end that it is alive, 0: it sends nothing of that sort, None: as it is.
    """

    dpid: int
    name: str
    mtu: int
    bfd: int | None = None


@dataclass(frozen=True, slots=True)
class EndState:
    """What a host says of an interface at the end of a wire; ``alive`` is None where nobody tells by BFD.

    ``able``: it is of a sort that can.
    """

    mtu: int | None
    alive: bool | None
    able: bool = True


@dataclass(frozen=True, slots=True)
class DeadPort:
    """A port that its switch says has no link; its key is ``chassis/number``."""

    key: str


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """What a user says of a link (its name; the ends may stand in either order), present or not.

    ``bandwidth`` and ``latency`` are None where they are to be taken from what is seen. ``maintenance``: nothing is to
    go there that can go elsewhere.
    """

    key: str
    cost: int = DEFAULT_COST
    bandwidth: float | None = None
    latency: float | None = None
    labels: Labels = ()
    maintenance: bool = False


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """What a user says of a bridge; ``maintenance``: nothing is to pass through it that can pass elsewhere."""

    key: str
    labels: Labels = ()
    maintenance: bool = False


@dataclass(frozen=True, slots=True)
class Bearing:
    """The number (1..2**22-1) under which a chassis (its key) is known to the others."""

    key: str
    number: int


@dataclass(frozen=True, slots=True)
class Link:
    """All wires between two bridges that are up; its key is its name (``link_name``). One without is down.

    ``wires`` are the OpenFlow ports at both ends, in the order of ``ends``.
    """

    key: str
    ends: tuple[str, str]
    wires: tuple[tuple[int, int], ...]

    def ports(self, bridge: str) -> tuple[int, ...]:
        """Its ports at one end."""
        return tuple(pair[self.ends.index(bridge)] for pair in self.wires)


@dataclass(frozen=True, slots=True)
class Route:
    """To which neighbours a bridge sends what is for another, sharing it out; key ``bridge>destination/version``.

    Two versions may stand at once: frames keep the one that they began with, so that none meets a half-made change.
    """

    key: str
    bridge: str
    destination: str
    version: int
    next_hops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """Which version of the routes to a chassis (its key) new frames take, 0 or 1."""

    key: str
    version: int


@dataclass(frozen=True, slots=True)
class Track:
    """One way through bridges, none of them twice, told by its number (from ``TRACKS`` on, made of what it is).

    ``detours`` has for each step the number of the track that goes round it from there, 0 where there is none; where
    the switch finds the next bridge out of reach, it goes on with that by itself. ``then`` is the track that follows
    at the end, 0 where frames are delivered there.
    """

    key: str
    number: int
    bridges: tuple[str, ...]
    detours: tuple[int, ...]
    then: int = 0

    @property
    def leads(self) -> tuple[int, ...]:
        """The tracks that packets on this one may go on with."""
        return tuple(number for number in (*self.detours, self.then) if number)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Packets by who sends them, to whom, and what they ask for; None is anybody, () any service."""

    sources: tuple[Peer, ...] | None
    targets: tuple[Peer, ...] | None
    services: tuple[Service, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a path must and should be. ``avoid_labels`` are of links and bridges; limits are None where there is none.

    ``via`` are bridges in order; ``avoid_links`` are names with their ends in either order.
    """

    via: tuple[str, ...] = ()
    avoid_bridges: tuple[str, ...] = ()
    avoid_links: tuple[str, ...] = ()
    avoid_labels: Labels = ()
    max_latency: float | None = None
    min_bandwidth: float | None = None
    max_hops: int | None = None
    objective: Objective = "hops"
    protection: Protection = "none"


@dataclass(frozen=True, slots=True)
class PathPolicy:
    """Which packets of a project are to take which path; the lower ``priority`` goes first, then the lesser key.

    ``demand`` is the rate that is to be placed where the objective is load; None: what is measured.
    """

    key: str
    uid: str
    project: str
    traffic: Traffic
    wanted: Wanted
    on_no_path: OnNoPath = "fallback"
    priority: int = 500
    demand: float | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """That a policy's packets go from one bridge to another; its key is ``policy|source|target``."""

    key: str
    policy: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of a demand (its key): the track it takes, or 0 with what happens to its packets then."""

    key: str
    policy: str
    source: str
    target: str
    track: int
    otherwise: OnNoPath = "fallback"


@dataclass(frozen=True, slots=True)
class Instance:
    """A middlebox by its two ports (keys): what goes in by the one comes out by the other, and back likewise."""

    inward: str
    outward: str


@dataclass(frozen=True, slots=True)
class ServiceChain:
    """Which packets of a project go through which middleboxes, one of each step's instances; as PathPolicy otherwise.

    ``symmetric``: what comes back goes through the same ones the other way round.
    """

    key: str
    uid: str
    project: str
    traffic: Traffic
    steps: tuple[tuple[Instance, ...], ...]
    symmetric: bool = True
    on_failure: OnFailure = "drop"
    priority: int = 500


@dataclass(frozen=True, slots=True)
class LinkFigures:
    """What is measured of a link, smoothed, in the order of its ends; None where nothing is known.

    ``load`` is what each end sends to the other and ``capacity`` what it could, in Mbit/s.
    """

    latency: float | None = None
    load: tuple[float, float] | None = None
    capacity: float | None = None


def in_order(one: str, other: str) -> Ends:
    """Two bridges as a link has them."""
    first, second = sorted((one, other), key=shorter_first)
    return first, second


def shorter_first(name: str) -> tuple[int, str]:
    """By what names are put in order, so that s2 stands before s10."""
    return len(name), name


@lru_cache(1 << 16)
def link_name(one: str, other: str) -> str:
    """What the link between two bridges is called, like ``s2-s10``."""
    return "-".join(in_order(one, other))


def wire_name(ends: Ends, ports: tuple[int, int]) -> str:
    """What the wire between two ports is called, like ``s2.1-s10.3``; the bridges are in the order of ``in_order``."""
    return f"{ends[0]}.{ports[0]}-{ends[1]}.{ports[1]}"
