"""Random graphs, path policies and failures: whole packets between all who are joined arrive, once, steered or not."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations, pairwise, permutations
from typing import TYPE_CHECKING

import networkx as nx
import pytest

from controller.links import LinkSettings, PathPolicy, Track, Wanted, in_order, link_name
from tests.atlas.country import Country, take
from tests.packets import udp
from tests.steered_worlds import EVERYBODY, STREAM, policy
from tests.walk import Bridge
from tests.worlds import mac

if TYPE_CHECKING:
    from tests.interpreter import DataPlane

BRIDGES, CABLES, TURNS = 6, 10, 10


@pytest.mark.parametrize("seed", range(6))
def test_packets_of_all_who_are_joined_arrive_once_whatever_path_they_were_given(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # a test that repeats itself
    country = Country(BRIDGES, *chance.choice([(), (), ("s0", "s1")]))
    pairs = chance.sample(list(combinations(country.names, 2)), CABLES)
    for pair in pairs:
        country.cable(*pair)
    country.begin()
    steered = 0
    for turn in range(TURNS):
        happens(chance, country, pairs, turn)
        steered += len(list(country.core.compiler.store.keys(Track)))
        plane = country.plane()
        for one, other in joined(country):
            sent = udp(mac(one + 1), mac(other + 1), f"10.0.0.{one + 1}", f"10.0.0.{other + 1}", (5000 + turn, 5004))
            assert plane.fate(f"acme/vm-s{one}", sent) == [f"acme/vm-s{other}"], (turn, one, other)
    assert steered


def happens(chance: random.Random, country: Country, pairs: list[tuple[str, str]], turn: int) -> None:
    """A cable fails or comes back, a link is drained or used again, somebody asks for a path, or for none."""
    match chance.choice(["wire", "wire", "bridge", "link", "path", "path"]) if turn else "path":
        case "wire":
            wire = chance.choice(list(country.wires.values()))
            country.tell(replace(wire, up=not wire.up))
        case "bridge":
            name, up = chance.choice(country.names), chance.random() < 0.5
            country.tell(*(replace(wire, up=up) for wire in country.wires.values() if name in wire.ends))
        case "link":
            name = link_name(*in_order(*chance.choice(pairs)))
            country.tell(LinkSettings(name, chance.choice([5, 10, 30]), maintenance=chance.random() < 0.4))
        case _:
            country.tell(asked(chance, country))


def asked(chance: random.Random, country: Country, names: tuple[str, ...] = ("one", "two")) -> PathPolicy:
    """Any path, for packets between all machines."""
    wanted = Wanted(
        via=tuple(chance.sample(country.names, chance.choice([0, 0, 1, 2]))),
        avoid_bridges=tuple(chance.sample(country.names, chance.choice([0, 0, 1]))),
        max_hops=chance.choice([None, None, 2, 4]),
        objective=chance.choice(["hops", "cost", "latency", "load"]),
        protection=chance.choice(["none", "link", "node"]),
    )
    wanted = replace(wanted, avoid_bridges=tuple(set(wanted.avoid_bridges) - set(wanted.via)))
    services = chance.choice([(), STREAM])
    return policy(chance.choice(names), (EVERYBODY,), (EVERYBODY,), services, wanted=wanted)


def joined(country: Country) -> list[tuple[int, int]]:
    """Bridges that cables join, directly or not, two by two; those with tunnels are joined by these."""
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(country.names)
    graph.add_edges_from(wire.ends for wire in country.wires.values() if wire.up)
    graph.add_edges_from(combinations(country.hosts, 2))
    groups = nx.connected_components(graph)
    return [pair for group in groups for pair in permutations(sorted(map(country.names.index, group)), 2)]


@pytest.mark.parametrize("seed", range(300, 302))
def test_while_paths_are_changed_on_purpose_packets_arrive_after_each_step_of_each_switch(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # a test that repeats itself
    country = Country(5)
    pairs = [*pairwise(country.names), ("s0", "s4"), ("s1", "s3")]
    for pair in pairs:
        country.cable(*pair)
    country.begin()
    country.take_all()
    for turn in range(7):
        change(chance, country, pairs, turn)
        plane = country.plane()
        held = {name: Bridge(switch.flows.table.values()) for name, switch in country.switches.items()}
        plane.holds(held)
        for phase in country.steps():
            chance.shuffle(phase)
            for switch, step in phase:
                take(switch, step)
                changed = next(name for name, each in country.switches.items() if each is switch)
                held[changed] = Bridge(switch.flows.table.values())
                plane.holds(held)
                all_arrive(country, plane)


def change(chance: random.Random, country: Country, pairs: list[tuple[str, str]], turn: int) -> None:
    """Somebody asks for a path, or for none any more; a link is drained, or used again."""
    if turn % 3 == 2:
        country.tell(LinkSettings(link_name(*in_order(*chance.choice(pairs))), maintenance=chance.random() < 0.6))
    elif turn % 6 == 4:
        country.tell(deletes=[(PathPolicy, "acme/one")])
    else:
        country.tell(asked(chance, country, ("one",)))


def all_arrive(country: Country, plane: DataPlane) -> None:
    """A packet between each two machines does, once."""
    for one, other in joined(country):
        sent = udp(mac(one + 1), mac(other + 1), f"10.0.0.{one + 1}", f"10.0.0.{other + 1}", (5000, 5004))
        assert plane.fate(f"acme/vm-s{one}", sent) == [f"acme/vm-s{other}"], (one, other)
