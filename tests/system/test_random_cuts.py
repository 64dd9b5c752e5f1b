"""Real bridges wired at random, whose cables fail and come back at random: whoever is joined by cables is reached."""

from __future__ import annotations

import random
from functools import partial
from itertools import combinations, permutations
from typing import TYPE_CHECKING

import networkx as nx
import pytest

from mininet_scenarios import links, wired
from mininet_scenarios.command import until
from mininet_scenarios.lab import Lab
from mininet_scenarios.probe import unreached

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mininet_scenarios.hosts import Host
    from mininet_scenarios.wired import Pair, Scene

pytestmark = pytest.mark.system
BRIDGES = [f"s{number}" for number in range(1, 7)]
CABLES, ROUNDS, MOST_AT_ONCE = 10, 12, 3
SEED = 5


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """Bridges in a ring, so that all are joined, with some cables across; a host at each."""
    chance = random.Random(SEED)  # noqa: S311  # a test that repeats itself
    ring = list(zip(BRIDGES, [*BRIDGES[1:], BRIDGES[0]], strict=True))
    across = [pair for pair in combinations(BRIDGES, 2) if pair not in ring and pair[::-1] not in ring]
    with Lab() as lab:
        yield wired.build(lab, [*ring, *chance.sample(across, CABLES - len(ring))], BRIDGES)


def test_whoever_is_joined_is_reached_after_every_failure_and_repair_and_hears_a_broadcast_once(scene: Scene) -> None:
    chance = random.Random(SEED)  # noqa: S311  # a test that repeats itself
    down: set[Pair] = set()
    for _ in range(ROUNDS):
        chosen = chance.sample(list(scene.cables), chance.randint(1, MOST_AT_ONCE))
        for pair in chosen:
            (scene.cables[pair].mend if pair in down else scene.cables[pair].cut)()
        down ^= set(chosen)
        links.wait_up(scene.client, [pair for pair in scene.cables if pair not in down])
        together = joined([pair for pair in scene.cables if pair not in down])
        pairs = [(scene.hosts[one], scene.hosts[other].address) for one, other in together]
        until(partial(all_reached, pairs), 3, f"{len(pairs)} pairs reach each other, without {down}")
        heard = wired.copies(scene.hosts[0], scene.hosts)
        near = sum(one == 0 for one, _ in together)
        assert heard == {times: count for times, count in ((1, near), (0, len(BRIDGES) - 1 - near)) if count}


def all_reached(pairs: list[tuple[Host, str]]) -> bool:
    """Whether every ping is answered."""
    return not unreached(pairs)


def joined(pairs: list[Pair]) -> list[tuple[int, int]]:
    """The places of bridges that cables join, directly or not, two by two."""
    graph: nx.Graph[str] = nx.Graph(pairs)
    groups = [sorted(map(BRIDGES.index, group)) for group in nx.connected_components(graph)]
    return [pair for group in groups for pair in permutations(group, 2)]
