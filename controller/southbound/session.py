"""An OpenFlow session's flow side as a table of states, without I/O.

READING: the switch is telling every meter, group, option and flow it has. STEADY: bundles go out, several at a time,
and are confirmed in order; whatever the flow monitor tells now was somebody else's doing. What stands beside flows may
be read again at any time. Bytes come out of the methods, events go in.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from controller.errors import SwitchError
from controller.southbound import beside, options, wire
from controller.southbound.xids import COUNTED, Concern, concern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.flow.flow import Flow, Slot
    from controller.southbound.inbound import Received

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
class Beside:
    """Every meter, group and option the switch had when it was asked; ``stale`` where some were changed meanwhile."""

    found: tuple[beside.Found, ...]
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Holdings:
    """Every flow the switch had when the session began, and what it had beside them."""

    flows: tuple[wire.FlowEvent, ...]
    beside: Beside


@dataclass(frozen=True, slots=True)
class Stirred:
    """Somebody else changed a meter or a group: look at them again."""


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


@dataclass(frozen=True, slots=True)
class Denied:
    """The switch would not do what a message outside bundles asked; ``number`` is the meter's where it is about one."""

    concern: Concern
    number: int
    error: tuple[int, int]
    reason: str


Happened = Holdings | Beside | Drifted | Stirred | Confirmed | Refused | Denied


@dataclass(slots=True)
class _Sent:
    change: Change
    first: int
    last: int
    refusal: wire.Refusal | None = None


@dataclass(slots=True)
class _Look:
    """Answers about what stands beside flows, which have yet to come to their end."""

    asked: set[int]
    found: list[beside.Found] = field(default_factory=list)
    stale: bool = False


class Session:
    """One connection's flow messages. Bundle ids and xids count up; they mean nothing beyond the connection."""

    def __init__(self) -> None:
        self.state = State.NEW
        self._xid = 0x10000
        self._bundle = 0
        self._asked = 0
        self._read: dict[Slot, wire.FlowEvent] = {}
        self._sent: deque[_Sent] = deque()
        self._look: _Look | None = None
        self._stood = Beside(())

    @property
    def outstanding(self) -> int:
        """Bundles that the switch has not answered yet."""
        return len(self._sent)

    def start(self) -> bytes:
        """The request that begins READING."""
        self.state = State.READING
        before = beside.settings() + self.look()
        self._asked = self._next(1)
        return before + wire.monitor_request(MONITOR, self._asked)

    def look(self) -> bytes:
        """The request to tell of what stands beside flows; nothing while such an answer is on its way."""
        if self._look is not None:
            self._look.stale = True
            return b""
        meters = self._next(3)
        groups, mapped = meters + 1, meters + 2
        self._look = _Look({meters, groups, mapped})
        return beside.meters_request(meters) + beside.groups_request(groups) + options.options_request(mapped)

    def commit(self, change: Change) -> Iterator[bytes]:
        """The messages that make the change, all or nothing."""
        if self.state is not State.STEADY:
            raise SwitchError(f"flows cannot be changed while the session is {self.state.name}")
        count = len(change.puts) + len(change.deletes)
        first = self._next(count + 2)
        self._bundle = self._bundle % 0xFFFF + 1
        self._sent.append(_Sent(change, first, first + count + 1))
        return wire.bundle(self._bundle, first, change.puts, change.deletes)

    def receive(self, message: Received) -> Happened | None:
        """What the message means; None where nothing has come to an end yet."""
        match message:
            case wire.FlowReport():
                return self._report(message)
            case wire.BundleReply(kind=wire.COMMIT_REPLY, xid=xid):
                return self._committed(xid)
            case wire.Refusal():
                return self._refused(message)
            case beside.Report():
                return self._looked(message)
            case beside.Forwarded():
                return Stirred()
        return None

    def _next(self, count: int) -> int:
        first = self._xid
        self._xid = (self._xid + count) & COUNTED
        return first

    def _report(self, report: wire.FlowReport) -> Happened | None:
        if self.state is not State.READING:
            return Drifted(report.events) if report.events else None
        for event in report.events:
            if event.kind == wire.EVENT_REMOVED:
                self._read.pop(event.slot, None)
            else:
                self._read[event.slot] = event
        if not report.more and report.xid == self._asked:
            self._asked = 0
        return self._holdings()

    def _looked(self, report: beside.Report) -> Happened | None:
        """What there is beside the flows is told when all answers have ended."""
        look = self._look
        if look is None or report.xid not in look.asked:
            return None
        look.found += report.found
        if not report.more:
            look.asked.discard(report.xid)
        if look.asked:
            return None
        self._look, self._stood = None, Beside(tuple(look.found), look.stale)
        return self._holdings() if self.state is State.READING else self._stood

    def _holdings(self) -> Holdings | None:
        """Everything there was, once all of it was read."""
        if self._asked or self._look is not None:
            return None
        self.state = State.STEADY
        flows, self._read = tuple(self._read.values()), {}
        return Holdings(flows, self._stood)

    def _committed(self, xid: int) -> Happened | None:
        if not self._sent or self._sent[0].last != xid:
            raise SwitchError(f"the switch confirmed a bundle (xid {xid}) that is not the one it should be at")
        sent = self._sent.popleft()
        if sent.refusal is None:
            return Confirmed(sent.change)
        return _refusal(sent, sent.refusal)  # Open vSwitch commits a bundle without the messages it did not take

    def _refused(self, refusal: wire.Refusal) -> Happened | None:
        """A message of a bundle fails first, then its commit: the bundle has ended with the second."""
        about = concern(refusal.xid)
        if about is not None:
            return Denied(*about, (refusal.type, refusal.code), _words(refusal))
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
    return Refused(sent.change, flow, _words(cause))


def _words(refusal: wire.Refusal) -> str:
    return f"OpenFlow error type {refusal.type}, code {refusal.code}"
