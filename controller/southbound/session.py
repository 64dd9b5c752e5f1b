"""An OpenFlow session's flow side as a table of states, without I/O.

READING: the switch is telling every flow it has. STEADY: bundles go out, several at a time, and are confirmed in order;
whatever the flow monitor tells now was somebody else's doing. Bytes come out of the methods, events go in.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from controller.errors import SwitchError
from controller.southbound import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.flow.flow import Flow, Slot

MONITOR = 1


class State(Enum):
    """Where a session stands."""

    NEW = auto()
    READING = auto()
    STEADY = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """One bundle's worth of flows; ``tag`` is the caller's, handed back when the switch has answered."""

    tag: object
    puts: tuple[Flow, ...]
    deletes: tuple[Flow, ...]


@dataclass(frozen=True, slots=True)
class Holdings:
    """Every flow the switch had when the session began."""

    flows: tuple[wire.FlowEvent, ...]


@dataclass(frozen=True, slots=True)
class Drifted:
    """Flows that somebody else added, changed or removed."""

    events: tuple[wire.FlowEvent, ...]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The switch holds what the change asked for."""

    change: Change


@dataclass(frozen=True, slots=True)
class Refused:
    """The switch did nothing of the change; ``flow`` is the one it named, if it named one."""

    change: Change
    flow: Flow | None
    reason: str


Happened = Holdings | Drifted | Confirmed | Refused


@dataclass(slots=True)
class _Sent:
    change: Change
    first: int
    last: int
    refusal: wire.Refusal | None = None


class Session:
    """One connection's flow messages. Bundle ids and xids count up; they mean nothing beyond the connection."""

    def __init__(self) -> None:
        self.state = State.NEW
        self._xid = 0x10000
        self._bundle = 0
        self._asked = 0
        self._read: dict[Slot, wire.FlowEvent] = {}
        self._sent: deque[_Sent] = deque()

    @property
    def outstanding(self) -> int:
        """Bundles that the switch has not answered yet."""
        return len(self._sent)

    def start(self) -> bytes:
        """The request that begins READING."""
        self.state = State.READING
        self._asked = self._next(1)
        return wire.monitor_request(MONITOR, self._asked)

    def commit(self, change: Change) -> Iterator[bytes]:
        """The messages that make the change, all or nothing."""
        if self.state is not State.STEADY:
            raise SwitchError(f"flows cannot be changed while the session is {self.state.name}")
        count = len(change.puts) + len(change.deletes)
        first = self._next(count + 2)
        self._bundle = self._bundle % 0xFFFF + 1
        self._sent.append(_Sent(change, first, first + count + 1))
        return wire.bundle(self._bundle, first, change.puts, change.deletes)

    def receive(self, message: wire.Received) -> Happened | None:
        """What the message means; None where nothing has come to an end yet."""
        match message:
            case wire.FlowReport():
                return self._report(message)
            case wire.BundleReply(kind=wire.COMMIT_REPLY, xid=xid):
                return self._committed(xid)
            case wire.Refusal():
                return self._refused(message)
        return None

    def _next(self, count: int) -> int:
        first = self._xid
        self._xid = (self._xid + count) & 0x7FFFFFFF
        return first

    def _report(self, report: wire.FlowReport) -> Happened | None:
        if self.state is not State.READING:
            return Drifted(report.events) if report.events else None
        for event in report.events:
            if event.kind == wire.EVENT_REMOVED:
                self._read.pop(event.slot, None)
            else:
                self._read[event.slot] = event
        if report.more or report.xid != self._asked:
            return None
        self.state = State.STEADY
        flows, self._read = tuple(self._read.values()), {}
        return Holdings(flows)

    def _committed(self, xid: int) -> Happened | None:
        if not self._sent or self._sent[0].last != xid:
            raise SwitchError(f"the switch confirmed a bundle (xid {xid}) that is not the one it should be at")
        sent = self._sent.popleft()
        if sent.refusal is None:
            return Confirmed(sent.change)
        return _refusal(sent, sent.refusal)  # Open vSwitch commits a bundle without the messages it did not take

    def _refused(self, refusal: wire.Refusal) -> Happened | None:
        """A message of a bundle fails first, then its commit: the bundle has ended with the second."""
        sent = next((sent for sent in self._sent if sent.first <= refusal.xid <= sent.last), None)
        if sent is None:
            raise SwitchError(f"the switch refused message {refusal.xid}: error {refusal.type}, {refusal.code}")
        if refusal.xid != sent.last:
            sent.refusal = sent.refusal or refusal
            return None
        self._sent.remove(sent)
        return _refusal(sent, sent.refusal or refusal)


def _refusal(sent: _Sent, cause: wire.Refusal) -> Refused:
    flows = (*sent.change.puts, *sent.change.deletes)
    place = cause.xid - sent.first - 1
    flow = flows[place] if 0 <= place < len(flows) else None
    return Refused(sent.change, flow, f"OpenFlow error type {cause.type}, code {cause.code}")
