"""A turn makes before it breaks: on every bridge the new stands before anywhere the old goes."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from controller import sync
from controller.compiler.catalogue import Delta
from controller.flow.flow import Flow, Here, Hosts
from controller.southbound.agenda import Agenda
from controller.sync import Outstanding, Step, Turn, in_order, steps
from tests.compiled import ModelSwitch, Watched
from tests.histories import History, histories, parted
from tests.worlds import small_world

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.entities import Entity
    from tests.worlds import Key

HOSTS = ("hv1", "hv2")


def flow(table: int, match: bytes = b"", priority: int = 1, *, late: bool = False) -> Flow:
    return Flow(Here("hv1"), table, priority, match, b"", table, late=late)


def test_a_change_of_one_host_is_one_step() -> None:
    delta = Delta([flow(1)], [flow(3)], [flow(2)])
    (step,) = steps(7, {"hv1": delta})["hv1"]
    assert (step.turn.number, step.phase, step.puts, step.deletes) == (7, 0, (flow(1), flow(3)), (flow(2),))


def test_what_was_led_to_goes_only_when_nothing_leads_there_any_more() -> None:
    plan = steps(7, {"hv1": Delta([], [flow(2)], [flow(3)])})["hv1"]
    assert [(step.phase, step.puts, step.deletes) for step in plan] == [(1, (flow(2),), ()), (2, (), (flow(3),))]
    turn = plan[0].turn
    assert turn.end("hv1", 1) == {"hv1"}
    assert (turn.may_begin(2), turn.may_begin(2, hurried=True)) == (False, True)
    assert turn.rested() == {"hv1"}
    assert turn.may_begin(2)


def test_packets_under_way_between_bridges_arrive_before_what_they_are_to_meet_goes() -> None:
    plan = steps(7, {"hv1": Delta([], [flow(28)], []), "hv2": Delta([], [], [flow(2, late=True)])})
    going = plan["hv2"][0]
    assert (going.phase, going.turn.resting) == (2, True)
    going.turn.end("hv1", 1)
    assert not going.turn.may_begin(2)


def test_packets_under_way_arrive_whatever_goes_with_an_interface() -> None:
    gone = [flow(0), flow(3, late=True)]
    (going,) = steps(7, {"hv1": Delta([], [flow(28)], []), "hv2": Delta([], [], gone)})["hv2"]
    assert going.turn.resting
    (going,) = steps(7, {"hv1": Delta([], [flow(28)], []), "hv2": Delta([], [], gone[:1])})["hv2"]
    assert not going.turn.resting


def test_nothing_begins_a_way_before_every_bridge_on_it_knows_it() -> None:
    plan = steps(7, {"hv1": Delta([], [flow(28)], []), "hv2": Delta(new=[flow(33, late=True)])})
    assert [step.phase for step in plan["hv1"]] == [1]
    assert not plan["hv1"][0].turn.may_begin(1)
    plan["hv2"][0].turn.end("hv2", 0)
    assert plan["hv1"][0].turn.may_begin(1)


def test_additions_alone_are_one_step_on_every_host() -> None:
    plan = steps(1, {host: Delta(new=[flow(1)]) for host in HOSTS})
    assert [[step.phase for step in plan[host]] for host in HOSTS] == [[0], [0]]


def test_what_one_host_alone_replaces_waits_for_nobody_while_nothing_goes() -> None:
    plan = steps(1, {"hv1": Delta([flow(1)], [flow(2)]), "hv2": Delta(new=[flow(1)])})
    assert [(step.phase, step.puts) for step in plan["hv1"]] == [(0, (flow(1), flow(2)))]


def test_what_several_hosts_share_is_replaced_when_what_is_new_stands_everywhere() -> None:
    shared = Flow(Hosts("acme/net"), 2, 1, b"", b"", 2)
    plan = steps(1, {"hv1": Delta([flow(1)], [shared]), "hv2": Delta(new=[flow(1)])})
    assert [(step.phase, step.puts) for step in plan["hv1"]] == [(0, (flow(1),)), (1, (shared,))]


def test_replacing_and_taking_away_wait_for_what_is_new_everywhere() -> None:
    plan = steps(1, {"hv1": Delta([flow(1)], [flow(3)], [flow(2)]), "hv2": Delta(gone=[flow(4)])})
    assert [(step.phase, step.puts, step.deletes) for step in plan["hv1"]] == [
        (0, (flow(1),), ()),
        (1, (flow(3),), ()),
        (2, (), (flow(2),)),
    ]
    (last,) = plan["hv2"]
    assert not last.turn.may_begin(last.phase)
    assert last.turn.end("hv1", 0) == {"hv1", "hv2"}
    assert not last.turn.may_begin(last.phase)
    assert last.turn.end("hv1", 1) == {"hv1", "hv2"}
    assert last.turn.may_begin(last.phase)


def test_a_phase_that_ends_twice_ends_once() -> None:
    turn = Turn(1)
    turn.waiting[0].update(HOSTS)
    turn.waiting[1].add("hv2")
    assert turn.end("hv1", 0) == set()
    assert turn.end("hv1", 0) == set()
    assert turn.end("hv2", 0) == {"hv2"}


def test_a_small_change_is_one_bundle() -> None:
    assert in_order((flow(1),), (flow(2),), 2) == [((flow(1),), (flow(2),))]


@given(st.lists(st.integers(0, 9), max_size=30), st.lists(st.integers(0, 9), max_size=30), st.integers(1, 8))
def test_a_large_change_goes_from_the_end_to_the_start_then_the_other_way(
    puts: list[int], deletes: list[int], size: int
) -> None:
    bundles = in_order(tuple(map(flow, puts)), tuple(map(flow, deletes)), size)
    put = [one.table for given, _ in bundles for one in given]
    gone = [one.table for _, taken in bundles for one in taken]
    assert sorted(put) == sorted(puts)
    assert sorted(gone) == sorted(deletes)
    assert all(len(given) + len(taken) <= size for given, taken in bundles)
    if len(bundles) > 1:
        assert put == sorted(puts, reverse=True)
        assert gone == sorted(deletes)
        assert all(not (given and taken) for given, taken in bundles)


def test_in_a_table_exceptions_come_before_what_they_are_excepted_from_and_go_after_it() -> None:
    rule, exception = flow(1), flow(1, priority=2)
    assert in_order((rule, exception), (), 1) == [((exception,), ()), ((rule,), ())]
    assert in_order((), (exception, rule), 1) == [((), (rule,)), ((), (exception,))]


class Rollout:
    """Two switches that take steps in any order that phases allow."""

    def __init__(self) -> None:
        self.compiler = Watched()
        self.switches = {host: ModelSwitch() for host in HOSTS}
        self.waiting: dict[str, list[Step]] = {host: [] for host in HOSTS}
        self.number = 0
        self.broken: list[str] = []

    def turn(self, puts: Iterable[Entity], deletes: Iterable[Key]) -> None:
        self.number += 1
        for host, plan in sync.steps(self.number, self.compiler.turn(puts, deletes)).items():
            self.waiting[host] += plan
            for step in plan:
                step.turn.rested()

    def able(self) -> list[str]:
        """The hosts whose next step may begin."""
        return [host for host, plan in self.waiting.items() if plan and plan[0].turn.may_begin(plan[0].phase)]

    def go_on(self, host: str) -> None:
        step = self.waiting[host].pop(0)
        breaks = step.deletes or any(flow.slot in self.switches[host].table for flow in step.puts)
        if breaks and any(other.turn is step.turn and other.phase < step.phase for other in self._others(host)):
            self.broken.append(host)
        for put in step.puts:
            self.switches[host].put(put)
        for gone in step.deletes:
            self.switches[host].delete(gone)
        step.turn.end(host, step.phase)

    def _others(self, host: str) -> list[Step]:
        return [step for other, plan in self.waiting.items() if other != host for step in plan]


@given(histories(turns=4), st.data())
@settings(max_examples=40)
def test_in_whatever_order_bridges_go_on_nothing_breaks_before_the_rest_is_made(
    history: History, data: st.DataObject
) -> None:
    rollout = Rollout()
    rollout.turn(small_world().values(), [])
    for turn in history:
        rollout.turn(*parted(turn))
    while able := rollout.able():
        rollout.go_on(data.draw(st.sampled_from(able)))
    assert rollout.waiting == {host: [] for host in HOSTS}, "everybody waits for everybody"
    assert rollout.broken == []
    for host in HOSTS:
        assert rollout.switches[host].table == rollout.compiler.flows(host)


def test_a_failure_ends_the_rests_of_bridges_that_have_nothing_to_do_with_it() -> None:
    told: list[str] = []
    outstanding, resting, other = Outstanding(told.append), Turn(1, resting=True), Turn(2)
    near, far = (Agenda(host, lambda _: None, lambda *_: None) for host in HOSTS)
    resting.waiting[2].add("hv2")
    other.waiting[0].add("hv2")
    for turn in (resting, other):
        outstanding.add({"hv2": [Step(turn, 0, (), ())]})
    far.add(Step(resting, 2, (), (flow(1),)))
    far.add(Step(other, 0, (flow(2),), ()))
    near.add(Step(other, 1, (flow(3),), ()))
    assert [agenda.next_change(steps=True) for agenda in (near, far)] == [None, None]
    outstanding.hurry()
    assert told == ["hv2"]
    for change in (far.next_change(steps=True), far.next_change(steps=True)):
        assert change is not None
        assert isinstance(change.tag, Step)
        far.end(change.tag)
    found = near.next_change(steps=True)
    assert found is not None
    assert found.puts == (flow(3),)
    outstanding.hurry()
    assert told == ["hv2"]


def test_a_failure_waits_for_a_bridge_that_does_not_answer_and_then_no_longer() -> None:
    told: list[str] = []
    outstanding, agenda = Outstanding(told.append), Agenda("hv1", lambda _: None, lambda *_: None)
    planned = steps(1, {"hv1": Delta([], [flow(27)], [flow(3)]), "hv2": Delta(new=[flow(33)])})
    failed = steps(2, {"hv1": Delta(changed=[flow(28)]), "hv2": Delta(new=[flow(34, late=True)])}, urgent=True)
    for plan in (planned, failed):
        outstanding.add(plan)
        for step in plan["hv1"]:
            agenda.add(step)
    outstanding.hurry()
    assert agenda.next_change(steps=True) is None
    outstanding.give_up(2)
    assert "hv1" in told
    found = [agenda.next_change(steps=True) for _ in range(3)]
    assert [change and change.puts for change in found] == [(flow(28),), (flow(27),), ()]


class Asked(tuple[set[str], set[str], set[str]]):
    """What is waited for of a turn; how often that is looked at is counted for all."""

    __slots__ = ()
    looks = 0

    def __iter__(self) -> Iterator[set[str]]:
        Asked.looks += 1
        return super().__iter__()


def test_thousands_of_turns_on_their_way_do_not_make_one_more_dearer() -> None:
    outstanding, many = Outstanding(lambda _: None), 4_000
    for number in range(many):
        turn = Turn(number, waiting=Asked(({"hv1"}, set(), set())))
        outstanding.add({"hv1": [Step(turn, 0, (), ())]})
    assert Asked.looks < 2 * many


class Followed(Turn):
    """A turn of which one can see whether somebody keeps it."""

    __slots__ = ("__weakref__",)


def test_turns_that_have_ended_are_not_kept() -> None:
    outstanding, ended = Outstanding(lambda _: None), []
    for number in range(10 * sync.SOME_TURNS):
        turn = Followed(number)
        outstanding.add({"hv1": [Step(turn, 0, (), ())]})
        ended.append(weakref.ref(turn))
    del turn
    assert sum(one() is not None for one in ended) <= sync.SOME_TURNS


def test_a_way_over_other_bridges_begins_when_they_know_it_and_ends_before_they_forget_it() -> None:
    begins, late = replace(flow(28), begins=True), replace(flow(33), late=True)
    plan = steps(1, {"hv1": Delta(new=[begins, flow(1)]), "hv2": Delta(new=[late])})
    assert [(step.phase, step.puts) for step in plan["hv1"]] == [(0, (flow(1),)), (1, (begins,))]
    assert [(step.phase, step.puts) for step in plan["hv2"]] == [(0, (late,))]
    plan = steps(2, {"hv1": Delta(gone=[begins, flow(1)]), "hv2": Delta(gone=[late])})
    assert [(step.phase, step.deletes) for step in plan["hv1"]] == [(1, (begins,)), (2, (flow(1),))]
    assert [(step.phase, step.deletes) for step in plan["hv2"]] == [(2, (late,))]
    assert plan["hv2"][0].turn.resting
