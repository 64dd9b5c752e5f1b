"""Who asks what flows have counted is told all of it, or why not, and nobody waits for ever."""

from __future__ import annotations

import struct
import threading
from typing import TYPE_CHECKING

import pytest

from controller.errors import SwitchError
from controller.flow.fields import ETH_IP, ETH_TYPE, REGS
from controller.flow.flow import encoded_match
from controller.southbound import flow_counts, inbound, wire
from controller.southbound.flow_counts import CountsReport, FlowCount, FlowCounts
from controller.southbound.xids import Concern

if TYPE_CHECKING:
    from collections.abc import Callable

FROM_OVS = bytes.fromhex(
    "06130108000000070001000000000000007800000000000a00000000000000004edf5927a1e1a2bc0001000a80000a020800000000000000"
    "0000003480020008000000011082af4080020208000000010000000080020808000000000000000380020a08000000000000007e00000000"
    "00040018000000000000001000000002ffff000000000000008000000500000a00000000000000004e746a5e85521aec0001001880010710"
    "0000000700000000ffffffff000000000000003480020008000000011082af4080020208000000010000000080020808000000000000000380"
    "020a0800000000000000000000000000040018000000000000001000000002ffff000000000000"
)
"""What Open vSwitch 3.1 says of two flows, one of which took three packets of 42 bytes."""
TAKEN = FlowCount(
    *(0, 10, encoded_match({ETH_TYPE: ETH_IP}), 0x4EDF5927A1E1A2BC),
    *(3, 126, pytest.approx(1.277, abs=1e-3), pytest.approx(1.0)),
)


class Line:
    """A switch that says, in a thread of its own, what ``answer`` makes of the xid of a question."""

    def __init__(self, answer: Callable[[int], list[bytes]]) -> None:
        self.room = True
        self.asked: list[bytes] = []
        self.counts = FlowCounts({"hv1": self}.get)  # type: ignore[arg-type]  # what it uses of a connection
        self._answer = answer

    def offer(self, data: bytes) -> bool:
        self.asked.append(data)
        (xid,) = struct.unpack_from("!I", data, 4)
        threading.Thread(target=self._say, args=(self._answer(xid),)).start()
        return self.room

    def _say(self, answers: list[bytes]) -> None:
        for message in answers:
            told = inbound.received(message)
            assert told is not None
            assert self.counts.received(told)


def part(xid: int, body: bytes, *, more: bool = False) -> bytes:
    head = (wire.VERSION, wire.MULTIPART_REPLY, 16 + len(body), xid, flow_counts.FLOW_DESC, more)
    return struct.pack("!BBHIHH4x", *head) + body


def refusal(xid: int) -> list[bytes]:
    return [struct.pack("!BBHIHH", wire.VERSION, wire.ERROR, 12, xid, 1, 6)]


def test_what_open_vswitch_says_is_read() -> None:
    report = inbound.received(FROM_OVS)
    assert isinstance(report, CountsReport)
    assert (report.xid, report.more, report.counts[0]) == (7, False, TAKEN)
    other = report.counts[1]
    assert (other.table, other.match, other.packets) == (5, encoded_match({REGS[6]: 7}), 3)


def test_an_answer_in_several_parts_is_told_as_one() -> None:
    body = FROM_OVS[16:]
    line = Line(lambda xid: [part(xid, body[:120], more=True), part(xid, b"", more=True), part(xid, body[120:])])
    found = line.counts.ask("hv1", 5, encoded_match({REGS[6]: 7}))
    assert [one.cookie for one in found] == [0x4EDF5927A1E1A2BC, 0x4E746A5E85521AEC]
    (asked,) = line.asked
    assert asked[16] == 5
    assert asked[32:48] == bytes(16), "whatever their cookies"
    assert encoded_match({REGS[6]: 7}) in asked


def test_who_asks_a_switch_that_is_not_there_is_told_so() -> None:
    with pytest.raises(SwitchError, match="hv2 is not connected"):
        Line(lambda _: []).counts.ask("hv2", 5)


def test_who_asks_a_switch_that_says_nothing_is_told_so_in_time() -> None:
    with pytest.raises(SwitchError, match="did not say within"):
        Line(lambda _: []).counts.ask("hv1", 5, seconds=0.05)


def test_a_switch_that_refuses_or_has_too_much_to_say_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SwitchError, match="type 1, code 6"):
        Line(refusal).counts.ask("hv1", 5)
    monkeypatch.setattr(flow_counts, "MOST_FLOWS", 1)
    with pytest.raises(SwitchError, match="more than 1 counts"):
        Line(lambda xid: [part(xid, FROM_OVS[16:], more=True)]).counts.ask("hv1", 5)


def test_who_waits_for_a_switch_that_leaves_is_told_so() -> None:
    line = Line(lambda _: [])
    threading.Timer(0.05, line.counts.closed, (line,)).start()
    with pytest.raises(SwitchError, match="it left"):
        line.counts.ask("hv1", 5, seconds=10)


def test_a_switch_that_takes_in_nothing_is_not_waited_for() -> None:
    line = Line(lambda _: [])
    line.room = False
    with pytest.raises(SwitchError, match="less than it is given"):
        line.counts.ask("hv1", 5)


def test_a_late_answer_and_one_to_somebody_else_are_told_apart() -> None:
    counts = Line(lambda _: []).counts
    assert counts.received(CountsReport(Concern.COUNTS.xid(9), (), more=False))
    assert counts.received(wire.Refusal(Concern.COUNTS.xid(9), 1, 6, b""))
    assert not counts.received(wire.Refusal(Concern.FLUSH.xid(9), 1, 6, b""))
    assert not counts.received(wire.Refusal(7, 1, 6, b""))


@pytest.mark.parametrize("cut", range(17, 136))
def test_a_truncated_answer_is_a_value_error_or_less(cut: int) -> None:
    whole = part(7, FROM_OVS[16:136])
    message = whole[:2] + struct.pack("!H", cut) + whole[4:cut]
    with pytest.raises(ValueError, match="truncated"):
        inbound.received(message)
