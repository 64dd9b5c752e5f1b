"""Random worlds: up to four hosts and four networks of several tenants, who all use the same few MACs and addresses."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

from hypothesis import strategies as st

from controller.entities import AllowedPair, Chassis, Interface, Plug, Port
from tests.fabric_worlds import bare, fabric, wires
from tests.worlds import TUNNELS, World, mac, network, world

T = TypeVar("T")

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def some(draw: st.DrawFn, among: Sequence[T], least: int) -> list[T]:
    """At least so many of these, each once, in any order."""
    return draw(st.permutations(among))[: draw(st.integers(least, len(among)))]


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
    for number in some(draw, MACHINES, 2):
        own = (f"10.0.0.{number}", f"fd00::{number}")
        key = f"{project}/{of.partition('/')[2]}-{number}"
        made.append(
            Port(
                key=key,
                uid=f"uid-{key}",
                project=project,
                name=key.partition("/")[2],
                network=of,
                mac=mac(number),
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
    for place, key in enumerate(some(draw, NETWORKS, 1)):
        encap: Encap = draw(st.sampled_from(["vxlan", "vxlan", "geneve", "gre"]))
        entities.append(network(key, 0x100 + place, encap))
        for port in draw(ports(key)):
            entities += draw(plugs(port, chassis, len(entities)))
    return world([*entities, Interface("hv1/stray", "hv1", "stray", 199)])


@st.composite
def wired_worlds(draw: st.DrawFn) -> World:
    """The same worlds, whose hosts are wired to one another and to bare bridges at random; some wires are down."""
    drawn = draw(worlds())
    hosts = [one for one in drawn.values() if isinstance(one, Chassis)]
    bridges = [*hosts, *(bare(f"s{number}", 0x50 + number) for number in range(1, 1 + draw(st.integers(0, 3))))]
    pairs = list(combinations([bridge.key for bridge in bridges], 2))
    cables = draw(st.lists(st.sampled_from(pairs), max_size=8)) if pairs else []
    down = [wire.key for wire in wires(cables) if not draw(st.integers(0, 4))]
    return world([*drawn.values(), *bridges, *fabric(bridges, cables, [host.key for host in hosts], down)])


@st.composite
def plugs(draw: st.DrawFn, port: Port, chassis: list[Chassis], number: int) -> list[Entity]:
    """The port and its interfaces; ``number`` keeps OpenFlow port numbers apart."""
    found: list[Entity] = []
    places = some(draw, chassis, 0)[: draw(st.sampled_from([1, 1, 1, 1, 2, 2, 0]))] or chassis[:1]
    how = draw(st.sampled_from([port.key, port.key, port.uid, None]))
    for place, host in enumerate(places):
        name = f"tap{number}"
        seen = draw(st.integers(0, 3))
        found.append(Interface(f"{host.key}/{name}", host.key, name, 200 + 2 * number + place, how, seen))
        if how is None:
            port = replace(port, binding=Plug(host.key, name))
    return [port, *found]
