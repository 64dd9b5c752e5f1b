"""Worlds of bridges that are wired to one another, with the routes that they have when nothing is broken."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, replace
from itertools import combinations, count
from typing import TYPE_CHECKING

from controller.entities import Chassis, Interface
from controller.links import TRACKS, Heading, Link, Route, Track, Wire, in_order
from tests.worlds import chassis, network, plugged, port, with_more, world

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from controller.entities import Entity
    from tests.worlds import World

FIRST_WIRE = 11
"""The OpenFlow port of a bridge's first wire."""
BEYOND_MACHINES = 71
"""The same where worlds have more machines than that on a bridge."""
Cable = tuple[str, str]


def bare(name: str, number: int) -> Chassis:
    """A bridge that only OpenFlow tells of."""
    return Chassis(name, number)


def wires(cables: Iterable[Cable], down: Iterable[str] = (), first: int = FIRST_WIRE) -> list[Wire]:
    """A wire for each cable, by ports from ``first`` on; those whose key is in ``down`` carry nothing."""
    free: dict[str, Iterator[int]] = defaultdict(lambda: count(first))
    made = []
    for cable in cables:
        ends = in_order(*cable)
        ports = (next(free[ends[0]]), next(free[ends[1]]))
        names = (f"{ends[0]}-eth{ports[0]}", f"{ends[1]}-eth{ports[1]}")
        key = f"{ends[0]}.{ports[0]}-{ends[1]}.{ports[1]}"
        made.append(Wire(key, ends, ports, names, key not in down))
    return made


def links(of: Iterable[Wire]) -> list[Link]:
    """The link between each two bridges that wires join."""
    bundles: dict[Cable, list[tuple[int, int]]] = defaultdict(list)
    for wire in of:
        bundles[wire.ends].extend([wire.ports] if wire.up else [])
    return [Link("-".join(ends), ends, tuple(ports)) for ends, ports in bundles.items()]


def next_hops(edges: Iterable[Cable], destination: str) -> dict[str, tuple[str, ...]]:
    """For each bridge that has a way there, its neighbours on the shortest ones."""
    near: dict[str, set[str]] = defaultdict(set)
    for one, other in edges:
        near[one].add(other)
        near[other].add(one)
    distance, ahead = {destination: 0}, deque([destination])
    while ahead:
        bridge = ahead.popleft()
        for other in near[bridge] - distance.keys():
            distance[other] = distance[bridge] + 1
            ahead.append(other)
    closer = {one: sorted(two for two in near[one] if distance[two] < distance[one]) for one in distance}
    return {bridge: tuple(hops) for bridge, hops in closer.items() if hops}


def routes(edges: Sequence[Cable], destinations: Iterable[str], version: int = 0) -> list[Route]:
    """Everybody's routes to these bridges."""
    return [
        Route(f"{bridge}>{there}/{version}", bridge, there, version, hops)
        for there in destinations
        for bridge, hops in sorted(next_hops(edges, there).items())
    ]


def tunnels(chassis: Iterable[Chassis], cables: Iterable[Cable]) -> list[Cable]:
    """The pairs of chassis that a tunnel can join, of which one is wired and the other one is not."""
    wired = {bridge for cable in cables for bridge in cable}
    able = [one for one in chassis if one.encap_ip]
    pairs = ((one, other) for one, other in combinations(able, 2) if dict(one.tunnels).keys() & dict(other.tunnels))
    return [(one.key, other.key) for one, other in pairs if (one.key in wired) != (other.key in wired)]


def fabric(
    bridges: Sequence[Chassis],
    cables: Sequence[Cable],
    places: Iterable[str],
    down: Iterable[str] = (),
    version: int = 0,
    *,
    first: int = FIRST_WIRE,
) -> list[Entity]:
    """Wires, links, and routes round what is down to the bridges that have machines, under headings of this version."""
    laid = wires(cables, down, first)
    bundles = links(laid)
    edges = [*(link.ends for link in bundles if link.wires), *tunnels(bridges, cables)]
    plugs = [Interface(f"{end}/{name}", end, name, at) for wire in laid for end, name, at in _ends(wire)]
    headings = [Heading(bridge, version) for bridge in sorted(places)]
    return [*laid, *bundles, *plugs, *headings, *routes(edges, sorted(places), version)]


def _ends(wire: Wire) -> Iterator[tuple[str, str, int]]:
    return zip(wire.ends, wire.names, wire.ports, strict=True)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a fabric is made of: bridges, cables between them, and on which bridge each machine of each network is."""

    bridges: tuple[Chassis, ...]
    cables: tuple[Cable, ...]
    machines: Mapping[str, Sequence[str]]

    def places(self) -> list[str]:
        """The bridges that have machines."""
        return sorted({bridge for bridges in self.machines.values() for bridge in bridges})

    def machine_entities(self) -> Iterator[Entity]:
        """Networks with their ports and where those are plugged in: ``acme/web-1`` is the first of ``acme/web``."""
        taken: dict[str, Iterator[int]] = defaultdict(lambda: count(1))
        for vni, (key, bridges) in enumerate(self.machines.items(), 0x101):
            yield network(key, vni)
            for number, bridge in enumerate(bridges, 1):
                yield port(f"{key}-{number}", key, number)
                yield plugged(f"{key}-{number}", bridge, next(taken[bridge]))

    def world(self, down: Iterable[str] = (), version: int = 0) -> World:
        """All of it, with routes round what is down, under headings of this version."""
        joined = fabric(self.bridges, self.cables, self.places(), down, version)
        return world([*self.bridges, *joined, *self.machine_entities()])


LEAVES, SPINES = ("s1", "s2"), ("s3", "s4")
MIXED = Plan(
    (*(bare(f"s{number}", number) for number in range(1, 5)), chassis(1), chassis(2)),
    (*((leaf, spine) for leaf in LEAVES for spine in SPINES), ("s1", "s3"), ("s3", "hv1")),
    {"acme/web": ("s1", "s2", "hv1", "hv2", "s1"), "beta/web": ("s1", "hv2")},
)
"""Two leaves and two spines, with two wires from s1 to s3; hv1 is wired to s3 and has tunnels, hv2 has tunnels only."""


MAIN, ROUND, LONG, REST = range(TRACKS + 1, TRACKS + 5)
STEERED = (
    Track("main", MAIN, ("s1", "s3", "s2"), (ROUND, 0)),
    Track("round", ROUND, ("s1", "s4", "s2"), (0, 0)),
    Track("long", LONG, ("s2", "s3", "hv1"), (0, 0), REST),
    Track("rest", REST, ("hv1", "s3", "s1"), (0, 0)),
)
"""From s1 to s2, with a way round; from s2 by hv1 to s1, which has to come back the way that it went."""


def fabric_world() -> World:
    """MIXED, in order."""
    return MIXED.world()


def steered_world() -> World:
    """MIXED with tracks."""
    return with_more(fabric_world(), *STEERED)


def over_links(of: World, ways: int = 2) -> World:
    """The same world where no chassis has a tunnel, and all are wired to so many bridges between them."""
    hosts = [replace(one, encap_ip=None, tunnels=()) for one in of.values() if isinstance(one, Chassis)]
    between = [bare(f"s{number}", 0x50 + number) for number in range(8, 8 + ways)]
    cables = [(host.key, bridge.key) for host in hosts for bridge in between]
    joined = fabric([*hosts, *between], cables, [host.key for host in hosts], first=BEYOND_MACHINES)
    return with_more(of, *hosts, *between, *joined)
