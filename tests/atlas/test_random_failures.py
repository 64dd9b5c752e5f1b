"""Random graphs, hundreds of failures, repairs and plans: who is joined is reached, by the flows of all bridges."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import networkx as nx
import pytest

from apps.fabric_tables import FABRIC
from controller.links import BridgeSettings, Heading, LinkSettings, Wire, in_order, link_name
from tests.atlas.country import Country, take

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.entities import Entity

BRIDGES, CABLES = 9, 16


class Life:
    """A random country, and what happens to it."""

    def __init__(self, seed: int, bridges: int = BRIDGES, cables: int = CABLES) -> None:
        self.random = random.Random(seed)  # noqa: S311  # a test that repeats itself
        self.country = Country(bridges)
        self.pairs = self.random.sample(list(combinations(self.country.names, 2)), cables)
        for pair in [*self.pairs, *self.random.sample(self.pairs, 3)]:
            self.country.cable(*pair)
        self.said: dict[tuple[type, str], Entity] = {}
        self.country.begin()
        self.country.take_all()

    def fail(self) -> None:
        """A cable or a bridge fails, or comes back."""
        down = [wire for wire in self.country.wires.values() if not wire.up]
        if down and self.random.random() < 0.5:
            self.country.tell(replace(self.random.choice(down), up=True))
        elif self.random.random() < 0.7:
            wire = self.random.choice(list(self.country.wires.values()))
            self.country.tell(replace(wire, up=not wire.up))
        else:
            bridge, up = self.random.choice(self.country.names), self.random.random() < 0.5
            its = [wire for wire in self.country.wires.values() if bridge in wire.ends]
            self.country.tell(*(replace(wire, up=up) for wire in its))

    def plan(self) -> None:
        """Somebody changes costs or maintenance, or a cable comes back."""
        down = [wire for wire in self.country.wires.values() if not wire.up]
        settings: Entity
        match self.random.choice(["link", "link", "bridge", "back"]):
            case "link":
                name = link_name(*in_order(*self.random.choice(self.pairs)))
                settings = LinkSettings(
                    name, self.random.choice([5, 10, 10, 20]), maintenance=self.random.random() < 0.3
                )
            case "bridge":
                settings = BridgeSettings(
                    self.random.choice(self.country.names), maintenance=self.random.random() < 0.5
                )
            case _ if down:
                settings = replace(self.random.choice(down), up=True)
            case _:
                return
        if not isinstance(settings, Wire):
            self.said[type(settings), settings.key] = settings
        self.country.tell(settings)

    def components(self) -> Iterator[set[str]]:
        """Bridges that some cables join."""
        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(self.country.names)
        graph.add_edges_from(wire.ends for wire in self.country.wires.values() if wire.up)
        yield from nx.connected_components(graph)

    def joined(self) -> list[tuple[str, str]]:
        """The pairs that should reach each other."""
        return [
            (source, target)
            for together in self.components()
            for source in together
            for target in together
            if source != target
        ]

    def check(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Each pair does, as its frames are headed now."""
        for source, target in pairs:
            label = self.country.headed(source, target)
            assert self.country.reaches(source, target, label), (source, target, label)

    def clean(self) -> Country:
        """The same, built at once by a daemon that remembers where frames were headed."""
        fresh = Country(len(self.country.names))
        fresh.wires, fresh.plugs = self.country.wires, self.country.plugs
        store = self.country.core.compiler.store
        headings = [heading for name in self.country.names if (heading := store.get(Heading, name)) is not None]
        fresh.begin([*self.said.values(), *headings])
        fresh.take_all()
        return fresh


@pytest.mark.parametrize(("seed", "bridges", "cables"), [*((seed, BRIDGES, CABLES) for seed in range(5)), (7, 20, 36)])
def test_after_any_failure_all_who_are_joined_reach_each_other_and_flows_are_those_of_a_clean_build(
    seed: int, bridges: int, cables: int
) -> None:
    life = Life(seed, bridges, cables)
    for turn in range(60):
        life.fail()
        life.country.take_all()
        life.check(life.joined())
        if turn % 10 == 0:
            assert held(life.country) == held(life.clean())


def held(country: Country) -> dict[str, set[int]]:
    """The flows of each bridge, by what they are."""
    return {n: {flow.cookie for flow in switch.flows.table.values()} for n, switch in country.switches.items()}


@pytest.mark.parametrize("seed", range(100, 104))
def test_a_bridge_holds_one_flow_for_each_other_that_it_may_pass_frames_on_to(seed: int) -> None:
    life = Life(seed)
    for _ in range(30):
        (life.fail if life.random.random() < 0.5 else life.plan)()
        life.country.take_all()
        for switch in life.country.switches.values():
            assert sum(flow.table == FABRIC.number for flow in switch.flows.table.values()) <= BRIDGES - 1


@pytest.mark.parametrize("seed", range(200, 206))
def test_while_a_planned_change_is_made_no_frame_is_lost_wherever_it_is(seed: int) -> None:
    life = Life(seed)
    for _ in range(25):
        if life.random.random() < 0.3:
            life.fail()
            life.country.take_all()
        under_way = _labels(life)
        life.plan()
        for phase in life.country.steps():
            life.random.shuffle(phase)
            for switch, step in phase:
                take(switch, step)
                life.check(under_way)
                if step.phase < 2:
                    _all_arrive(life, under_way)
        life.check(life.joined())


def _labels(life: Life) -> dict[tuple[str, str], int]:
    """Who reaches whom, under what label frames are on their way."""
    return {(source, target): life.country.headed(source, target) for source, target in life.joined()}


def _all_arrive(life: Life, labels: dict[tuple[str, str], int]) -> None:
    for (source, target), label in labels.items():
        assert life.country.reaches(source, target, label), (source, target, label)
