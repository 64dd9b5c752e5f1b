"""Random worlds: up to four hosts and four networks of several tenants, who all use the same few MACs and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from controller.entities import AllowedPair, Chassis, Interface, Plug, Port
from tests.worlds import TUNNELS, World, mac, network, world

if TYPE_CHECKING:
    from controller.entities import Encap, Entity

NETWORKS = ("acme/web", "acme/db", "beta/web", "gamma/web")
MACHINES = range(1, 6)
ADDRESSES = tuple(address for number in MACHINES for address in (f"10.0.0.{number}", f"fd00::{number}"))
PAIRS = (
    AllowedPair(mac(1), "10.0.0.9"),
    AllowedPair(mac(0x99), "10.0.8.0/22"),
    AllowedPair(mac(2), "fd00:9::/64"),
    AllowedPair(mac(0x99), "fd00::9"),
)


@st.composite
def hosts(draw: st.DrawFn) -> list[Chassis]:
    """Hosts whose tunnels end in addresses of one family; some have no address, or not all encapsulations."""
    family = draw(st.sampled_from(["192.0.2.{}", "2001:db8::{}"]))
    made = []
    for number in range(1, 1 + draw(st.integers(1, 4))):
        address = family.format(number) if draw(st.integers(0, 5)) else None
        tunnels = TUNNELS if draw(st.integers(0, 3)) else tuple(t for t in TUNNELS if draw(st.booleans()))
        made.append(Chassis(f"hv{number}", number, address, tunnels))
    return made


@st.composite
def ports(draw: st.DrawFn, of: str) -> list[Port]:
    """Ports of one network; in a network, nobody has another's MAC or address."""
    project = of.partition("/")[0]
    made = []
    for number in draw(st.lists(st.sampled_from(MACHINES), unique=True, max_size=5)):
        own = (f"10.0.0.{number}", f"fd00::{number}")
        key = f"{project}/{of.partition('/')[2]}-{number}"
        made.append(
            Port(
                *(key, f"uid-{key}", project, key.partition("/")[2], of, mac(number)),
                addresses=draw(st.sampled_from([own, own, own[:1], own[1:], ()])),
                allowed_pairs=tuple(draw(st.lists(st.sampled_from(PAIRS), unique=True, max_size=2))),
                port_security=draw(st.integers(0, 3)) > 0,
                admin_up=draw(st.integers(0, 5)) > 0,
            )
        )
    return made


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Ports are plugged in on one host, on none, or on several while they move; some by name instead of iface-id."""
    chassis = draw(hosts())
    entities: list[Entity] = [*chassis]
    for place, key in enumerate(draw(st.lists(st.sampled_from(NETWORKS), unique=True, min_size=1))):
        encap: Encap = draw(st.sampled_from(["vxlan", "vxlan", "geneve", "gre"]))
        entities.append(network(key, 0x100 + place, encap))
        for port in draw(ports(key)):
            entities += draw(plugs(port, chassis, len(entities)))
    return world(entities)


@st.composite
def plugs(draw: st.DrawFn, port: Port, chassis: list[Chassis], number: int) -> list[Entity]:
    """The port and its interfaces; ``number`` keeps OpenFlow port numbers apart."""
    found: list[Entity] = []
    places = draw(st.lists(st.sampled_from(chassis), max_size=2, unique_by=lambda host: host.key))
    how = draw(st.sampled_from([port.key, port.key, port.uid, None]))
    for place, host in enumerate(places):
        name = f"tap{number}"
        seen = draw(st.integers(0, 3))
        found.append(Interface(f"{host.key}/{name}", host.key, name, number + 10 * place, how, seen))
        if how is None:
            binding = Plug(host.key, name)
            port = Port(*(getattr(port, part) for part in port.__slots__[:-1]), binding)
    return [port, *found]
