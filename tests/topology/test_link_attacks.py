"""What machines forge, replay, pass on or flood makes no wire, breaks none, is told, and takes no memory."""

from __future__ import annotations

import pytest

from tests.topology.floor import A1, A2, B1, B2, C1, INTERVAL, VM, Floor, address, frame
from topology import flight, lldp, strangers
from topology.discovery import PROBATION
from topology.lldp import Probe
from topology.sides import Attack, Place

OTHER_VM = "0a:00:00:00:00:02"
PROBE = Probe("s1", 1, bytes(16))
BPDU = frame(VM, "0026", "0180c2000000")


@pytest.fixture
def pair() -> Floor:
    """Two bridges with a wire, and each with a second port where a machine may be."""
    floor = Floor(A1, A2, B1, B2)
    floor.cable(A1, B1)
    floor.run(0.1)
    floor.told.clear()
    return floor


def relayed(floor: Floor, one: Place, other: Place, seconds: float = 3) -> None:
    """Two machines pass on to each other whatever comes, as a cable would."""
    floor.cable(one, other)
    floor.run(seconds)


def test_a_forged_probe_makes_no_wire_is_told_and_gives_its_sender_away(pair: Floor) -> None:
    pair.hear(A2, lldp.encode(Probe("s2", 2, b"n" * 16), VM, b"a guess"))
    assert pair.told == [Attack("forged", A2, B2, "a probe that this daemon has not signed")]
    assert pair.discovery.ground.role(A2) == "host"
    pair.told.clear()
    relayed(pair, A2, B2)
    assert pair.up() == {"s1.1-s2.1"}


def test_a_probe_that_is_replayed_proves_nothing(pair: Floor) -> None:
    probe = pair.probe(A1)
    pair.hear(B1, probe)
    assert pair.attacks() == ["replayed"]
    pair.run(60)
    pair.hear(B2, probe)
    assert pair.attacks() == ["replayed", "replayed"]
    assert (pair.up(), pair.discovery.ground.role(B2)) == ({"s1.1-s2.1"}, None)


def test_a_probe_that_was_kept_back_for_long_proves_nothing() -> None:
    floor = Floor(A1, B1)
    floor.run(0.001)
    probe = floor.probe(A1)
    floor.run(flight.LIFETIME + 0.5)
    floor.hear(B1, probe)
    assert floor.attacks() == ["replayed"]


def test_a_probe_that_arrives_at_several_ports_makes_none_of_them_a_link() -> None:
    floor = Floor(A1, B1, C1)
    floor.cables = {A1: (B1, C1), B1: (A1, C1), C1: (A1, B1)}
    floor.run(10)
    assert floor.up() == set()
    assert "flooded" in floor.attacks()
    assert [floor.discovery.ground.role(place) for place in (A1, B1, C1)] == ["shared"] * 3


def test_a_third_port_on_a_wire_makes_it_none_until_its_ports_went_down(pair: Floor) -> None:
    pair.port(C1)
    pair.join("s3")
    pair.cables = {A1: (B1, C1), B1: (A1, C1), C1: (A1, B1)}
    pair.run(10)
    assert pair.discovery.ground.wires.all() == ()
    pair.cables.clear()
    pair.cable(A1, B1)
    pair.run(10)
    assert pair.discovery.ground.wires.all() == ()
    for place in (A1, B1):
        pair.port(place, up=False)
        pair.port(place)
    pair.run((PROBATION + 0.1) * INTERVAL)
    assert pair.up() == {"s1.1-s2.1"}


def test_a_port_that_reaches_one_port_after_another_is_shared(pair: Floor) -> None:
    for turn in range(6):
        pair.cables.clear()
        pair.cable(A1, (B2, B1)[turn % 2])
        pair.run(1.5)
    assert (pair.discovery.ground.role(A1), pair.up()) == ("shared", set())
    assert pair.attacks() == ["flooded"]


@pytest.mark.parametrize("first", [A2, B2])
def test_machines_at_bound_ports_that_pass_probes_on_make_no_wire(pair: Floor, first: Place) -> None:
    second = B2 if first == A2 else A2
    pair.port(first, "bound")
    relayed(pair, second, first)
    assert pair.up() == {"s1.1-s2.1"}
    assert set(pair.attacks()) == {"relayed"}
    told = next(outcome for outcome in pair.told if isinstance(outcome, Attack))
    assert (told.place, told.claims) == (first, second)


def test_a_port_that_is_bound_once_its_wire_stands_is_no_end_of_it(pair: Floor) -> None:
    pair.port(A1, "bound")
    assert pair.causes() == ["machine"]
    pair.run(5)
    assert pair.discovery.ground.wires.all() == ()


def test_a_port_that_was_bound_is_no_link_until_it_went_down(pair: Floor) -> None:
    pair.port(A2, "bound")
    pair.port(A2)
    relayed(pair, A2, B2)
    assert pair.up() == {"s1.1-s2.1"}
    pair.port(A2, up=False)
    pair.port(A2)
    pair.run((PROBATION + 0.1) * INTERVAL)
    assert pair.up() == {"s1.1-s2.1", "s1.2-s2.2"}


@pytest.mark.parametrize("kind", ["0800", "0806", "86dd", "88cc"])
def test_a_machine_that_was_heard_before_makes_no_wire_by_passing_probes_on(pair: Floor, kind: str) -> None:
    pair.hear(A2, frame(VM, kind))
    assert pair.discovery.ground.role(A2) == "host"
    relayed(pair, A2, B2, 15)
    assert pair.up() == {"s1.1-s2.1"}
    assert set(pair.attacks()) == {"relayed"}


def test_a_machine_that_passed_for_a_cable_is_found_out_by_its_first_frame(pair: Floor) -> None:
    relayed(pair, A2, B2)
    assert "s1.2-s2.2" in pair.up()
    pair.hear(A2, frame(VM))
    assert (pair.up(), pair.causes()[-1]) == ({"s1.1-s2.1"}, "machine")
    pair.run(15)
    assert pair.up() == {"s1.1-s2.1"}


@pytest.mark.parametrize("data", [frame(address(B1)), BPDU, frame(VM, "894f"), frame(address(("s3", 1)))])
def test_what_bridges_and_their_ports_say_makes_no_machine(pair: Floor, data: bytes) -> None:
    pair.port(C1)
    pair.hear(A1, data)
    pair.run(5)
    assert (pair.up(), pair.told) == ({"s1.1-s2.1"}, [])


def test_a_bridge_that_was_heard_before_it_joined_is_no_machine() -> None:
    floor = Floor(A1)
    floor.cable(A1, B1)
    floor.hear(A1, frame(address(B1)))
    assert floor.discovery.ground.role(A1) == "host"
    floor.port(B1)
    floor.join("s2")
    floor.run(0.1)
    assert floor.up() == {"s1.1-s2.1"}


def test_machines_that_a_bridge_let_through_before_it_joined_are_at_their_own_ports_later() -> None:
    floor = Floor(A1)
    floor.hear(A1, frame(VM))
    floor.hear(A1, frame(OTHER_VM))
    for place in (B1, B2):
        floor.port(place)
    floor.join("s2")
    floor.cable(A1, B1)
    floor.hear(B2, frame(VM))
    assert floor.discovery.ground.role(A1) == "host"
    floor.discovery.lives(OTHER_VM, B2, floor.now)
    floor.run(0.1)
    assert (floor.up(), floor.discovery.ground.role(B2)) == ({"s1.1-s2.1"}, "host")


def test_what_machines_send_over_a_bridge_that_is_out_of_reach_breaks_no_wire(pair: Floor) -> None:
    pair.discovery.left("s2")
    pair.hear(A1, frame(VM))
    assert (pair.up(), pair.told) == ({"s1.1-s2.1"}, [])


def test_a_probe_that_comes_back_to_its_port_is_told(pair: Floor) -> None:
    pair.cables[A2] = (A2,)
    pair.run(10)
    assert set(pair.attacks()) == {"reflected"}
    assert pair.up() == {"s1.1-s2.1"}


def test_a_storm_takes_no_more_memory_than_a_few_frames(pair: Floor) -> None:
    for number in range(20_000):
        mac = (0x0A << 40 | number).to_bytes(6, "big").hex(":")
        pair.hear(A2, frame(mac))
        pair.hear(A2, lldp.encode(Probe("s2", number, number.to_bytes(16, "big")), mac, b"a guess"))
    pair.told.clear()
    pair.run(120)
    ground = pair.discovery.ground
    assert len(ground.strangers._homes) <= strangers.MOST_OF_A_PORT  # noqa: SLF001
    assert len(ground.flight._launched) <= flight.MOST_OF_A_PORT * len(ground.sides)  # noqa: SLF001
    assert len(ground.agenda._entries) < 100  # noqa: SLF001


@pytest.mark.parametrize("late", [A2, B2])
def test_a_machine_that_is_plugged_in_passes_probes_on_and_then_speaks_never_makes_a_wire(
    pair: Floor, late: Place
) -> None:
    pair.run(10)
    pair.port(late, up=False)
    pair.port(late)
    relayed(pair, A2, B2, 1.9)
    assert pair.up() == {"s1.1-s2.1"}
    pair.hear(late, frame(VM))
    pair.run(15)
    assert pair.up() == {"s1.1-s2.1"}


def test_a_cable_that_is_plugged_in_later_is_a_wire_when_no_machine_was_heard_for_a_while(pair: Floor) -> None:
    pair.run(10)
    pair.cable(A2, B2)
    for place in (A2, B2):
        pair.port(place, up=False)
        pair.port(place)
    pair.run(PROBATION * INTERVAL - 0.1)
    assert pair.up() == {"s1.1-s2.1"}
    pair.run(0.2)
    assert pair.up() == {"s1.1-s2.1", "s1.2-s2.2"}


def test_a_port_that_was_a_machines_is_on_probation_when_it_is_back(pair: Floor) -> None:
    pair.cable(A1, B1)
    pair.hear(A1, frame(VM))
    assert pair.discovery.ground.wires.all() == ()
    pair.port(A1, up=False)
    pair.port(A1)
    pair.run(PROBATION * INTERVAL - 0.1)
    assert pair.discovery.ground.wires.all() == ()


def test_a_hub_that_speaks_itself_is_told_of_all_the_same(pair: Floor) -> None:
    pair.port(C1)
    pair.join("s3")
    for number, place in enumerate((A2, B2, C1)):
        pair.hear(place, frame(f"0a:00:00:00:00:0{number}"))
    pair.cables |= {A2: (B2, C1), B2: (A2, C1), C1: (A2, B2)}
    pair.run(20)
    assert "flooded" in pair.attacks()
    assert (pair.up(), pair.discovery.ground.role(C1)) == ({"s1.1-s2.1"}, "host")
