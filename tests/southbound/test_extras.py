"""Meters and groups: made for the flows that need them, right, and nobody else's; connections forgotten in time."""

from __future__ import annotations

import pytest

from controller.entities import Interface
from controller.flow.actions import CONTROLLER_RESERVED, instructions, meter, output, set_field, to_controller
from controller.flow.fields import XREGS
from controller.flow.flow import EVERYWHERE, Flow
from controller.flow.meters import log_meter, punt_meter
from controller.southbound import agenda
from controller.southbound.agenda import Flush
from controller.southbound.conntrack import Connections, Ends, ct_flush
from controller.southbound.metering import Metering, meters_used
from controller.southbound.session import Change
from controller.southbound.wire import EVENT_ADDED, EVENT_INITIAL, EVENT_MODIFIED, EVENT_REMOVED
from tests.southbound.fake_groups import GroupMod
from tests.southbound.fake_meters import MeterMod
from tests.southbound.punts import COPIED
from tests.southbound.rig import Rig
from tests.southbound.storm import HOSTS, calm, right
from tests.worlds import plugged, small_world

OURS = punt_meter(1)
TO_US = output(CONTROLLER_RESERVED)
SOME = Connections(7, 6, Ends(target="192.0.2.1", target_port=80))


def test_a_meter_comes_with_the_first_flow_that_uses_it_and_goes_with_the_last(rig: Rig) -> None:
    switch = rig.hosts["hv1"].switch
    assert OURS in switch.meters.held
    assert punt_meter(9) not in switch.meters.held
    rig.turn([plugged("acme/web-1", "hv1", 9, seen=1)])
    calm(rig)
    assert switch.meters.held[punt_meter(9)] == right(punt_meter(9))
    rig.turn([], [(Interface, "hv1/tap-acme-web-1")])
    calm(rig)
    assert punt_meter(9) not in switch.meters.held
    assert rig.strays == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_others_add_is_told_and_removed(rig: Rig, when: str) -> None:
    host = rig.hosts["hv1"]
    if when == "before":
        assert host.line is not None
        host.line.close()
    host.switch.meddle_beside([MeterMod(MeterMod.ADD, 5)], [GroupMod(GroupMod.PUT, 6)])
    calm(rig)
    kind = EVENT_INITIAL if when == "before" else EVENT_ADDED
    assert {(name, told, what.split()[0]) for name, told, what in rig.strays} == {
        ("hv1", kind, "meter=5"),
        ("hv1", kind, "group_id=6"),
    }
    assert len(rig.strays) == 2
    assert rig.mended_hosts[-1:] == ["hv1"]


def test_a_meter_that_others_change_is_told_and_made_right(rig: Rig) -> None:
    switch = rig.hosts["hv1"].switch
    switch.meddle_beside([MeterMod(MeterMod.MODIFY, OURS)], [])
    calm(rig)
    ((name, kind, what),) = rig.strays
    assert (name, kind) == ("hv1", EVENT_MODIFIED)
    assert what.startswith(f"meter={OURS} ")
    assert switch.meters.held[OURS] == right(OURS)
    assert rig.mended_hosts == ["hv1"]


def test_flows_that_others_take_away_with_their_meter_come_back(rig: Rig) -> None:
    host = rig.hosts["hv1"]
    host.switch.meddle_beside([MeterMod(MeterMod.DELETE, OURS)], [])
    calm(rig)
    assert [meters_used(event.instructions) for _, event in rig.drifts] == [(OURS,)] * len(rig.drifts)
    assert rig.drifts
    assert rig.refusals == []


@pytest.mark.parametrize("connected", [True, False])
def test_a_flow_that_copies_within_a_meter_is_put_again_when_others_took_that_away(rig: Rig, connected: bool) -> None:  # noqa: FBT001 - a parameter of the test
    host = rig.hosts["hv1"]
    before, ours = host.switch.flow_mods, log_meter(0)
    assert ours in host.switch.meters.held
    if not connected:
        assert host.line is not None
        host.line.close()
        rig.settle()
    host.switch.meddle_beside([MeterMod(MeterMod.DELETE, ours)], [])
    (unlimited,) = host.switch.unlimited
    calm(rig)
    assert unlimited[0] == COPIED[0]
    assert host.switch.flow_mods == before + 1
    assert rig.drifts == []
    assert rig.strays == ([("hv1", EVENT_REMOVED, f"meter={ours}")] if connected else [])
    assert rig.mended_hosts == (["hv1"] if connected else [])


def test_a_meter_that_a_switch_will_not_make_costs_only_the_flows_that_use_it() -> None:
    rig = Rig(HOSTS)
    switch = rig.hosts["hv1"].switch
    switch.meters.room = 0
    rig.turn(small_world().values())
    rig.connect()
    rig.settle()
    wanted = rig.compiler.flows("hv1").values()
    metered = {flow.cookie for flow in wanted if meters_used(flow.instructions)}
    assert metered
    assert {cookie for cookie, _ in switch.table.values()} == {flow.cookie for flow in wanted} - metered
    assert set(rig.hosts["hv1"].bridge.refusals) == metered
    assert {reason.split()[0] for reason in rig.hosts["hv1"].bridge.refusals.values()} == {"meter"}
    assert rig.hosts["hv1"].bridge.in_sync


def test_a_flow_with_a_meter_of_no_class_is_refused_and_no_other() -> None:
    metering = Metering()
    good, bad = (
        Flow(EVERYWHERE, 1, place, b"", instructions((meter(number), TO_US)), place)
        for place, number in enumerate((OURS, 0x7F000001))
    )
    assert len(metering.first(Change(None, (good, bad), ()))) == 1
    assert [flow for flow, _ in metering.barred((good, bad))] == [bad]


def test_only_meters_that_actions_name_are_used() -> None:
    assert meters_used(instructions((meter(5), TO_US, meter(6)))) == (5, 6)
    assert meters_used(instructions((output(0x001D0008),))) == ()
    assert meters_used(b"") == ()
    copied = to_controller(log_meter(1))
    assert meters_used(instructions((TO_US, copied, meter(6)))) == (log_meter(1), 6)
    assert meters_used(instructions((set_field(XREGS[0], 0x2320_0025_0000_0000),))) == ()


def test_connections_are_forgotten_when_the_steps_before_are_on_their_way(rig: Rig) -> None:
    host = rig.hosts["hv1"]
    before = host.switch.flow_mods
    rig.turn([plugged("acme/web-1", "hv1", 9, seen=1)])
    host.inbox.put(Flush(SOME, (0.5, 2.0)))
    while not host.switch.flushes:
        for move in host.moves():
            move()
    assert host.switch.flow_mods > before
    calm(rig)
    assert host.switch.flushes == [ct_flush(SOME)]
    assert [seconds for seconds, _ in rig.timers] == [0.5, 2.0]
    for _, again in rig.timers:
        again()
    calm(rig)
    assert host.switch.flushes == [ct_flush(SOME)] * 3
    assert len(rig.timers) == 2


def test_a_switch_that_is_away_forgets_when_it_comes_back(rig: Rig) -> None:
    host = rig.hosts["hv1"]
    assert host.line is not None
    host.line.close()
    for _ in range(3):
        host.inbox.put(Flush(SOME))
    rig.settle()
    assert host.switch.flushes == []
    calm(rig)
    assert host.switch.flushes == [ct_flush(SOME)]


def test_much_to_forget_becomes_whole_zones(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agenda, "MOST_FLUSHES", 3)
    host = rig.hosts["hv1"]
    assert host.line is not None
    host.line.close()
    for number in range(6):
        host.inbox.put(Flush(Connections(number % 2, 6, Ends(target=f"192.0.2.{number}"))))
    calm(rig)
    assert set(host.switch.flushes) >= {ct_flush(Connections(0)), ct_flush(Connections(1))}
    assert len(host.switch.flushes) <= 4
