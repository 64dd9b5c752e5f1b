"""What the compiler knows of the world: intent and inventory as frozen values.

Intent entities are made from resources in ``controller.intent``; inventory entities from OVSDB rows and OpenFlow port
descriptions. Keys are strings: ``project/name`` for what belongs to a project, the chassis' name for a chassis,
``chassis/interface`` for an interface. MAC and IP addresses are canonical lower-case text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Encap = Literal["vxlan", "geneve", "gre"]


@dataclass(frozen=True, slots=True)
class Subnet:
    """An address block of a network; ``cidr`` like ``10.1.0.0/24``, ``gateway`` an address or None."""

    name: str
    cidr: str
    gateway: str | None


@dataclass(frozen=True, slots=True)
class Network:
    """A broadcast domain of one project. ``vni`` is 24 bits and unique in the cluster, ``mtu`` in bytes."""

    key: str
    uid: str
    project: str
    name: str
    mode: str
    vni: int
    encap: Encap
    mtu: int
    subnets: tuple[Subnet, ...]


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
    """A VM's connection to a network; ``addresses`` are IPv4 and IPv6, without prefix lengths."""

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


@dataclass(frozen=True, slots=True)
class Chassis:
    """A host running OVS, with the bridge that we own there.

    ``dpid`` is 0 while the bridge's OpenFlow session has not been seen. ``encap_ip`` is the tunnels' end, None where
    there are none. ``tunnels`` holds (encapsulation, OpenFlow port) pairs that the switch has confirmed.
    """

    key: str
    dpid: int
    encap_ip: str | None = None
    tunnels: tuple[tuple[Encap, int], ...] = ()


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
    """A tenant; it has no flows of its own."""

    key: str
    uid: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A port that is plugged in: what intent says of it joined with where it is. Its key is the port's."""

    key: str
    network: str
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


Entity = Project | Network | Port | Chassis | Interface | Endpoint | Presence | Division | Leaf
