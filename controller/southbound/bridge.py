"""A bridge kept exactly where the catalogue wants it: read, compared, changed in bundles, confirmed, mended.

One greenlet a bridge takes its inputs in order: connections, messages, steps of turns. When a switch connects, its
flows are read and the difference sent, so that nothing is sent to a switch that is right. A flow that somebody else
touched is put back at once and reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from controller.errors import SwitchError
from controller.flow.flow import Flow, Here, Slot, cookie
from controller.southbound.agenda import BUNDLE_SIZE, Agenda
from controller.southbound.session import Change, Confirmed, Drifted, Holdings, Refused, Session, State
from controller.southbound.wire import ANY_COOKIE, EVENT_REMOVED, FlowEvent
from controller.sync import Step, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

    from controller.southbound.framework import Connection
    from controller.southbound.wire import Received

WINDOW = 3


class Wanted(Protocol):
    """What should stand on a chassis (the compiler's catalogue)."""

    def flows(self, chassis: str) -> Iterator[Flow]:
        """Everything that should stand there."""

    def at(self, chassis: str, slot: Slot) -> Flow | None:
        """The flow that should stand in this slot."""


class Watcher(Protocol):
    """Who is told how a bridge does."""

    def settled(self, chassis: str) -> None:
        """Something was confirmed, or the bridge came or went."""

    def go_on(self, chassis: str) -> None:
        """A phase that this bridge waited for has ended."""

    def mended(self, chassis: str) -> None:
        """What drifted stands as it should again."""

    def drifted(self, chassis: str, event: FlowEvent, flow: Flow | None) -> None:
        """Somebody else touched a flow; ``flow`` is what is being put back, None where the foreign one is removed."""

    def bug(self, where: str, key: str, error: Exception) -> None:
        """Something of ours went wrong; the switch is read anew."""

    def refused(self, chassis: str, flow: Flow | None, reason: str) -> None:
        """The switch would not take a flow."""


@dataclass(frozen=True, slots=True)
class _Resync:
    """The tag of the changes that bring a switch from what it held to what it should hold."""

    last: bool
    drifted: bool


class _Mend:
    """The tag of a change that undoes drift."""


class Bridge:
    """The greenlet's state. ``inbox`` is a queue of the framework's hub, fed by whoever has news."""

    def __init__(self, chassis: str, inbox: Any, wanted: Wanted, watcher: Watcher) -> None:
        self.chassis = chassis
        self.inbox = inbox
        self.connection: Connection | None = None
        self.in_sync = False
        self.refusals: dict[int, str] = {}
        self.flow_mods = 0
        self._wanted = wanted
        self._watcher = watcher
        self._session = Session()
        self._agenda = Agenda(chassis, watcher.go_on)

    def confirmed(self, newest: int) -> int:
        """The last turn that the switch confirmed with all before it; ``newest`` where nothing is outstanding."""
        return self._agenda.oldest(newest + 1) - 1 if self.in_sync else -1

    def run(self) -> None:
        """Take inputs for ever: a Connection that opened, a (connection, message) pair, a Step, None to look again."""
        while True:
            news = self.inbox.get()
            try:
                self.take(news)
                self._advance()
            except Exception as error:  # noqa: BLE001 - our bug must not cost this bridge its greenlet
                self._start_over(error)

    def take(self, news: Any) -> None:
        """One input."""
        match news:
            case Step():
                self._agenda.add(news)
                if self.connection is None:
                    self._agenda.drop()
            case (connection, None):
                self._closed(connection)
            case (connection, message) if connection is self.connection:
                self._message(message)
            case (_, _) | None:
                pass
            case connection:
                self._opened(connection)

    def _opened(self, connection: Connection) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection, self.in_sync, self._session = connection, False, Session()
        self.refusals.clear()
        self._agenda.drop()
        connection.send(self._session.start())

    def _closed(self, connection: Connection) -> None:
        if connection is not self.connection:
            return
        self.connection, self.in_sync = None, False
        self._agenda.drop()
        self._watcher.settled(self.chassis)

    def _message(self, message: Received) -> None:
        match self._session.receive(message):
            case Holdings(flows=flows):
                self._resync(flows)
            case Confirmed(change=change):
                self._confirmed(change)
            case Drifted(events=events):
                wrong = [event for event in events if drifts(event, self._wanted.at(self.chassis, event.slot))]
                self._mend(wrong)
            case Refused(change=change, flow=flow, reason=reason):
                if flow is None:
                    raise SwitchError(reason)
                self._watcher.refused(self.chassis, flow, reason)
                self.refusals[flow.cookie] = reason
                self._agenda.again(still_wanted(change, flow, lambda slot: self._wanted.at(self.chassis, slot)))

    def _start_over(self, error: Exception) -> None:
        """End a connection whose state is not understood: the switch reconnects and is read anew."""
        if isinstance(error, SwitchError):
            self._watcher.refused(self.chassis, None, str(error))
        else:
            self._watcher.bug("bridge", self.chassis, error)
        if self.connection is not None:
            self.connection.close()

    def _resync(self, held: tuple[FlowEvent, ...]) -> None:
        """Send what is missing or different, take away what should not be; steps that came before are part of that."""
        self._agenda.drop()
        puts, deletes = difference(held, list(self._wanted.flows(self.chassis)))
        slots = {flow.slot: flow for flow in puts}
        drifted = meddled(held, slots.keys() | {flow.slot for flow in deletes})
        for event in drifted:
            self._watcher.drifted(self.chassis, event, slots.get(event.slot))
        bundles = in_order(puts, deletes, BUNDLE_SIZE)
        tags = [_Resync(last=bundle is bundles[-1], drifted=bool(drifted)) for bundle in bundles]
        self._agenda.line_up(tags, bundles)

    def _confirmed(self, change: Change) -> None:
        match change.tag:
            case _Resync(last=True, drifted=drifted):
                self.in_sync = True
                if drifted:
                    self._watcher.mended(self.chassis)
            case Step() as step:
                self._agenda.end(step)
            case _Mend():
                self._watcher.mended(self.chassis)
            case _:
                return
        self._watcher.settled(self.chassis)

    def _mend(self, events: list[FlowEvent]) -> None:
        """Put back what others touched, take away what they added."""
        puts: dict[Slot, Flow] = {}
        deletes: list[Flow] = []
        for event in events:
            wanted = self._wanted.at(self.chassis, event.slot)
            self._watcher.drifted(self.chassis, event, wanted)
            if wanted is not None:
                puts[event.slot] = wanted
            else:
                deletes.append(as_flow(self.chassis, event))
        if events:
            self._agenda.line_up([_Mend()], [(tuple(puts.values()), tuple(deletes))])

    def _advance(self) -> None:
        """Send what may be sent: mended flows first, then steps in their order, each when its phase may begin."""
        while self._session.state is State.STEADY and self._session.outstanding < WINDOW and self.connection:
            change = self._agenda.next_change(steps=self.in_sync)
            if change is None:
                return
            if not change.puts and not change.deletes:
                self._confirmed(change)
                continue
            self.flow_mods += len(change.puts) + len(change.deletes)
            self.connection.send(b"".join(self._session.commit(change)))


def difference(held: tuple[FlowEvent, ...], wanted: list[Flow]) -> tuple[tuple[Flow, ...], tuple[Flow, ...]]:
    """What to put and what to delete so that ``held`` becomes ``wanted``; both empty when they are equal."""
    standing = {event.slot: event for event in held}
    puts = tuple(flow for flow in wanted if not ((event := standing.get(flow.slot)) and event.holds(flow)))
    slots = {flow.slot for flow in wanted}
    return puts, tuple(as_flow("", event) for event in held if event.slot not in slots)


def still_wanted(change: Change, refused: Flow, at: Callable[[Slot], Flow | None]) -> Change:
    """What of a change is to be made again without the flow that was refused.

    Later changes may have been made meanwhile: what they replaced or brought back is left as it is. A slot that is left
    without its flow is emptied: what stood there before is not what should, and doubtful means closed.
    """
    puts = tuple(flow for flow in change.puts if flow is not refused and same(at(flow.slot), flow))
    deletes = tuple(flow for flow in change.deletes if flow is not refused and not same(at(flow.slot), flow))
    left = (flow for flow in change.puts if at(flow.slot) is None or (flow is refused and same(at(flow.slot), flow)))
    return Change(change.tag, puts, (*deletes, *(Flow(flow.scope, *flow.slot, b"", ANY_COOKIE) for flow in left)))


def same(one: Flow | None, other: Flow) -> bool:
    """Whether both are the same flow, whatever scope it was made for."""
    return one is not None and one.cookie == other.cookie


def drifts(event: FlowEvent, wanted: Flow | None) -> bool:
    """Whether what a switch tells of a slot differs from the flow that should stand there."""
    if event.kind == EVENT_REMOVED:
        return wanted is not None and wanted.cookie == event.cookie
    return wanted is None or not event.holds(wanted)


def meddled(held: tuple[FlowEvent, ...], wrong: AbstractSet[Slot]) -> list[FlowEvent]:
    """Of the slots that are wrong, the flows that others put there while nobody looked."""
    return [event for event in held if event.slot in wrong and foreign(event)]


def foreign(event: FlowEvent) -> bool:
    """Whether netloom never made this flow: its cookie is not its content's."""
    return event.cookie != cookie(event.table, event.priority, event.match, event.instructions)


def as_flow(chassis: str, event: FlowEvent) -> Flow:
    """What a switch told of a flow, as a flow."""
    return Flow(Here(chassis), event.table, event.priority, event.match, event.instructions, event.cookie)
