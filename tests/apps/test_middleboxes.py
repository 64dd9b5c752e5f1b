"""Middleboxes: instances share connections, dead ones are left out, and a port of one is a port of nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from apps.fabric_tables import PATHS, RETURN, STEER
from apps.pipeline import CLASSIFY
from controller.courses import Line, Middlebox
from controller.derived import Endpoint
from controller.entities import Interface, Port
from controller.links import DeadPort, Link, ServiceChain
from controller.policy.derived import Member
from controller.policy.values import TCP, UDP, Machines, Requirement, Service
from controller.sync import steps
from tests.compiled import compiled
from tests.interpreter import DataPlane
from tests.packets import answer
from tests.steered_worlds import (
    CAMERAS,
    RECORDERS,
    chain,
    does,
    fabric,
    overlay,
    place_of,
    steered,
    stream,
    visited,
)
from tests.worlds import changed, mac, with_more, without

if TYPE_CHECKING:
    from tests.worlds import World

WORLDS = {"fabric": fabric(), "overlay": overlay()}
CONNECTIONS = range(40000, 40060)
TABLES = {table.number for table in (RETURN, STEER, PATHS)}


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


def boxes(found: list[str]) -> list[str]:
    """The middleboxes that a packet passed, by the ports that it came out of."""
    return [name.rpartition("-")[0] for name in found[:-1]]


def test_instances_share_the_connections_and_both_directions_of_one_pass_the_same(world: World) -> None:
    plane = steered(world, chain(["fw", "fw2", "fw3"], ["ids"]))
    shared = Counter[str]()
    for source in CONNECTIONS:
        packet = stream("cam", "nvr", (source, 5004))
        (there, ids) = boxes(visited(plane, "cam", packet))
        assert ids == "ids"
        assert boxes(visited(plane, "nvr", answer(packet))) == ["ids", there]
        shared[there] += 1
    assert shared.keys() == {"fw", "fw2", "fw3"}
    assert min(shared.values()) > len(CONNECTIONS) / 3 / 3


@pytest.mark.parametrize("port", ["fw2-in", "fw2-out"])
def test_only_what_passed_a_dead_instance_passes_another(port: str) -> None:
    before = fabric()
    place = place_of(before, port)
    shared = chain(["fw", "fw2", "fw3"])
    plane = steered(before, shared)
    passed = {at: boxes(visited(plane, "cam", stream("cam", "nvr", (at, 5004)))) for at in CONNECTIONS}
    plane = steered(before, shared, DeadPort(place))
    for at, box in passed.items():
        packet = stream("cam", "nvr", (at, 5004))
        now = boxes(visited(plane, "cam", packet))
        assert now == box if box != ["fw2"] else now in (["fw"], ["fw3"])
        assert boxes(visited(plane, "nvr", answer(packet))) == now


def unplugged(world: World, *ports: str) -> World:
    """The world when these have gone."""
    for port in ports:
        gone = next(one.key for one in world.values() if isinstance(one, Interface) and one.iface_id == f"acme/{port}")
        world = without(world, Interface, gone)
    return world


@pytest.mark.parametrize("gone", ["fw-in", "fw-out"])
def test_packets_skip_a_step_that_has_none_left_or_are_dropped(world: World, gone: str) -> None:
    packet = stream("cam", "nvr")
    skipping = steered(unplugged(world, gone), chain(["fw"], ["ids"], on_failure="bypass"))
    assert visited(skipping, "cam", packet) == ["ids-in", "nvr"]
    assert visited(skipping, "nvr", answer(packet)) == ["ids-out", "cam"]
    dropping = steered(unplugged(world, gone), chain(["fw"], ["ids"], on_failure="drop"))
    assert visited(dropping, "cam", packet) == []
    assert visited(dropping, "nvr", answer(packet)) == ["ids-out"]


def test_where_no_step_has_any_left_packets_go_straight_or_nowhere(world: World) -> None:
    nothing = unplugged(world, "fw-in", "ids-out")
    assert visited(steered(nothing, chain(["fw"], ["ids"], on_failure="bypass")), "cam", stream("cam", "nvr")) == [
        "nvr"
    ]
    assert visited(steered(nothing, chain(["fw"], ["ids"])), "cam", stream("cam", "nvr")) == []


def test_a_middlebox_that_was_taken_down_is_dead() -> None:
    plane = steered(changed(fabric(), Port, "acme/fw-in", admin_up=False), chain(["fw"], ["ids"], on_failure="bypass"))
    assert visited(plane, "cam", stream("cam", "nvr")) == ["ids-in", "nvr"]


def test_a_port_is_of_one_chain_only() -> None:
    first, second = chain(["fw"], name="a"), chain(["fw"], name="b", services=(Service(TCP),))
    known = compiled(with_more(fabric(), first, second)).store
    assert known.get(Line, "acme/a").steps[0][0] is not None  # type: ignore[union-attr]
    assert known.get(Line, "acme/b").steps == ((None,),)  # type: ignore[union-attr]


def test_ports_given_the_wrong_way_round_are_no_middlebox_of_the_step() -> None:
    twice = chain(["fw"], ["fw"])
    line = compiled(with_more(fabric(), twice)).store.get(Line, twice.key)
    assert line is not None
    assert line.steps[1] == (None,)


def test_a_port_becomes_a_machines_again_when_its_chain_goes() -> None:
    known = compiled(with_more(fabric(), chain(["fw"])))
    assert known.store.get(Endpoint, "acme/fw-in") is None
    assert known.store.get(Member, "acme/fw-in") is None
    assert known.store.get(Middlebox, "acme/fw-in") is not None
    known.turn([], [(ServiceChain, "acme/guarded")])
    assert known.store.get(Endpoint, "acme/fw-in") is not None
    assert known.store.get(Middlebox, "acme/fw-in") is None


def test_a_machine_more_of_a_known_sort_is_one_flow_more_at_a_middlebox_and_none_that_chooses() -> None:
    known = compiled(with_more(fabric(), chain(["fw"])))
    world = fabric()
    new = replace(next(one for one in world.values() if isinstance(one, Port) and one.name == "cam"), key="acme/cam9")
    new = replace(new, name="cam9", uid="uid-9", mac=mac(9), addresses=("10.0.0.9",))
    deltas = known.turn([new, Interface("s1/tap9", "s1", "tap9", 99, "acme/cam9")])
    steering = {
        chassis: [flow.table for flow in (*delta.new, *delta.changed, *delta.gone) if flow.table in TABLES]
        for chassis, delta in deltas.items()
    }
    assert {chassis: tables for chassis, tables in steering.items() if tables} == {"s4": [RETURN.number]}


def test_many_of_each_are_told_as_lists() -> None:
    labels = [f"app-{number}" for number in range(8)]
    ports = [
        Port(
            f"acme/{app}",
            f"uid-{app}",
            "acme",
            app,
            "acme/net",
            mac(0x40 + at),
            (f"10.0.0.{0x40 + at}",),
            labels=(("app", app),),
        )
        for at, app in enumerate(labels)
    ]
    many = tuple(Service(UDP, ((at, at),)) for at in range(7000, 7008))
    machines = Machines(("acme",), labels=(Requirement("app", "In", tuple(labels)),))
    known = compiled(
        with_more(
            fabric(), *ports, chain(["fw"], sources=(machines, CAMERAS), targets=(machines, RECORDERS), services=many)
        )
    )
    assert known.bugs == []
    steer = [flow for flow in known.catalogue.flows("s1") if flow.table == STEER.number]
    assert len(steer) < 100
    plane = DataPlane(with_more(fabric(), *ports, chain(["fw"], sources=(does("cam"), machines), services=many)))
    assert visited(plane, "cam", stream("cam", "nvr", (1, 7003))) == ["fw-in", "nvr"]
    assert visited(plane, "nvr", answer(stream("cam", "nvr", (1, 7003)))) == ["fw-out", "cam"]
    assert visited(plane, "cam", stream("cam", "nvr", (1, 7008))) == ["nvr"]
    assert visited(plane, "other", stream("other", "nvr", (1, 7003))) == ["nvr"]


def test_what_is_under_way_in_a_middlebox_goes_on_when_the_steps_change() -> None:
    known = compiled(with_more(fabric(), chain(["fw"], ["ids"])))
    deltas = known.turn([chain(["ids"], ["dpi"])])
    gone = {(flow.table, flow.priority) for flow in deltas["s4"].gone}
    assert (CLASSIFY.number, CLASSIFY.priorities["middlebox"]) in gone
    assert {flow.table for flow in deltas["s4"].changed}.isdisjoint({CLASSIFY.number, RETURN.number, PATHS.number})
    assert all(step.turn.resting for plan in steps(1, deltas).values() for step in plan)


def test_a_middlebox_on_a_bridge_that_reaches_no_other_is_dead() -> None:
    down = ("s1.12-s4.11", "s2.12-s4.12")
    before = fabric()
    cut = [replace(one, wires=()) for one in before.values() if isinstance(one, Link) and "s4" in one.ends]
    plane = steered(before, *cut, chain(["fw", "fw2"]))
    plane.fails(*down)
    for source in CONNECTIONS:
        assert boxes(visited(plane, "cam", stream("cam", "nvr", (source, 5004)))) == ["fw2"]
