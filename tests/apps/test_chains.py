"""Service chains: packets pass middleboxes in order, there and back, wherever those are, and only these packets."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from apps.fabric_tables import PATHS, RETURN, STEER
from apps.pipeline import CLASSIFY
from controller.courses import DeadPort, Line, Middlebox
from controller.derived import Endpoint
from controller.entities import Interface, Port
from controller.flow import fields as f
from controller.links import ServiceChain
from controller.policy.values import ICMP, TCP, UDP, Machines, Requirement, Rule, Service
from controller.sync import steps
from tests.compiled import compiled
from tests.guarded_worlds import policy as guard
from tests.interpreter import DataPlane
from tests.packets import BROADCAST, answer, arp_request, frame, ping, udp
from tests.steered_worlds import (
    CAMERAS,
    EVERYBODY,
    RECORDERS,
    STREAM,
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
NOBODYS = 4
"""The number of a machine that no chain speaks of."""


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


@pytest.fixture(scope="module")
def plane() -> DataPlane:
    """One where cameras' streams pass the firewall."""
    return steered(fabric(), chain(["fw"]))


def boxes(found: list[str]) -> list[str]:
    """The middleboxes that a packet passed, by the ports that it came out of."""
    return [name.rpartition("-")[0] for name in found[:-1]]


def test_packets_pass_the_middleboxes_in_order_and_answers_the_other_way_round(world: World) -> None:
    plane = steered(world, chain(["fw"], ["ids"], ["dpi"]))
    for target in ("nvr", "far", "beside"):
        for six in (False, True):
            packet = stream("cam", target, six=six)
            assert visited(plane, "cam", packet) == ["fw-in", "ids-in", "dpi-in", target]
            assert visited(plane, target, answer(packet)) == ["dpi-out", "ids-out", "fw-out", "cam"]


def test_a_middlebox_gets_frames_as_they_were_sent(world: World) -> None:
    (arrival,) = steered(world, chain(["dpi"])).sent_by("acme/cam", stream("cam", "nvr")).arrivals
    assert stream("cam", "nvr").items() <= arrival.packet.items()


def test_answers_of_a_chain_that_is_not_symmetric_go_straight(world: World) -> None:
    plane = steered(world, chain(["fw"], symmetric=False))
    assert visited(plane, "cam", stream("cam", "nvr")) == ["fw-in", "nvr"]
    assert visited(plane, "nvr", answer(stream("cam", "nvr"))) == ["cam"]


def test_only_packets_that_a_chain_speaks_of_pass_it(plane: DataPlane) -> None:
    assert visited(plane, "cam", stream("cam", "nvr", (40000, 5005))) == ["nvr"]
    assert visited(plane, "other", stream("other", "nvr")) == ["nvr"]
    assert visited(plane, "cam", stream("cam", "other")) == ["other"]
    assert visited(plane, "nvr", stream("nvr", "cam")) == ["cam"]
    assert visited(plane, "nvr", stream("nvr", "far")) == ["far"]


def test_questions_for_addresses_pass_no_chain() -> None:
    plane = steered(fabric(), chain(["fw"], services=()))
    (answered,) = plane.answers("acme/cam", arp_request(mac(1), "10.0.0.1", "10.0.0.2"))
    assert answered[f.ARP_SHA] == f.mac_number(mac(2))
    assert visited(plane, "cam", frame(mac(1), mac(2), f.ETH_ARP)) == []
    assert visited(plane, "cam", stream("cam", "nvr", (1, 2))) == ["fw-in", "nvr"]


def test_pieces_of_datagrams_go_where_their_first_piece_goes(plane: DataPlane) -> None:
    later = {f.IP_FRAG: 3, f.UDP_SRC: 0, f.UDP_DST: 0}
    assert visited(plane, "cam", stream("cam", "nvr") | {f.IP_FRAG: 1}) == ["fw-in", "nvr"]
    assert visited(plane, "cam", stream("cam", "nvr") | later) == ["fw-in", "nvr"]
    assert visited(plane, "nvr", answer(stream("cam", "nvr")) | later) == ["fw-out", "cam"]


def test_pings_are_told_from_their_answers() -> None:
    plane = steered(fabric(), chain(["fw"], services=(Service(ICMP, ((0x0800, 0x08FF),)),)))
    asked = ping(mac(1), mac(2), "10.0.0.1", "10.0.0.2")
    assert visited(plane, "cam", asked) == ["fw-in", "nvr"]
    assert visited(plane, "nvr", answer(asked)) == ["fw-out", "cam"]
    assert visited(plane, "nvr", ping(mac(2), mac(1), "10.0.0.2", "10.0.0.1")) == ["cam"]


def test_between_machines_of_one_sort_all_goes_in_the_direction_of_the_chain() -> None:
    plane = steered(fabric(), chain(["fw"], sources=(EVERYBODY,), targets=(EVERYBODY,), services=()))
    assert visited(plane, "cam", stream("cam", "nvr")) == ["fw-in", "nvr"]
    assert visited(plane, "nvr", answer(stream("cam", "nvr"))) == ["fw-in", "cam"]


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


def test_nobody_reaches_a_middlebox_by_its_address(plane: DataPlane) -> None:
    box = next(one for one in fabric().values() if isinstance(one, Port) and one.key == "acme/fw-in")
    assert visited(plane, "ids-in", udp(mac(1), box.mac, "10.0.0.1", box.addresses[0])) == []
    everybody = udp(mac(3), BROADCAST, "10.0.0.3", "255.255.255.255")
    reached = plane.fate("acme/ids-in", everybody)
    assert {"acme/fw-in", "acme/fw-out"}.isdisjoint(reached)


def test_what_a_middlebox_invents_reaches_nobody_whom_its_chain_does_not_speak_of(plane: DataPlane) -> None:
    for target in (BROADCAST, "33:33:00:00:00:01", mac(0x77), mac(NOBODYS)):
        journey = plane.sent_by("acme/fw-out", udp(mac(1), target, "10.0.0.1", "10.0.0.4"))
        assert (journey.arrivals, journey.crossings, journey.punts) == ([], [], [])


def test_a_connection_that_a_middlebox_ends_reaches_its_sender(plane: DataPlane) -> None:
    assert visited(plane, "fw-in", answer(stream("cam", "nvr"))) == ["cam"]


def test_whoever_may_not_talk_still_cannot() -> None:
    closed = guard("Policy", "acme/closed", "application", (RECORDERS,), ingress=(Rule("no", "deny", None),))
    assert visited(steered(fabric(), chain(["fw"]), closed), "cam", stream("cam", "nvr")) == ["fw-in"]
    silent = guard("Policy", "acme/silent", "application", (CAMERAS,), egress=())
    assert visited(steered(fabric(), chain(["fw"]), silent), "cam", stream("cam", "nvr")) == []


def test_who_sent_it_is_known_behind_a_middlebox(world: World) -> None:
    only = guard(
        "Policy", "acme/only", "application", (RECORDERS,), ingress=(Rule("cam", "allow", (CAMERAS,), STREAM),)
    )
    plane = steered(world, chain(["fw"], ["dpi"], sources=(EVERYBODY,)), only)
    for target in ("nvr", "far", "beside"):
        assert visited(plane, "cam", stream("cam", target)) == ["fw-in", "dpi-in", target]
        assert visited(plane, "other", stream("other", target)) == ["fw-in", "dpi-in"]
        assert visited(plane, target, answer(stream("cam", target))) == ["dpi-out", "fw-out", "cam"]


def test_the_first_chain_by_priority_and_key_speaks_first() -> None:
    late, early = chain(["ids"], name="a"), chain(["fw"], name="b", priority=10)
    assert visited(steered(fabric(), late, early), "cam", stream("cam", "nvr")) == ["fw-in", "nvr"]
    same = replace(early, priority=late.priority)
    assert visited(steered(fabric(), late, same), "cam", stream("cam", "nvr")) == ["ids-in", "nvr"]


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
    assert known.store.get(Middlebox, "acme/fw-in") is not None
    known.turn([], [(ServiceChain, "acme/guarded")])
    assert known.store.get(Endpoint, "acme/fw-in") is not None
    assert known.store.get(Middlebox, "acme/fw-in") is None


def test_a_forged_hand_over_from_a_machine_is_not_one(plane: DataPlane) -> None:
    """A machine's own frame with a header, and its own key, are of its network."""
    forged = frame(mac(1), mac(2), f.ETH_NSH) | {f.NSH_SPI: 8, f.NSH_C4: 1}
    assert plane.sent_by("acme/cam", forged).arrivals == []


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
