"""Groups: made for the flows that need them, as they should be, and nobody else's."""

from __future__ import annotations

import pytest

from controller.entities import Interface
from controller.errors import Bug
from controller.flow import groups
from controller.flow.actions import output
from controller.flow.groups import Bucket, failover, group, is_ours, numbered_for, select
from controller.southbound.wire import EVENT_ADDED, EVENT_INITIAL, EVENT_MODIFIED
from tests.southbound.fake_groups import GroupMod, ways
from tests.southbound.punts import TWO_WAYS
from tests.southbound.rig import Host, Rig
from tests.southbound.storm import HOSTS, calm
from tests.worlds import plugged, small_world


def away(host: Host) -> None:
    """The switch loses its daemon."""
    assert host.line is not None
    host.line.close()


def test_a_group_comes_with_the_first_flow_that_uses_it_and_goes_with_the_last(rig: Rig) -> None:
    groups = rig.hosts["hv1"].switch.groups
    plugged_in = (one for one in small_world().values() if isinstance(one, Interface) and one.chassis == "hv1")
    rig.turn([], [(Interface, one.key) for one in plugged_in])
    calm(rig)
    assert groups.held == {}
    for place, port in enumerate((4, 5, 6), 1):
        before = groups.mods
        rig.turn([plugged("acme/web-1", "hv1", port, seen=place)])
        calm(rig)
        assert set(groups.held) == {TWO_WAYS[port % 2].number}
        assert groups.mods - before == (1 if place == 1 else 2)
    before = groups.mods
    rig.turn([plugged("acme/web-1", "hv1", 8, seen=9)])
    calm(rig)
    assert groups.mods == before
    assert rig.strays == []


def test_flows_that_share_a_group_make_it_once(rig: Rig) -> None:
    users = [does for _, does in rig.hosts["hv1"].switch.table.values() if ways(does)]
    assert len(users) > len(rig.hosts["hv1"].switch.groups.held)
    assert rig.hosts["hv1"].switch.groups.mods == len(rig.hosts["hv1"].switch.groups.held)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [6, groups.ours(6)])
def test_a_group_that_others_made_is_told_and_removed(rig: Rig, when: str, number: int) -> None:
    host = rig.hosts["hv1"]
    if when == "before":
        away(host)
    host.switch.meddle_beside([], [GroupMod(GroupMod.PUT, number, 1)])
    calm(rig)
    assert rig.strays == [("hv1", EVENT_INITIAL if when == "before" else EVENT_ADDED, f"group_id={number} type=select")]
    assert rig.mended_hosts[-1:] == ["hv1"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_group_that_others_changed_is_told_and_made_right(rig: Rig, when: str) -> None:
    host = rig.hosts["hv1"]
    (number, right), *_ = host.switch.groups.held.items()
    if when == "before":
        away(host)
    host.switch.meddle_beside([], [GroupMod(GroupMod.PUT, number, 0)])
    flow_mods = host.switch.flow_mods
    calm(rig)
    assert host.switch.groups.held[number] == right
    assert host.switch.flow_mods == flow_mods
    kind = EVENT_INITIAL if when == "before" else EVENT_MODIFIED
    assert rig.strays == [("hv1", kind, f"group_id={number} type=all")]


def test_flows_that_others_take_away_with_their_group_come_back(rig: Rig) -> None:
    host = rig.hosts["hv1"]
    (number, right), *_ = host.switch.groups.held.items()
    host.switch.meddle_beside([], [GroupMod(GroupMod.DELETE, number)])
    calm(rig)
    assert host.switch.groups.held[number] == right
    assert rig.drifts
    assert all(number in ways(event.instructions) for _, event in rig.drifts)
    assert rig.refusals == []


def test_what_an_earlier_daemon_needed_and_nobody_does_now_goes_without_being_taken_for_meddling(rig: Rig) -> None:
    host = rig.hosts["hv1"]
    old = failover((Bucket(1, (output(1),)),))
    away(host)
    host.switch.groups.held[old.number] = (old.kind, old.wire, old.method)
    calm(rig)
    assert old.number not in host.switch.groups.held
    assert rig.strays == []


def test_a_group_that_a_switch_will_not_make_costs_only_the_flows_that_use_it() -> None:
    rig = Rig(HOSTS)
    switch = rig.hosts["hv1"].switch
    switch.groups.room = 0
    rig.turn(small_world().values())
    rig.connect()
    rig.settle()
    wanted = rig.compiler.flows("hv1").values()
    grouped = {flow.cookie for flow in wanted if flow.groups}
    assert grouped
    assert {cookie for cookie, _ in switch.table.values()} == {flow.cookie for flow in wanted} - grouped
    assert set(rig.hosts["hv1"].bridge.refusals) == grouped
    assert {reason.split()[0] for reason in rig.hosts["hv1"].bridge.refusals.values()} == {"group"}
    assert rig.hosts["hv1"].bridge.in_sync


def test_groups_that_do_the_same_are_the_same_and_others_have_other_numbers() -> None:
    ways_there = tuple(Bucket(port, (output(port),)) for port in (1, 2))
    different = [select(ways_there), select(ways_there, 7), select(ways_there[:1]), failover(ways_there)]
    assert len({one.number for one in different}) == len(different)
    assert all(is_ours(one.number) for one in different)
    assert select(tuple(ways_there)) is different[0]
    assert group(different[0]).number == different[0].number


def test_two_groups_whose_numbers_are_equal_get_two(monkeypatch: pytest.MonkeyPatch) -> None:
    real = groups._number  # noqa: SLF001 - a collision of 28 bits is not found by chance
    monkeypatch.setattr(groups, "_number", lambda *content: real(0, b"", b"", content[-1]))
    first, second = (failover((Bucket(port, (output(port),)),)) for port in (0x7001, 0x7002))
    assert first.number != second.number
    assert all(numbered_for(one.number, one.kind, one.wire, one.method) for one in (first, second))


@pytest.mark.parametrize("buckets", [(), (Bucket(None, (output(1),)),)])
def test_a_group_that_cannot_fail_over_is_a_bug(buckets: tuple[Bucket, ...]) -> None:
    with pytest.raises(Bug, match="a group"):
        failover(buckets)
