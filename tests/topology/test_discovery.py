"""Bridges that find each other's wires, lose them and find them again, with a clock and cables of the test's own."""

from __future__ import annotations

import pytest

from controller.links import Wire
from tests.topology.floor import A1, A2, B1, B2, C1, FLIGHT, INTERVAL, MISSES, Floor
from topology.agenda import AT_ONCE, MOST_A_SECOND, QUICK, SELDOM, THEN_A_SECOND
from topology.discovery import PROBATION
from topology.sides import Lost, Place, Seen

WIRE = Wire("s1.1-s2.1", ("s1", "s2"), (1, 1), ("s1-eth1", "s2-eth1"))


@pytest.fixture
def pair() -> Floor:
    """Two bridges and a wire between them, found."""
    floor = Floor(A1, A2, B1, B2)
    floor.cable(A1, B1)
    floor.run(0.1)
    assert floor.up() == {WIRE.key}
    floor.told.clear()
    return floor


def test_a_wire_is_found_in_a_few_milliseconds_from_both_ends() -> None:
    floor = Floor(A1, A2, B1, B2)
    floor.cable(A1, B1)
    floor.run(4 * FLIGHT)
    assert floor.told == [Seen(WIRE, "found")]
    assert (floor.discovery.ground.role(A1), floor.discovery.ground.role(A2)) == ("link", None)


def test_a_wire_has_its_ends_in_the_order_of_their_names() -> None:
    floor = Floor(("s10", 4), ("s9", 7))
    floor.cable(("s10", 4), ("s9", 7))
    floor.run(0.1)
    assert floor.up() == {"s9.7-s10.4"}


def test_a_bridge_that_comes_later_is_found_by_its_own_probe() -> None:
    floor = Floor(A1)
    floor.cable(A1, B1)
    floor.run(60)
    floor.port(B1)
    floor.join("s2")
    floor.run(4 * FLIGHT)
    assert floor.up() == {WIRE.key}


def test_a_probe_that_comes_too_early_for_the_other_end_is_sent_again_soon() -> None:
    floor = Floor(A1, B1)
    floor.run(0.12)
    floor.cable(A1, B1)
    floor.run(QUICK[1] + QUICK[2])
    assert floor.up() == {WIRE.key}


def test_a_probe_whose_switch_was_not_there_is_tried_again_and_costs_nothing() -> None:
    floor = Floor(A1)
    floor.run(0.001)
    for _ in range(20):
        floor.discovery.unsent(A1, floor.now)
        floor.run(0.022)
    assert len(floor.sent) == 21


def test_ports_that_nobody_answers_are_probed_seldom() -> None:
    floor = Floor(A1)
    floor.run(30 * SELDOM)
    last = [at for at, _, _ in floor.sent][-2:]
    assert last[1] - last[0] == pytest.approx(SELDOM * INTERVAL, abs=0.01)


def test_a_wire_is_probed_at_the_interval_from_both_ends(pair: Floor) -> None:
    pair.sent.clear()
    pair.run(10)
    for place in (A1, B1):
        assert len([sender for _, sender, _ in pair.sent if sender == place]) in {9, 10, 11}
    assert pair.told == []


def test_many_ports_are_probed_less_often_each() -> None:
    ports = [("s1", number) for number in range(1, 2 * MOST_A_SECOND)]
    others = [("s2", number) for _, number in ports]
    floor = Floor(*ports, *others)
    for one, other in zip(ports, others, strict=True):
        floor.cable(one, other)
    floor.run(30)
    assert len(floor.up()) == len(ports)
    floor.sent.clear()
    floor.run(4)
    assert 3.5 * MOST_A_SECOND <= len(floor.sent) <= 4.5 * MOST_A_SECOND


def test_a_bridge_of_very_many_ports_costs_no_other_bridge_its_probes(pair: Floor) -> None:
    for number in range(1, 3_000):
        pair.port(("s3", number))
    pair.join("s3")
    pair.sent.clear()
    pair.run(5)
    sent = [place for _, place, _ in pair.sent if place[0] == "s3"]
    assert AT_ONCE <= len(sent) <= AT_ONCE + 6 * THEN_A_SECOND
    assert len([place for _, place, _ in pair.sent if place in {A1, B1}]) in {9, 10, 11}
    pair.run(60)
    assert len({place for _, place, _ in pair.sent}) == 3_000 + 3


@pytest.mark.parametrize("port", [A1, B1])
def test_a_wire_is_down_the_moment_one_of_its_ports_is_and_found_when_that_is_back(pair: Floor, port: Place) -> None:
    pair.port(port, up=False)
    assert [(told.wire.up, told.cause) for told in pair.told if isinstance(told, Seen)] == [(False, "port down")]
    assert (pair.up(), len(pair.discovery.ground.wires.all())) == (set(), 1)
    pair.run(5)
    assert pair.up() == set()
    pair.port(port)
    pair.run(0.05)
    assert pair.up() == {WIRE.key}


def test_a_wire_through_which_nothing_passes_is_down_after_some_probes_and_up_when_they_pass_again(
    pair: Floor,
) -> None:
    cables, pair.cables = pair.cables, {}
    pair.run((MISSES - 1) * INTERVAL)
    assert pair.up() == {WIRE.key}
    pair.run(2.5 * INTERVAL)
    assert (pair.up(), pair.causes()) == (set(), ["silent"])
    pair.run(20)
    pair.cables = cables
    pair.run(1.1 * INTERVAL)
    assert pair.up() == {WIRE.key}


def test_a_wire_that_passes_one_way_only_is_down(pair: Floor) -> None:
    del pair.cables[A1]
    pair.run((MISSES + 1) * INTERVAL)
    assert pair.up() == set()
    pair.run(30)
    assert pair.up() == set()


def test_a_wire_is_never_found_where_probes_pass_one_way_only() -> None:
    floor = Floor(A1, B1)
    floor.cables[A1] = (B1,)
    floor.run(30)
    assert floor.told == []


def test_nothing_is_said_of_wires_to_a_bridge_that_is_out_of_reach(pair: Floor) -> None:
    pair.discovery.left("s2")
    cables, pair.cables = pair.cables, {}
    pair.run(60)
    assert (pair.up(), pair.told) == ({WIRE.key}, [])
    pair.cables = cables
    pair.join("s2")
    pair.run(10)
    assert (pair.up(), pair.told) == ({WIRE.key}, [])


def test_a_daemon_that_was_busy_for_long_takes_no_wire_down(pair: Floor) -> None:
    pair.now += 60
    pair.do(pair.discovery.tick(pair.now))
    pair.run(1)
    assert (pair.up(), pair.told) == ({WIRE.key}, [])


def test_probes_that_a_busy_bridge_hands_on_late_are_nobodys_attempts() -> None:
    floor = Floor(A1, B1)
    for _ in range(4):
        floor.port(A1, up=False)
        floor.run(0.1)
        floor.port(A1)
        floor.run(0.9)
    sent = [data for _, place, data in floor.sent if place == A1]
    for data in sent:
        floor.hear(B1, data)
    assert len(sent) >= 4 * len(QUICK)
    assert floor.attacks() == []


def test_a_port_that_is_gone_leaves_no_wire(pair: Floor) -> None:
    pair.do(pair.discovery.gone(B1))
    assert pair.causes() == ["port gone"]
    assert pair.discovery.ground.wires.all() == ()
    pair.run(5)
    assert pair.causes() == ["port gone"]


def test_a_port_number_that_another_interface_has_now_is_another_port(pair: Floor) -> None:
    pair.port(B1, name="tap7")
    assert pair.causes() == ["port gone"]
    pair.run((PROBATION + 0.1) * INTERVAL)
    assert [wire.names for wire in pair.discovery.ground.wires.all()] == [("s1-eth1", "tap7")]


def test_a_cable_that_is_plugged_in_elsewhere_is_another_wire(pair: Floor) -> None:
    pair.cables.clear()
    pair.cable(A1, B2)
    pair.run(2 * INTERVAL)
    assert [type(told) for told in pair.told] == [Lost, Seen]
    assert (pair.causes(), pair.up()) == (["elsewhere", "found"], {"s1.1-s2.2"})


def test_two_wires_between_two_bridges_are_two() -> None:
    floor = Floor(A1, A2, B1, B2)
    floor.cable(A1, B2)
    floor.cable(A2, B1)
    floor.run(0.1)
    assert floor.up() == {"s1.1-s2.2", "s1.2-s2.1"}


def test_a_cable_between_two_ports_of_one_bridge_is_no_wire() -> None:
    floor = Floor(A1, A2)
    floor.cable(A1, A2)
    floor.run(5)
    assert floor.told == []


def test_wires_that_were_known_before_stay_up_without_a_word() -> None:
    floor = Floor(A1, B1, wires=(WIRE,))
    assert (floor.up(), floor.discovery.ground.role(A1)) == ({WIRE.key}, "link")
    floor.cable(A1, B1)
    floor.run(10)
    assert (floor.up(), floor.told) == ({WIRE.key}, [])


def test_a_wire_that_was_known_before_and_is_cut_now_is_down_after_some_probes() -> None:
    floor = Floor(A1, B1, wires=(WIRE,))
    floor.run(10)
    assert floor.causes() == ["silent"]


def test_a_wire_that_was_known_before_is_down_at_once_where_its_port_is() -> None:
    floor = Floor(wires=(WIRE,))
    floor.port(A1, up=False)
    assert floor.causes() == ["port down"]


@pytest.mark.parametrize(("name", "cause"), [("s1-eth1", []), ("tap7", ["port gone"])])
def test_a_wire_that_was_known_before_is_gone_where_another_interface_is(name: str, cause: list[str]) -> None:
    floor = Floor(B1, wires=(WIRE,))
    floor.port(A1, name=name)
    floor.join("s1")
    assert floor.causes() == cause


def test_a_wire_that_was_known_before_is_gone_where_its_port_is() -> None:
    floor = Floor(A1, B2, wires=(WIRE,))
    assert floor.causes() == ["port gone"]


def test_how_long_probes_take_is_told_once_both_ways_are_known(pair: Floor) -> None:
    assert {(timed.source, timed.target) for timed in pair.times} >= {(A1, B1)}
    pair.run(2)
    assert {(timed.source, timed.target) for timed in pair.times} == {(A1, B1), (B1, A1)}
    assert all(timed.seconds == pytest.approx(FLIGHT, abs=0.0015) for timed in pair.times)


def test_ports_that_are_for_something_else_are_left_alone() -> None:
    floor = Floor(C1)
    floor.port(A1, "other")
    floor.port(A2, "bound")
    floor.join("s1")
    floor.run(30)
    assert {place for _, place, _ in floor.sent} == {C1}


def test_a_bridge_of_many_ports_is_forgotten_whole() -> None:
    floor = Floor(A1, A2, B1)
    floor.run(5)
    for place in (A1, A2, B1):
        floor.do(floor.discovery.gone(place))
    floor.run(60)
    ground = floor.discovery.ground
    assert (ground.agenda.next(), ground.role(A1)) == (None, None)
    kept = ground._of, ground.agenda._turns, ground.flight._of, ground.flight._launched, ground.strangers._own  # noqa: SLF001
    assert not any(kept)
