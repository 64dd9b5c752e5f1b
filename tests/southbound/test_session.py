"""A session is a table of states: what it says of itself follows from what the switch said, whatever that was."""

from __future__ import annotations

import struct

import pytest

from controller.errors import SwitchError
from controller.flow.flow import EVERYWHERE, Flow
from controller.southbound import wire
from controller.southbound.session import Change, Confirmed, Drifted, Holdings, Refused, Session, State
from controller.southbound.wire import BundleReply, FlowEvent, FlowReport, Refusal

A, B = (Flow(EVERYWHERE, 1, 1, match, b"", number) for number, match in enumerate((b"a", b"b"), 1))
EVENT = FlowEvent(wire.EVENT_ADDED, 1, 1, 9, b"x", b"")


def steady() -> Session:
    """A session with a switch that holds nothing."""
    session = Session()
    session.start()
    assert session.receive(FlowReport(0x10000, (), more=False)) == Holdings(())
    return session


def sent(session: Session, change: Change) -> list[int]:
    """The xids of a change's messages."""
    return [struct.unpack_from("!I", message, 4)[0] for message in session.commit(change)]


def test_a_session_begins_by_asking_for_every_flow() -> None:
    states, session = [], Session()
    states.append(session.state)
    request = session.start()
    states.append(session.state)
    session.receive(FlowReport(0x10000, (), more=False))
    assert struct.unpack_from("!BB", request) == (6, wire.MULTIPART_REQUEST)
    assert [*states, session.state] == [State.NEW, State.READING, State.STEADY]


@pytest.mark.parametrize("begun", [False, True])
def test_nothing_is_changed_before_everything_was_read(begun: bool) -> None:  # noqa: FBT001 - a parameter of the test
    session = Session()
    if begun:
        session.start()
    with pytest.raises(SwitchError, match="cannot be changed"):
        session.commit(Change(None, (A,), ()))


def test_holdings_are_told_when_the_last_part_is_there() -> None:
    session = Session()
    session.start()
    first = FlowEvent(wire.EVENT_INITIAL, 1, 1, 1, b"a", b"")
    second = FlowEvent(wire.EVENT_INITIAL, 1, 1, 2, b"b", b"")
    assert session.receive(FlowReport(0x10000, (first,), more=True)) is None
    assert session.receive(FlowReport(0x10000, (second,), more=False)) == Holdings((first, second))


def test_what_changes_while_flows_are_read_is_part_of_what_was_read() -> None:
    session = Session()
    session.start()
    stood, went = (FlowEvent(wire.EVENT_INITIAL, 1, 1, number, match, b"") for number, match in ((1, b"a"), (2, b"b")))
    session.receive(FlowReport(0x10000, (stood, went), more=True))
    gone = FlowEvent(wire.EVENT_REMOVED, 1, 1, 2, b"b", b"")
    changed = FlowEvent(wire.EVENT_MODIFIED, 1, 1, 3, b"a", b"new")
    assert session.receive(FlowReport(0, (gone, changed), more=False)) is None
    assert session.receive(FlowReport(0x10000, (), more=False)) == Holdings((changed,))


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
