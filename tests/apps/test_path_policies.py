"""Steering: what a path policy speaks of takes its track, goes round what fails, and is refused where it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from apps import registers as r
from apps.fabric_tables import STEER
from controller.addresses import link_local
from controller.courses import PATH_POLICY, SERVICE_CHAIN, Precedence
from controller.derived import Endpoint
from controller.entities import Interface, Port
from controller.flow import fields as f
from controller.links import TRACKS, Demand, Placed, Track, Wanted
from controller.policy.values import TCP, AddressGroup, Block, Listed, Machines, Rule, Service
from tests.compiled import compiled
from tests.fabric_worlds import MIXED
from tests.guarded_worlds import policy as guard
from tests.packets import answer, solicitation
from tests.steered_worlds import (
    CAMERAS,
    MACHINES,
    RECORDERS,
    STREAM,
    chain,
    does,
    fabric,
    policy,
    steered,
    stream,
    visited,
)
from tests.worlds import mac, plugged, with_more

if TYPE_CHECKING:
    from controller.entities import Entity
    from tests.interpreter import DataPlane, Journey

MAIN, ROUND, OUT, BACK = range(TRACKS + 1, TRACKS + 5)
TRACKED = (
    Track("main", MAIN, ("s1", "s3", "s2"), (ROUND, 0)),
    Track("round", ROUND, ("s1", "s4", "s2"), (0, 0)),
    Track("out", OUT, ("s1", "s4"), (0,), BACK),
    Track("back", BACK, ("s4", "s1"), (0,)),
)
"""From s1 to s2, with a way round; from s1 by s4 back to s1."""
TO_S3 = ("s1.11-s3.11", "s1.13-s3.13")
"""Both wires from s1 to s3."""


def placed(target: str, track: int, name: str = "video", source: str = "s1") -> Placed:
    """What became of a demand from a bridge to another."""
    return Placed(f"acme/{name}|{source}|{target}", f"acme/{name}", source, target, track)


def way(journey: Journey) -> list[str]:
    """The bridges that a packet passed."""
    return [journey.crossings[0][0], *(there for _, there, *_ in journey.crossings)] if journey.crossings else []


def labels(journey: Journey) -> set[int]:
    """What the headers named that it had on wires."""
    return {path for *_, by, path in journey.crossings if by == "wire"}


def demanded(*more: Entity) -> set[str]:
    known = compiled(with_more(fabric(), *more))
    return {str(key) for key in known.store.keys(Demand)}


@pytest.fixture
def plane() -> DataPlane:
    """Streams from s1 to s2 are on a track."""
    return steered(fabric(), policy(), placed("s2", MAIN), *TRACKED)


def test_what_a_policy_speaks_of_takes_its_track(plane: DataPlane) -> None:
    for source in range(40000, 40010):
        for six in (False, True):
            journey = plane.sent_by("acme/cam", stream("cam", "nvr", (source, 5004), six=six))
            assert way(journey) == ["s1", "s3", "s2"]
            assert labels(journey) == {MAIN}
            assert plane.reached(journey) == ["acme/nvr"]


@pytest.mark.parametrize(
    ("sender", "target", "ports"),
    [("other", "nvr", (1, 5004)), ("cam", "other", (1, 5004)), ("cam", "nvr", (1, 5005)), ("cam", "far", (1, 5004))],
)
def test_all_else_goes_as_it_would_without_a_policy(
    plane: DataPlane, sender: str, target: str, ports: tuple[int, int]
) -> None:
    journey = plane.sent_by(f"acme/{sender}", stream(sender, target, ports))
    assert plane.reached(journey) == [f"acme/{target}"]
    assert not labels(journey).intersection(range(TRACKS, TRACKS + 9))


@pytest.mark.parametrize("target", ["nvr", "beside"])
def test_questions_for_addresses_of_a_link_are_answered_as_without_a_policy(target: str) -> None:
    plane = steered(fabric(), policy(services=()), placed("s2", MAIN), *TRACKED)
    number = MACHINES[target][0]
    own, asked = link_local(mac(1)), link_local(mac(number))
    (answered,) = plane.answers("acme/cam", solicitation(mac(1), own, asked, mac(1)))
    assert answered[f.ND_TLL] == f.mac_number(mac(number))


def test_answers_are_not_steered(plane: DataPlane) -> None:
    journey = plane.sent_by("acme/nvr", answer(stream("cam", "nvr")))
    assert plane.reached(journey) == ["acme/cam"]
    assert all(path < TRACKS for path in labels(journey))


def test_a_steered_packet_goes_round_dead_wires_once(plane: DataPlane) -> None:
    plane.fails(TO_S3[0])
    assert way(plane.sent_by("acme/cam", stream("cam", "nvr"))) == ["s1", "s3", "s2"]
    plane.fails(*TO_S3)
    journey = plane.sent_by("acme/cam", stream("cam", "nvr"))
    assert way(journey) == ["s1", "s4", "s2"]
    assert plane.reached(journey) == ["acme/nvr"]


def test_a_new_track_takes_the_packets_over_and_nothing_else_changes_at_their_source() -> None:
    known = compiled(with_more(fabric(), policy(), placed("s2", MAIN), *TRACKED))
    deltas = known.turn([placed("s2", ROUND)])
    assert {chassis: (len(d.new), len(d.changed), len(d.gone)) for chassis, d in deltas.items()} == {"s1": (0, 1, 0)}


def test_without_a_path_packets_go_as_all_others_or_nowhere() -> None:
    for found in ([], [placed("s2", 0)]):
        fallback = steered(fabric(), policy(), *found)
        assert visited(fallback, "cam", stream("cam", "nvr")) == ["nvr"]
        drop = steered(fabric(), policy(on_no_path="drop"), *found)
        assert visited(drop, "cam", stream("cam", "nvr")) == []
        assert visited(drop, "cam", stream("cam", "nvr", (1, 5005))) == ["nvr"]
        assert visited(drop, "cam", stream("cam", "beside")) == ["beside"]
    there = steered(fabric(), policy(on_no_path="drop"), placed("s2", MAIN), *TRACKED)
    assert visited(there, "cam", stream("cam", "nvr")) == ["nvr"]
    assert visited(there, "cam", stream("cam", "far")) == []


def test_what_stays_on_a_bridge_makes_a_round_where_that_is_asked_for() -> None:
    asked = policy(wanted=Wanted(via=("s4",)))
    plane = steered(fabric(), asked, placed("s1", OUT), *TRACKED)
    journey = plane.sent_by("acme/cam", stream("cam", "beside"))
    assert way(journey) == ["s1", "s4", "s1"]
    assert plane.reached(journey) == ["acme/beside"]
    assert visited(plane, "cam", stream("cam", "beside", (1, 2))) == ["beside"]
    none = Placed("acme/video|s1|s1", "acme/video", "s1", "s1", 0, "drop")
    assert visited(steered(fabric(), asked, none), "cam", stream("cam", "beside")) == []


def test_whoever_may_not_talk_still_cannot() -> None:
    closed = guard("Policy", "acme/closed", "application", (RECORDERS,), ingress=(Rule("no", "deny", None),))
    plane = steered(fabric(), policy(), placed("s2", MAIN), *TRACKED, closed)
    journey = plane.sent_by("acme/cam", stream("cam", "nvr"))
    assert (way(journey), journey.arrivals) == (["s1", "s3", "s2"], [])
    silent = guard("Policy", "acme/silent", "application", (CAMERAS,), egress=())
    journey = steered(fabric(), policy(), placed("s2", MAIN), *TRACKED, silent).sent_by(
        "acme/cam", stream("cam", "nvr")
    )
    assert (way(journey), journey.arrivals) == ([], [])


def test_the_sender_is_known_at_the_end_of_a_track() -> None:
    only = guard("Policy", "acme/only", "application", (RECORDERS,), ingress=(Rule("cam", "allow", (CAMERAS,)),))
    plane = steered(fabric(), policy(), placed("s2", MAIN), *TRACKED, only)
    assert visited(plane, "cam", stream("cam", "nvr")) == ["nvr"]
    assert visited(plane, "other", stream("other", "nvr")) == []


def test_a_chain_speaks_before_a_path_policy_whatever_their_priorities() -> None:
    plane = steered(fabric(), policy(priority=1), placed("s2", MAIN), *TRACKED, chain(["fw"], priority=900))
    assert visited(plane, "cam", stream("cam", "nvr")) == ["fw-in", "nvr"]


def test_the_first_policy_by_priority_and_key_speaks_first() -> None:
    late, early = policy("a"), policy("b", priority=10)
    found = placed("s2", ROUND, "a"), placed("s2", MAIN, "b")
    assert labels(steered(fabric(), late, early, *found, *TRACKED).sent_by("acme/cam", stream("cam", "nvr"))) == {MAIN}
    same = policy("b")
    assert labels(steered(fabric(), late, same, *found, *TRACKED).sent_by("acme/cam", stream("cam", "nvr"))) == {ROUND}


def test_peers_by_address_are_the_projects_ports_that_have_it() -> None:
    block = Block("10.0.0.0/24", ("10.0.0.2/32",))
    assert demanded(policy(targets=(block,))) == {"acme/video|s1|hv2"}
    plane = steered(fabric(), policy(targets=(block,), on_no_path="drop"))
    assert visited(plane, "cam", stream("cam", "far")) == []
    assert visited(plane, "cam", stream("cam", "nvr")) == ["nvr"]
    assert visited(plane, "cam", stream("cam", "nvr", six=True)) == ["nvr"]
    listed = policy(sources=(Listed("acme/known"),), on_no_path="drop")
    plane = steered(fabric(), listed, AddressGroup("acme/known", "u", ("10.0.0.4/32",)))
    assert visited(plane, "other", stream("other", "nvr")) == []
    assert visited(plane, "cam", stream("cam", "nvr")) == ["nvr"]
    assert visited(steered(fabric(), listed), "other", stream("other", "nvr")) == ["nvr"]


def test_peers_may_be_machines_and_addresses_at_once() -> None:
    mixed = policy(targets=(does("other"), Block("fd00::2/128")), on_no_path="drop", services=())
    plane = steered(fabric(), mixed)
    assert visited(plane, "cam", stream("cam", "nvr")) == ["nvr"]
    assert visited(plane, "cam", stream("cam", "nvr", six=True)) == []
    assert demanded(mixed) == {"acme/video|s1|s2"}


def test_a_port_that_is_named_is_steered_alone() -> None:
    plane = steered(fabric(), policy(targets=(Machines(("acme",), ports=("acme/nvr",)),), on_no_path="drop"))
    assert visited(plane, "cam", stream("cam", "nvr")) == []
    assert visited(plane, "cam", stream("cam", "far")) == ["far"]


def test_source_ports_and_protocols_are_told_apart() -> None:
    plane = steered(fabric(), policy(services=(Service(17, (), ((50000, 50999),)), Service(TCP)), on_no_path="drop"))
    assert visited(plane, "cam", stream("cam", "nvr", (50500, 1))) == []
    assert visited(plane, "cam", stream("cam", "nvr", (51000, 1))) == ["nvr"]


def test_a_policy_demands_ways_between_the_bridges_where_its_machines_are() -> None:
    assert demanded(policy()) == {"acme/video|s1|s2", "acme/video|s1|hv2"}
    assert demanded(policy(wanted=Wanted(via=("s4",)))) == demanded(policy()) | {"acme/video|s1|s1"}
    assert demanded(policy(wanted=Wanted(via=("s1",)))) == demanded(policy())
    assert demanded(chain(["fw"])) == set()


def test_one_more_machine_where_there_are_some_changes_no_demand() -> None:
    known = compiled(with_more(fabric(), policy()))
    new = Port("acme/nvr9", "u9", "acme", "nvr9", "acme/net", mac(9), ("10.0.0.9",), labels=(("app", "nvr"),))
    done = known.run([new, plugged("acme/nvr9", "s2", 99)], [])
    assert known.store.get(Endpoint, "acme/nvr9") is not None
    assert not [read for delta in [done] for read in delta.changed if read[0] == "get" and read[1] is Demand]


def test_bridges_without_such_machines_hold_no_flow_of_a_policy() -> None:
    known = compiled(with_more(fabric(), policy(), chain(["fw"])))
    plain = compiled(fabric())
    for chassis in ("s2", "s3", "hv1"):
        own = {flow.slot for flow in known.catalogue.flows(chassis) if flow.table == STEER.number}
        assert (own == {flow.slot for flow in plain.catalogue.flows(chassis) if flow.table == STEER.number}) == (
            chassis != "s2"
        )


def test_tenants_with_the_same_addresses_are_not_steered() -> None:
    world = with_more(
        MIXED.world(), policy(targets=(Block("10.0.0.0/24"),), sources=None, services=(), on_no_path="drop")
    )
    plane = steered(world)
    assert plane.fate("acme/web-1", stream("cam", "nvr")) == []
    assert plane.fate("beta/web-1", stream("cam", "nvr")) == ["beta/web-2"]


def test_courses_of_a_project_have_an_order_and_numbers_of_their_own() -> None:
    known = compiled(with_more(fabric(), policy("b"), policy("a"), chain(["fw"]), policy("c", priority=1)))
    found = [known.store.get(Precedence, key) for key in known.store.keys(Precedence)]
    order = [one.key for one in sorted((one for one in found if one), key=lambda one: one.place)]
    names = [f"{SERVICE_CHAIN}:acme/guarded", *(f"{PATH_POLICY}:acme/{name}" for name in "cab")]
    assert order == names
    assert len({one.number for one in found if one}) == len(names)
    assert all(0 < one.number << r.COURSE_AT < r.PICKED for one in found if one)


def test_a_steered_packet_keeps_its_services_and_addresses(plane: DataPlane) -> None:
    (arrival,) = plane.sent_by("acme/cam", stream("cam", "nvr")).arrivals
    assert stream("cam", "nvr").items() <= arrival.packet.items()
    assert STREAM[0].ports == ((arrival.packet[f.UDP_DST],) * 2,)


def test_a_machine_that_moves_takes_the_policy_along() -> None:
    moved = Interface("s3/tap-cam", "s3", "tap-cam", 77, "acme/cam", seen=9)
    assert demanded(policy(), moved) == {"acme/video|s3|s1", "acme/video|s3|s2", "acme/video|s3|hv2"}
