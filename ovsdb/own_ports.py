"""The ports that are ours on a host: tunnels, its link to nat networks, its ports on host-only networks, patches, BFD.

Each is known by its name, and all but the tunnels by a mark in ``external_ids`` as well: a port that somebody else
named like ours is never removed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, get_args

from controller.derived import HOST_ADDRESSES, HOST_BLOCKS, HOST_LINK, HOST_MAC
from controller.entities import Encap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from controller.derived import HostForward, HostOrder

ENCAPS: tuple[Encap, ...] = get_args(Encap)
NAME = re.compile(r"nl-(?:vxlan|geneve|gre|host)|nl[hpqb][0-9a-f]{10}")
STATE = "netloom-state"
PHYSICAL_NETWORK, PEER, NETWORK, LINK = "netloom-physical-network", "netloom-peer", "netloom-network", "netloom-link"
ADDRESSES, FORWARDS = "netloom-addresses", "netloom-forwards"
_MARKS = (PHYSICAL_NETWORK, PEER, NETWORK, LINK)
_PREFIX = "netloom-"
_OFPORTS: Mapping[Encap, int] = {"vxlan": 65001, "geneve": 65002, "gre": 65003}
_FLOW_BASED = (("key", "flow"), ("local_ip", "flow"), ("remote_ip", "flow"))
_BFD_VNI = 0xFFFFFE
_BFD = (("enable", "true"), ("min_rx", "100"), ("min_tx", "100"))
_LINK_MTU = 1500

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class OwnPort:
    """A port that should be on a bridge (by name); what is None or empty is not ours to say, but for ``marks``."""

    name: str
    bridge: str
    type: str
    options: Pairs = ()
    ofport_request: int | None = None
    mac: str | None = None
    mtu_request: int | None = None
    bfd: Pairs = ()
    marks: Pairs = ()


@dataclass(frozen=True, slots=True)
class ObservedPort:
    """A port that has a name of ours: UUIDs of the port, its interface and its bridge ("" while on none)."""

    name: str
    port: str
    interface: str
    bridge: str
    type: str = ""
    options: Pairs = ()
    ofport_request: int | None = None
    mac: str | None = None
    mtu_request: int | None = None
    bfd: Pairs = ()
    external_ids: Pairs = ()

    @property
    def marks(self) -> Pairs:
        """What we wrote into external_ids, or somebody in our name; the host's answer is not of it."""
        return tuple((key, value) for key, value in self.external_ids if key.startswith(_PREFIX) and key != STATE)

    @property
    def marked(self) -> bool:
        """Whether it was made by us, and not only named like ours."""
        return any(key in _MARKS for key, _ in self.external_ids)

    @property
    def ordered(self) -> bool:
        """Whether it stands for what intent needs of a host, and goes with it."""
        return self.name == HOST_LINK or self.name.startswith(("nlh", "nlb"))


def tunnel_port(encap: Encap) -> str:
    """The name of the port that carries an encapsulation."""
    return f"nl-{encap}"


def named(prefix: str, what: str) -> str:
    """A name that a kernel interface can have, the same each time for one ``what``."""
    return f"{prefix}{blake2b(what.encode(), digest_size=5).hexdigest()}"


def tunnels(bridge: str, encaps: Iterable[Encap]) -> Iterator[OwnPort]:
    """The ports that carry encapsulations."""
    for encap in encaps:
        yield OwnPort(tunnel_port(encap), bridge, encap, _FLOW_BASED, _OFPORTS[encap])


def patches(bridge: str, held: Pairs) -> Iterator[OwnPort]:
    """Both ends of the patch to each bridge that reaches a physical network."""
    for network, other in held:
        here, there = named("nlp", network), named("nlq", network)
        marks = ((PHYSICAL_NETWORK, network),)
        yield OwnPort(here, bridge, "patch", (("peer", there),), marks=marks)
        yield OwnPort(there, other, "patch", (("peer", here),), marks=marks)


def ordered(bridge: str, order: HostOrder, encap_ip: str | None) -> Iterator[OwnPort]:
    """What intent needs of this host: its link, its ports on networks, and whom it watches from its tunnel address."""
    if order.link:
        lengths = (block.partition("/")[2] for block in HOST_BLOCKS)
        addresses = (f"{address}/{length}" for address, length in zip(HOST_ADDRESSES, lengths, strict=True))
        marks = {LINK: "true", ADDRESSES: " ".join(addresses), FORWARDS: _forwards(order.forwards)}
        yield OwnPort(HOST_LINK, bridge, "internal", mac=HOST_MAC, mtu_request=_LINK_MTU, marks=_pairs(marks))
    for port in order.ports:
        marks = {NETWORK: port.network, ADDRESSES: " ".join(port.addresses)}
        yield OwnPort(port.name, bridge, "internal", mac=port.mac, mtu_request=port.mtu, marks=_pairs(marks))
    for peer, address in order.watches if encap_ip else ():
        options = {"key": str(_BFD_VNI), "local_ip": encap_ip or "", "remote_ip": address}
        name = named("nlb", peer)
        yield OwnPort(name, bridge, "vxlan", _pairs(options), bfd=_BFD, marks=((PEER, peer),))


def _forwards(forwards: Iterable[HostForward]) -> str:
    """Like ``tcp:8080:169.254.64.7 udp:5000-5010:169.254.64.7``."""
    return " ".join(sorted(f"{one.protocol}:{_range(one.ports)}:{one.to}" for one in forwards))


def _range(ports: tuple[int, int]) -> str:
    first, last = ports
    return str(first) if first == last else f"{first}-{last}"


def _pairs(mapping: Mapping[str, str]) -> Pairs:
    return tuple(sorted((key, value) for key, value in mapping.items() if value))
