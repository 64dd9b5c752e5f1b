"""Our OpenFlow messages are right, and whatever a switch sends is at worst a ``ValueError``."""

from __future__ import annotations

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controller.flow.actions import instructions, output
from controller.flow.flow import EVERYWHERE, Flow
from controller.southbound import inbound, wire
from controller.southbound.wire import BundleReply, FlowEvent, FlowReport, Refusal
from tests.compiled import compiled
from tests.southbound.fake_switch import FlowMod, flow_mod, update
from tests.southbound.punts import PUNTED
from tests.worlds import small_world

FLOW = Flow(EVERYWHERE, 7, 100, b"\x80\x00\x00\x04\x00\x00\x00\x01", instructions((output(2),)), 0x4E << 56 | 1)
FLOWS = st.sampled_from(list(compiled(small_world()).catalogue.flows("hv1")))


def report(xid: int, events: list[tuple[int, Flow]], *, more: bool = False) -> bytes:
    body = b"".join(update(kind, flow.slot, flow.cookie, flow.instructions) for kind, flow in events)
    head = struct.pack("!BBHIHH4x", 6, wire.MULTIPART_REPLY, 16 + len(body), xid, wire.FLOW_MONITOR, more)
    return head + body


@given(FLOWS, st.integers(0, 0xFFFFFFFF), st.booleans())
def test_a_flow_mod_tells_the_whole_flow(flow: Flow, xid: int, delete: bool) -> None:  # noqa: FBT001 - drawn
    message = wire.flow_mod(flow, xid, delete=delete)
    assert struct.unpack_from("!BBHI", message) == (6, wire.FLOW_MOD, len(message), xid)
    assert len(message) % 8 == 0
    does = b"" if delete else flow.instructions
    assert flow_mod(message, xid) == FlowMod(xid, 4 if delete else 0, flow.cookie, flow.slot, does)


def test_a_flow_that_no_message_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="more than one message holds"):
        wire.flow_mod(Flow(EVERYWHERE, 1, 1, b"", bytes(0xFFF0), 1), 1)


@given(st.lists(FLOWS, max_size=5), st.lists(FLOWS, max_size=5))
def test_a_bundle_is_opened_filled_in_order_and_committed(puts: list[Flow], deletes: list[Flow]) -> None:
    messages = list(wire.bundle(9, 100, puts, deletes))
    heads = [struct.unpack_from("!BBHI", message) for message in messages]
    assert [head[3] for head in heads] == list(range(100, 102 + len(puts) + len(deletes)))
    assert all(head[2] == len(message) for head, message in zip(heads, messages, strict=True))
    assert [struct.unpack_from("!IHH", messages[place], 8) for place in (0, -1)] == [(9, 0, 3), (9, 4, 3)]
    inside = [flow_mod(message[16:], 0) for message in messages[1:-1]]
    assert [(mod.command, mod.slot) for mod in inside] == [
        *((0, flow.slot) for flow in puts),
        *((4, flow.slot) for flow in deletes),
    ]


@given(st.lists(st.tuples(st.sampled_from([0, 1, 2, 3]), FLOWS), max_size=6), st.booleans())
def test_a_flow_report_is_read_as_it_was_told(events: list[tuple[int, Flow]], more: bool) -> None:  # noqa: FBT001
    told = [FlowEvent(kind, *flow.slot[:2], flow.cookie, flow.match, flow.instructions) for kind, flow in events]
    assert inbound.received(report(5, events, more=more)) == FlowReport(5, tuple(told), more)


def test_what_is_no_flow_in_a_report_is_passed_over() -> None:
    own = struct.pack("!HHI", 8, 4, 77)
    body = own + update(1, FLOW.slot, FLOW.cookie, FLOW.instructions)
    message = struct.pack("!BBHIHH4x", 6, 19, 16 + len(body), 0, 16, 0) + body
    found = inbound.received(message)
    assert isinstance(found, FlowReport)
    assert [event.cookie for event in found.events] == [FLOW.cookie]


def test_a_flow_that_will_go_by_itself_is_not_the_flow() -> None:
    lasting = FlowEvent(0, 7, 100, FLOW.cookie, FLOW.match, FLOW.instructions)
    fleeting = FlowEvent(0, 7, 100, FLOW.cookie, FLOW.match, FLOW.instructions, hard_timeout=9)
    assert lasting.holds(FLOW)
    assert not fleeting.holds(FLOW)


def test_answers_to_bundles_and_errors_are_told() -> None:
    answer = struct.pack("!BBHIIHH", 6, wire.BUNDLE_CONTROL, 16, 7, 3, wire.COMMIT_REPLY, 3)
    assert inbound.received(answer) == BundleReply(7, wire.COMMIT_REPLY, 3)
    error = struct.pack("!BBHIHH", 6, wire.ERROR, 16, 8, 2, 9) + b"what"
    assert inbound.received(error) == Refusal(8, 2, 9, b"what")


@pytest.mark.parametrize("kind", [0, 2, 3, 6, 12])
def test_the_frameworks_messages_are_none_of_ours(kind: int) -> None:
    assert inbound.received(struct.pack("!BBHI", 6, kind, 8, 1)) is None


RIGHT = st.one_of(
    st.builds(lambda events: report(1, events), st.lists(st.tuples(st.integers(0, 6), FLOWS), max_size=3)),
    st.just(struct.pack("!BBHIIHH", 6, wire.BUNDLE_CONTROL, 16, 7, 3, 5, 3)),
    st.just(struct.pack("!BBHIHH", 6, wire.ERROR, 12, 8, 2, 9)),
    st.just(PUNTED),
    st.just(struct.pack("!BBHIHH4xHHIHHII4x", 6, wire.MULTIPART_REPLY, 40, 1, 10, 0, 24, 6, 5, 1, 16, 100, 200)),
    st.just(struct.pack("!BBHIHH4xHBxIH6x", 6, wire.MULTIPART_REPLY, 32, 1, 7, 0, 16, 0, 5, 0)),
)


def framed(data: bytes) -> bytes:
    """With a length that is right."""
    return data[:2] + len(data).to_bytes(2, "big") + data[4:]


def spoilt(data: bytes, at: int, more: bytes) -> bytes:
    return framed(data[:at] + more + data[at + 1 :])


@given(
    st.one_of(
        st.binary(max_size=80),
        st.builds(lambda data, cut: framed(data[:-cut]), RIGHT, st.integers(1, 60)),
        st.builds(spoilt, RIGHT, st.integers(8, 90), st.binary()),
    )
)
@example(b"\x06\x13")
@example(struct.pack("!BBHI", 6, wire.BUNDLE_CONTROL, 8, 1))
@example(struct.pack("!BBHI", 6, wire.ERROR, 8, 1))
@example(struct.pack("!BBHIHH4xHH", 6, wire.MULTIPART_REPLY, 20, 1, 16, 0, 4, 0))
@example(struct.pack("!BBHIHH4xHHI", 6, wire.MULTIPART_REPLY, 24, 1, 16, 0, 8, 0, 0))
def test_spoilt_messages_are_at_worst_a_value_error(message: bytes) -> None:
    try:
        inbound.received(message)
    except ValueError:
        return
