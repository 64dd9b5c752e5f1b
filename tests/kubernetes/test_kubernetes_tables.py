"""The truth tables of Kubernetes' own suites hold: by its words, by our judge, and for packets through our flows."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from controller.policy.gates import Gates
from controller.policy.verdict import judged
from tests.compiled import Watched
from tests.interpreter import DataPlane
from tests.kubernetes.cluster import OUTSIDE, PROTOCOLS, Town, conversation, first_packet, key
from tests.kubernetes.tables import Case, Step, cases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.entities import Encap
    from tests.kubernetes.oracle import Party
    from tests.worlds import World

CASES = cases()
Answers = dict[tuple[int, str], set[tuple[str, str]]]
"""Who reaches whom, by probe."""


def name(party: Party) -> str:
    return key(party) if party.namespace else party.name


def pairs(town: Town) -> Iterator[tuple[Party, Party]]:
    """Everybody and everybody else; what two outside say to each other is nobody's here."""
    everybody = [*town.pods(), OUTSIDE]
    yield from ((one, other) for one, other in product(everybody, everybody) if one != other)


def told(step: Step, town: Town) -> Answers:
    """What the table says."""
    return {
        probe: {(name(s), name(t)) for s, t in pairs(town) if step.open(probe, name(s), name(t))}
        for probe in step.expected
    }


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_table_is_what_kubernetes_says(case: Case) -> None:
    for step in case.steps:
        town = Town(step.labels)
        oracle = town.oracle(step.policies)
        found = {
            (port, protocol): {(name(s), name(t)) for s, t in pairs(town) if oracle.reaches(s, t, protocol, port)}
            for port, protocol in step.expected
        }
        assert found == told(step, town)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_our_judge_says_the_same_after_every_step(case: Case) -> None:
    compiler = Watched()
    standing: World = {}
    for step in case.steps:
        town = Town(step.labels)
        world = town.world(step.policies)
        compiler.turn(world.values(), [place for place in standing if place not in world])
        standing = world
        assert judged_answers(compiler, step, town) == told(step, town)
    assert compiler.bugs == []


def judged_answers(compiler: Watched, step: Step, town: Town) -> Answers:
    """What our judge says."""
    gates = Gates()
    return {
        (port, protocol): {
            (name(s), name(t))
            for s, t in pairs(town)
            if judged(compiler.store, conversation(s, t, PROTOCOLS[protocol], port), gates).allowed
        }
        for port, protocol in step.expected
    }


@pytest.mark.parametrize("encap", ["vxlan", "geneve"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_packets_reach_exactly_whom_the_table_lets_them_reach(case: Case, encap: Encap) -> None:
    for step in case.steps:
        town = Town(step.labels, encap)
        plane = DataPlane(town.world(step.policies))
        found = {probe: set(arriving(plane, probe, town)) for probe in step.expected}
        pods = {
            probe: {pair for pair in told(step, town)[probe] if OUTSIDE.name not in pair} for probe in step.expected
        }
        assert found == pods


def arriving(plane: DataPlane, probe: tuple[int, str], town: Town) -> Iterator[tuple[str, str]]:
    """The pairs of pods whose packets arrive."""
    port, protocol = probe
    for source, target in pairs(town):
        if source.namespace and target.namespace:
            plane.forget()
            packet = first_packet(source, target, protocol, port)
            if plane.fate(key(source), packet) == [key(target)]:
                yield key(source), key(target)
