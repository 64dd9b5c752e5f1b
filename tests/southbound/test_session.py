"""A session is a table of states: what it says of itself follows from what the switch said, whatever that was."""

from __future__ import annotations

import struct

import pytest

from controller.errors import SwitchError
from controller.flow.flow import EVERYWHERE, Flow
from controller.southbound import beside, options, wire
from controller.southbound.session import (
    Beside,
    Change,
    Confirmed,
    Denied,
    Drifted,
    Holdings,
    Refused,
    Session,
    State,
    Stirred,
)
from controller.southbound.wire import BundleReply, FlowEvent, FlowReport, Refusal
from controller.southbound.xids import Concern

A, B = (Flow(EVERYWHERE, 1, 1, match, b"", number) for number, match in enumerate((b"a", b"b"), 1))
EVENT = FlowEvent(wire.EVENT_ADDED, 1, 1, 9, b"x", b"")


METER, GROUP, OPTION = beside.Meter(5, 0, b""), beside.Group(6, 0), beside.Option(7, 8, 4)
METERS, GROUPS, OPTIONS, FLOWS = 0x10000, 0x10001, 0x10002, 0x10003
"""The xids of what a session asks for at its beginning."""
NOTHING = Beside(())


def reading() -> Session:
    """A session that has heard that there are no meters, groups and options."""
    session = Session()
    session.start()
    for xid in (METERS, GROUPS, OPTIONS):
        assert session.receive(beside.Report(xid, (), more=False)) is None
    return session


def steady() -> Session:
    """A session with a switch that holds nothing."""
    session = reading()
    assert session.receive(FlowReport(FLOWS, (), more=False)) == Holdings((), NOTHING)
    return session


def sent(session: Session, change: Change) -> list[int]:
    """The xids of a change's messages."""
    return [struct.unpack_from("!I", message, 4)[0] for message in session.commit(change)]


def heads(data: bytes) -> list[tuple[int, int]]:
    """Type and xid of each message."""
    found, at = [], 0
    while at < len(data):
        _, kind, length, xid = struct.unpack_from("!BBHI", data, at)
        found.append((kind, xid))
        at += length
    return found


def test_a_session_begins_by_asking_for_everything() -> None:
    session = Session()
    states = [session.state]
    requests = session.start()
    states.append(session.state)
    asked = [wire.MULTIPART_REQUEST, wire.MULTIPART_REQUEST, options.EXPERIMENTER, wire.MULTIPART_REQUEST]
    assert [kind for kind, _ in heads(requests)] == [beside.SET_ASYNC, *asked]
    assert [xid for _, xid in heads(requests)][1:] == [METERS, GROUPS, OPTIONS, FLOWS]
    for xid in (GROUPS, OPTIONS, METERS):
        session.receive(beside.Report(xid, (), more=False))
        states.append(session.state)
    session.receive(FlowReport(FLOWS, (), more=False))
    assert [*states, session.state] == [State.NEW, *[State.READING] * 4, State.STEADY]


@pytest.mark.parametrize("begun", [False, True])
def test_nothing_is_changed_before_everything_was_read(begun: bool) -> None:  # noqa: FBT001 - a parameter of the test
    session = Session()
    if begun:
        session.start()
    with pytest.raises(SwitchError, match="cannot be changed"):
        session.commit(Change(None, (A,), ()))


def test_holdings_are_told_when_the_last_part_is_there() -> None:
    session = reading()
    first = FlowEvent(wire.EVENT_INITIAL, 1, 1, 1, b"a", b"")
    second = FlowEvent(wire.EVENT_INITIAL, 1, 1, 2, b"b", b"")
    assert session.receive(FlowReport(FLOWS, (first,), more=True)) is None
    assert session.receive(FlowReport(FLOWS, (second,), more=False)) == Holdings((first, second), NOTHING)


def test_what_changes_while_flows_are_read_is_part_of_what_was_read() -> None:
    session = reading()
    stood, went = (FlowEvent(wire.EVENT_INITIAL, 1, 1, number, match, b"") for number, match in ((1, b"a"), (2, b"b")))
    session.receive(FlowReport(FLOWS, (stood, went), more=True))
    gone = FlowEvent(wire.EVENT_REMOVED, 1, 1, 2, b"b", b"")
    changed = FlowEvent(wire.EVENT_MODIFIED, 1, 1, 3, b"a", b"new")
    assert session.receive(FlowReport(0, (gone, changed), more=False)) is None
    assert session.receive(FlowReport(FLOWS, (), more=False)) == Holdings((changed,), NOTHING)


def test_holdings_wait_for_all_that_stands_beside_flows() -> None:
    session = Session()
    session.start()
    assert session.receive(FlowReport(FLOWS, (), more=False)) is None
    assert session.receive(beside.Report(METERS, (METER,), more=True)) is None
    assert session.receive(beside.Report(GROUPS, (GROUP,), more=False)) is None
    assert session.receive(beside.Report(OPTIONS, (OPTION,), more=False)) is None
    assert session.receive(beside.Report(METERS, (), more=False)) == Holdings((), Beside((METER, GROUP, OPTION)))


def test_meters_and_groups_are_read_once_at_a_time() -> None:
    session = steady()
    assert session.receive(beside.Forwarded()) == Stirred()
    asked = [xid for _, xid in heads(session.look())]
    assert session.look() == b""
    assert session.receive(beside.Report(asked[0], (METER,), more=False)) is None
    assert session.receive(beside.Report(asked[1], (), more=False)) is None
    assert session.receive(beside.Report(asked[2], (), more=False)) == Beside((METER,), stale=True)
    assert len(heads(session.look())) == len(asked)


def test_an_answer_that_nobody_asked_for_is_passed_over() -> None:
    assert steady().receive(beside.Report(METERS, (METER,), more=False)) is None


@pytest.mark.parametrize("concern", list(Concern))
def test_a_refusal_says_what_was_refused(concern: Concern) -> None:
    denied = steady().receive(Refusal(concern.xid(0x1000002), 12, 10, b""))
    assert denied == Denied(concern, 0x1000002, (12, 10), "OpenFlow error type 12, code 10")


def test_what_the_monitor_tells_later_was_somebody_elses_doing() -> None:
    session = steady()
    assert session.receive(FlowReport(0, (EVENT,), more=False)) == Drifted((EVENT,))
    assert session.receive(FlowReport(0, (), more=False)) is None


def test_changes_are_confirmed_in_their_order() -> None:
    session = steady()
    first, second = Change("first", (A,), ()), Change("second", (), (B,))
    one, two = sent(session, first), sent(session, second)
    assert len({*one, *two}) == len(one) + len(two) == 6
    assert session.outstanding == 2
    assert session.receive(BundleReply(one[0], 1, 1)) is None
    assert session.receive(BundleReply(one[-1], wire.COMMIT_REPLY, 1)) == Confirmed(first)
    assert session.receive(BundleReply(two[-1], wire.COMMIT_REPLY, 2)) == Confirmed(second)
    assert session.outstanding == 0


def test_a_confirmation_of_nothing_is_a_fault_of_the_switch() -> None:
    session = steady()
    with pytest.raises(SwitchError, match="not the one"):
        session.receive(BundleReply(5, wire.COMMIT_REPLY, 1))


def test_a_confirmation_out_of_turn_is_a_fault_of_the_switch() -> None:
    session = steady()
    sent(session, Change("first", (A,), ()))
    late = sent(session, Change("second", (B,), ()))
    with pytest.raises(SwitchError, match="not the one"):
        session.receive(BundleReply(late[-1], wire.COMMIT_REPLY, 2))


@pytest.mark.parametrize("place", [1, 2])
def test_a_refused_flow_is_named_when_its_bundle_failed(place: int) -> None:
    session = steady()
    change = Change("it", (A,), (B,))
    xids = sent(session, change)
    assert session.receive(Refusal(xids[place], 2, 9, b"")) is None
    refused = session.receive(Refusal(xids[-1], 17, 13, b""))
    assert refused == Refused(change, (A, B)[place - 1], "OpenFlow error type 2, code 9")
    assert session.outstanding == 0


def test_a_bundle_that_was_taken_without_a_flow_is_not_confirmed() -> None:
    session = steady()
    change = Change("it", (A, B), ())
    xids = sent(session, change)
    assert session.receive(Refusal(xids[2], 2, 0, b"")) is None
    refused = session.receive(BundleReply(xids[-1], wire.COMMIT_REPLY, 1))
    assert refused == Refused(change, B, "OpenFlow error type 2, code 0")


def test_a_bundle_that_fails_as_a_whole_names_no_flow() -> None:
    session = steady()
    change = Change("it", (A,), ())
    xids = sent(session, change)
    assert session.receive(Refusal(xids[-1], 17, 4, b"")) == Refused(change, None, "OpenFlow error type 17, code 4")


def test_an_error_about_nothing_of_ours_is_a_fault_of_the_switch() -> None:
    with pytest.raises(SwitchError, match="error 1, 1"):
        steady().receive(Refusal(3, 1, 1, b""))


def test_xids_and_bundle_ids_never_run_out() -> None:
    session = steady()
    for _ in range(70_000):
        xids = sent(session, Change(None, (), ()))
        assert isinstance(session.receive(BundleReply(xids[-1], wire.COMMIT_REPLY, 0)), Confirmed)
