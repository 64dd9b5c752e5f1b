"""A bridge brings its switch to where it should be and keeps it there, whatever happens on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.flow.flow import EVERYWHERE, Flow
from controller.southbound import upkeep
from tests.histories import History, histories
from tests.southbound.rig import Rig
from tests.southbound.storm import FOREIGN, HOSTS, calm, wanted, weathered
from tests.worlds import chassis, plugged, small_world, with_more

if TYPE_CHECKING:
    from random import Random

    from tests.southbound.rig import Host


def sent(host: Host) -> tuple[int, int]:
    """How many changes of flows, and of meters and groups, a switch has had."""
    return host.switch.flow_mods, host.switch.meters.mods + host.switch.groups.mods


def test_a_switch_that_is_right_is_sent_nothing(rig: Rig) -> None:
    before = [sent(host) for host in rig.hosts.values()]
    for host in rig.hosts.values():
        host.connect()
    calm(rig)
    assert [sent(host) for host in rig.hosts.values()] == before


def test_a_restarted_daemon_sends_nothing(rig: Rig) -> None:
    anew = Rig(HOSTS)
    anew.turn(small_world().values())
    for name, host in anew.hosts.items():
        host.switch.table = rig.hosts[name].switch.table
        host.switch.meters = rig.hosts[name].switch.meters
        host.switch.groups = rig.hosts[name].switch.groups
        host.switch.meters.mods = host.switch.groups.mods = 0
    calm(anew)
    assert [sent(host) for host in anew.hosts.values()] == [(0, 0), (0, 0)]
    assert anew.drifts == []
    assert anew.strays == []


def test_an_empty_switch_is_filled_again(rig: Rig) -> None:
    host = rig.hosts["hv1"]
    assert host.line is not None
    host.line.close()
    host.switch.table.clear()
    host.switch.meters.held.clear()
    calm(rig)
    assert rig.drifts == [], "a restart is nobody's meddling"


@pytest.mark.parametrize("how", ["removed", "changed", "added"])
def test_what_somebody_else_did_is_told_and_undone(rig: Rig, how: str) -> None:
    switch = rig.hosts["hv1"].switch
    slot, (ours, _) = next(iter(switch.table.items()))
    changed = Flow(EVERYWHERE, *slot, b"", ours)
    switch.meddle({"removed": [], "changed": [changed], "added": [FOREIGN]}[how], [slot] if how == "removed" else [])
    calm(rig)
    ((name, event),) = rig.drifts
    assert (name, event.slot) == ("hv1", FOREIGN.slot if how == "added" else slot)
    assert rig.mended_hosts == ["hv1"]


def test_what_was_done_while_nobody_looked_is_told_and_undone(rig: Rig) -> None:
    host = rig.hosts["hv2"]
    assert host.line is not None
    host.line.close()
    host.switch.meddle([FOREIGN], [])
    calm(rig)
    assert [(name, event.slot) for name, event in rig.drifts] == [("hv2", FOREIGN.slot)]


def test_a_change_of_ones_own_is_no_drift(rig: Rig) -> None:
    rig.turn([plugged("acme/web-2", "hv1", 9, seen=1)])
    calm(rig)
    assert rig.drifts == []


@pytest.mark.parametrize("late", [False, True])
def test_a_refused_flow_costs_only_itself(late: bool) -> None:  # noqa: FBT001 - a parameter of the test
    rig = Rig(HOSTS, refuses_late=late)
    rig.turn(small_world().values())
    switch = rig.hosts["hv1"].switch
    switch.refuses = {flow.cookie for flow in list(rig.compiler.catalogue.flows("hv1"))[::40]}
    calm(rig)
    told = {flow.cookie for name, flow in rig.refusals if flow and name == "hv1"}
    assert told == switch.refuses == set(rig.hosts["hv1"].bridge.refusals)


def test_an_error_about_no_message_of_ours_begins_the_session_anew(rig: Rig) -> None:
    host = rig.hosts["hv1"]
    line = host.line
    host.switch.said.append(bytes.fromhex("0601000c 0000ffff 0001 0001".replace(" ", "")))
    rig.settle()
    assert host.line is None is not line
    calm(rig)


def test_a_line_that_is_replaced_is_no_longer_listened_to(rig: Rig) -> None:
    host = rig.hosts["hv1"]
    old = host.line
    host.connect()
    host.inbox.put((old, None))
    calm(rig)
    assert host.line is not old


def test_a_large_change_goes_in_several_bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "BUNDLE_SIZE", 10)
    rig = Rig(HOSTS)
    rig.turn(small_world().values())
    calm(rig)
    sizes = rig.hosts["hv1"].switch.bundle_sizes
    assert max(sizes) == 10
    assert sum(sizes) == len(rig.compiler.flows("hv1"))
    rig.turn([], list(small_world()))
    calm(rig)
    assert rig.hosts["hv1"].switch.table == {}


def test_a_port_is_reached_at_its_new_place_before_its_old_one_is_given_up() -> None:
    rig = Rig((*HOSTS, "hv3"))
    rig.turn(with_more(small_world(), chassis(3)).values())
    calm(rig)
    old = rig.hosts["hv2"].switch.table.copy()
    rig.turn([plugged("acme/web-2", "hv3", 1, seen=1)])
    while any(host.moves() for host in rig.hosts.values()):
        for host in rig.hosts.values():
            for move in host.moves():
                move()
        if old.items() - rig.hosts["hv2"].switch.table.items():
            assert rig.hosts["hv3"].switch.table.items() >= wanted(rig, "hv3").items()
    calm(rig)
    assert old != rig.hosts["hv2"].switch.table


def test_a_host_that_is_away_is_not_waited_for(rig: Rig) -> None:
    line = rig.hosts["hv1"].line
    assert line is not None
    line.close()
    rig.turn([plugged("acme/web-1", "hv2", 9, seen=1)])
    rig.settle()
    assert rig.hosts["hv2"].switch.table == wanted(rig, "hv2")
    assert rig.hosts["hv1"].bridge.confirmed(rig.turns) == -1
    calm(rig)


@pytest.mark.parametrize("late", [False, True])
@given(history=histories(turns=12), rng=st.randoms(use_true_random=True))
@settings(max_examples=60)
def test_after_any_storm_every_switch_is_where_it_should_be(late: bool, history: History, rng: Random) -> None:  # noqa: FBT001
    weathered(list(history), rng, refuses_late=late)
