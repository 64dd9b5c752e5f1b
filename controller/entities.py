"""What the compiler knows of the world: intent and inventory as frozen values.

Intent entities are made from resources in ``controller.intent``; inventory entities from OVSDB rows and OpenFlow port
descriptions. Keys are strings: ``project/name`` for what belongs to a project, the chassis' name for a chassis,
``chassis/interface`` for an interface. MAC and IP addresses are canonical lower-case text. What users ask of policy
stands in ``controller.policy.values``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from controller.policy.derived import NamedPorts
    from controller.policy.values import Labels

Encap = Literal["vxlan", "geneve", "gre"]
Mode = Literal["overlay", "internal", "nat", "bridged", "host-only"]
UNTUNNELLED: frozenset[Mode] = frozenset({"bridged", "host-only"})
"""Networks whose frames never travel between chassis by ways of ours."""
Advertisement = Literal["slaac", "stateful", "stateless", "none"]
Protocol4 = Literal["tcp", "udp"]


class Entity(Protocol):
    """Anything in the store: a frozen value with a key that is unique among its type."""

    @property
    def key(self) -> str:
        """What it is called."""


@dataclass(frozen=True, slots=True)
class Dhcp:
    """What a subnet's DHCP tells its clients; times in seconds, ``routes`` pairs of block and next hop."""

    lease: int = 3600
    dns: tuple[str, ...] = ()
    domain: str | None = None
    search: tuple[str, ...] = ()
    ntp: tuple[str, ...] = ()
    routes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Subnet:
    """An address block of a network; ``cidr`` like ``10.1.0.0/24``, ``gateway`` an address or None.

    ``dhcp`` is None where nobody answers DHCP; ``ra`` says what router advertisements tell IPv6 hosts to do.
    """

    name: str
    cidr: str
    gateway: str | None
    dhcp: Dhcp | None = None
    ra: Advertisement = "none"


@dataclass(frozen=True, slots=True)
class Door:
    """How a ``nat`` network leaves by each host: its router's number and MAC, its addresses on the hosts' links."""

    number: int
    mac: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """A broadcast domain of one project. ``vni`` is 24 bits and unique in the cluster, ``mtu`` in bytes.

    ``enclosed_mtu`` is what the underlay has room for behind a header in a tunnel, 0 where it does not matter or nobody
    knows; ``mtu_open``: nobody asked for an MTU.
    ``physical_network`` and ``vlan`` (None: untagged) are those of a bridged network; ``door`` is a nat network's;
    ``gateway_mac`` is the host's on a host-only network.
    """

    key: str
    uid: str
    project: str
    name: str
    mode: Mode
    vni: int
    encap: Encap
    mtu: int
    subnets: tuple[Subnet, ...]
    physical_network: str | None = None
    vlan: int | None = None
    door: Door | None = None
    gateway_mac: str | None = None
    enclosed_mtu: int = 0
    mtu_open: bool = False


@dataclass(frozen=True, slots=True)
class AllowedPair:
    """A further MAC and address (or block) that a port may send from."""

    mac: str
    address: str


@dataclass(frozen=True, slots=True)
class Plug:
    """Where an interface without an iface-id is to be found."""

    chassis: str
    interface: str


@dataclass(frozen=True, slots=True)
class Port:
    """A VM's connection to a network (its key); ``addresses`` are IPv4 and IPv6, without prefix lengths.

    ``groups`` are the keys of the SecurityGroups that it is a member of, sorted.
    """

    key: str
    uid: str
    project: str
    name: str
    network: str
    mac: str
    addresses: tuple[str, ...]
    allowed_pairs: tuple[AllowedPair, ...] = ()
    port_security: bool = True
    admin_up: bool = True
    binding: Plug | None = None
    labels: Labels = ()
    groups: tuple[str, ...] = ()
    named_ports: NamedPorts = ()


@dataclass(frozen=True, slots=True)
class RouterInterface:
    """A router's place on a network (its key); ``addresses`` are the router's own there, at most one a subnet."""

    network: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class External:
    """A router's way out: the external network's key, its addresses there, and what it translates sources to.

    ``snat6`` asks for NAT66; IPv6 is routed as it is otherwise. ``ports`` is the range that sources get.
    """

    network: str
    addresses: tuple[str, ...]
    snat: bool = True
    snat6: bool = False
    ports: tuple[int, int] = (1024, 65535)


@dataclass(frozen=True, slots=True)
class StaticRoute:
    """Where a router sends what is for a block; more than one next hop share the connections."""

    to: str
    via: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Router:
    """A router of one project; ``number`` (1..32767) names it in registers and conntrack zones, ``vni`` in tunnels.

    It has one ``mac`` on all its networks.
    """

    key: str
    uid: str
    project: str
    name: str
    number: int
    vni: int
    mac: str
    interfaces: tuple[RouterInterface, ...]
    external: External | None = None
    routes: tuple[StaticRoute, ...] = ()
    helpers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FloatingIp:
    """An address of an external network that stands for one address of one port; ``mac`` is its own there."""

    key: str
    uid: str
    network: str
    address: str
    mac: str
    port: str
    private_address: str | None = None


@dataclass(frozen=True, slots=True)
class PortForward:
    """Ports of a router's external address (or of a nat network's hosts) that lead to a port's.

    ``via`` is the key of the router, or ``door:`` and that of the nat network; ``ports`` the outer range, ``target``
    the first inner port.
    """

    key: str
    uid: str
    via: str
    protocol: Protocol4
    ports: tuple[int, int]
    port: str
    target: int
    helper: str | None = None


@dataclass(frozen=True, slots=True)
class Chassis:
    """A host running OVS, with the bridge that we own there.

    ``dpid`` is 0 while the bridge's OpenFlow session has not been seen. ``encap_ip`` is the tunnels' end, None where
    there are none. ``tunnels`` holds (encapsulation, OpenFlow port) pairs that the switch has confirmed, ``segments``
    (physical network, OpenFlow port) pairs. ``gateway``: it was labelled to carry external traffic. ``bare``: only
    OpenFlow tells of it, no database.
    """

    key: str
    dpid: int
    encap_ip: str | None = None
    tunnels: tuple[tuple[Encap, int], ...] = ()
    segments: tuple[tuple[str, int], ...] = ()
    gateway: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Seat:
    """Which chassis carries an external network's traffic of one router now (its key is the router's)."""

    key: str
    chassis: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The MAC that a machine of an external network answers for an address; its key is ``network|address``."""

    key: str
    network: str
    address: str
    mac: str


@dataclass(frozen=True, slots=True)
class Interface:
    """A port of a chassis' bridge that something is plugged into; ``iface_id`` as external_ids has it, or None.

    ``seen`` orders claims: of two interfaces with one iface-id, the one seen later is where the port is now.
    """

    key: str
    chassis: str
    name: str
    ofport: int
    iface_id: str | None = None
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Project:
    """A tenant, its name the key; it has no flows of its own, but policies choose whom they speak of by its labels.

    To its own labels comes ``kubernetes.io/metadata.name``, as to a Kubernetes namespace's. ``tracked``: all its
    ports' connections are remembered, and not those of guarded ports only.
    """

    key: str
    uid: str
    labels: Labels = ()
    tracked: bool = True
