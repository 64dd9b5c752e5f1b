"""Service chains: packets pass middleboxes in order, there and back, wherever those are, and only these packets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from controller.entities import Port
from controller.flow import fields as f
from controller.policy.values import ICMP, Rule, Service
from tests.guarded_worlds import policy as guard
from tests.interpreter import DataPlane
from tests.packets import BROADCAST, answer, arp_request, frame, ping, udp
from tests.steered_worlds import (
    CAMERAS,
    EVERYBODY,
    RECORDERS,
    STREAM,
    chain,
    fabric,
    overlay,
    steered,
    stream,
    visited,
)
from tests.worlds import mac

if TYPE_CHECKING:
    from tests.worlds import World

WORLDS = {"fabric": fabric(), "overlay": overlay()}
NOBODYS = 4
"""The number of a machine that no chain speaks of."""


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


@pytest.fixture(scope="module")
def plane() -> DataPlane:
    """One where cameras' streams pass the firewall."""
    return steered(fabric(), chain(["fw"]))


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


def test_a_forged_hand_over_from_a_machine_is_not_one(plane: DataPlane) -> None:
    """A machine's own frame with a header, and its own key, are of its network."""
    forged = frame(mac(1), mac(2), f.ETH_NSH) | {f.NSH_SPI: 8, f.NSH_C4: 1}
    assert plane.sent_by("acme/cam", forged).arrivals == []
