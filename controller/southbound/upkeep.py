"""A connected switch brought to where the catalogue wants it, and kept there, for as long as this connection lasts.

When it begins, flows and what stands beside them are read and the difference sent, so that nothing is sent to a switch
that is right. Changes go in bundles and are confirmed. What somebody else touched is put back at once and reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.errors import SwitchError
from controller.southbound.agenda import BUNDLE_SIZE, Flush
from controller.southbound.conntrack import ct_flush
from controller.southbound.difference import as_flow, difference, drifts, meddled, still_wanted
from controller.southbound.extras import Extras
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
from controller.southbound.wire import EVENT_ADDED, EVENT_INITIAL, EVENT_REMOVED
from controller.sync import Step, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from controller.flow.flow import Flow, Slot
    from controller.southbound.duty import Duty
    from controller.southbound.framework import Connection
    from controller.southbound.inbound import Received
    from controller.southbound.wire import FlowEvent

WINDOW = 3


@dataclass(frozen=True, slots=True)
class _Resync:
    """The tag of the changes that bring a switch from what it held to what it should hold."""

    last: bool
    drifted: bool


class _Mend:
    """The tag of a change that undoes drift."""


class Upkeep:
    """One connection's state."""

    def __init__(self, duty: Duty, connection: Connection) -> None:
        self.connection = connection
        self.in_sync = False
        self._duty = duty
        self._session = Session()
        self._extras = Extras(duty, self._session, connection)

    def begin(self) -> None:
        """Read the switch."""
        self._duty.refusals.clear()
        self._duty.agenda.drop()
        self.connection.send(self._session.start())

    def message(self, message: Received) -> None:
        """One message of the switch; raises SwitchError where it says what cannot be."""
        match self._session.receive(message):
            case Holdings() as holdings:
                self._resync(holdings)
            case Confirmed(change=change):
                self._confirmed(change)
            case Drifted(events=events):
                self._mend([event for event in events if drifts(event, self._duty.at(event.slot))])
            case Refused() as refused:
                self._refused(refused)
            case Stirred():
                self._extras.stirred()
            case Beside() as found:
                self._put_again(self._extras.take_in(found, EVENT_ADDED))
                self._extras.tidy()
            case Denied() as denied:
                self._extras.denied(denied)

    def advance(self) -> None:
        """Send what may be sent: mended flows first, then steps in their order, each when its phase may begin."""
        agenda, session = self._duty.agenda, self._session
        while session.state is State.STEADY and session.outstanding < WINDOW:
            if self.in_sync and (flush := agenda.next_flush()):
                self._flush(flush)
                continue
            change = agenda.next_change(steps=self.in_sync)
            if change is None:
                return
            change = self._takeable(change)
            if not change.puts and not change.deletes:
                self._confirmed(change)
                continue
            self._extras.prepare(change)
            self._duty.flow_mods += len(change.puts) + len(change.deletes)
            self.connection.send(b"".join(session.commit(change)))
            again = self._standing(self._extras.metering.overdue())
            if again:
                agenda.line_up([None], [(again, ())])

    def _resync(self, held: Holdings) -> None:
        """Send what is missing or different, take away what should not be; steps that came before are part of that."""
        duty = self._duty
        duty.agenda.drop()
        wanted = list(duty.wanted.flows(duty.chassis))
        unlimited = self._extras.begin(wanted, held.beside, EVENT_INITIAL)
        puts, deletes = difference(tuple(event for event in held.flows if event.slot not in unlimited), wanted)
        slots = {flow.slot: flow for flow in puts}
        drifted = meddled(held.flows, slots.keys() | {flow.slot for flow in deletes})
        for event in drifted:
            duty.watcher.drifted(duty.chassis, event, slots.get(event.slot))
        bundles = in_order(puts, deletes, BUNDLE_SIZE)
        tags = [_Resync(last=bundle is bundles[-1], drifted=bool(drifted)) for bundle in bundles]
        duty.agenda.line_up(tags, bundles)

    def _confirmed(self, change: Change) -> None:
        watcher, chassis = self._duty.watcher, self._duty.chassis
        match change.tag:
            case _Resync(last=True, drifted=drifted):
                self.in_sync = True
                if drifted:
                    watcher.mended(chassis)
            case Step() as step:
                self._duty.agenda.end(step)
            case _Mend():
                watcher.mended(chassis)
        if self.in_sync:
            self._extras.tidy()
        if change.tag is not None:
            watcher.settled(chassis)

    def _mend(self, events: list[FlowEvent]) -> None:
        """Put back what others touched, take away what they added."""
        duty = self._duty
        puts: dict[Slot, Flow] = {}
        deletes: list[Flow] = []
        for event in events:
            wanted = duty.at(event.slot)
            duty.watcher.drifted(duty.chassis, event, wanted)
            if wanted is not None:
                puts[event.slot] = wanted
                self._extras.doubt(wanted)
            else:
                deletes.append(as_flow(duty.chassis, event))
        if events:
            duty.agenda.line_up([_Mend()], [(tuple(puts.values()), tuple(deletes))])

    def _put_again(self, unlimited: Mapping[Slot, tuple[int, ...]]) -> None:
        """Others took meters away: flows that copy within them are put again with them."""
        duty = self._duty
        flows = self._standing(unlimited)
        if not flows:
            return
        for number in sorted({number for flow in flows for number in unlimited[flow.slot]}):
            duty.watcher.strayed(duty.chassis, EVENT_REMOVED, f"meter={number}")
        duty.agenda.line_up([_Mend()], [(flows, ())])

    def _standing(self, slots: Iterable[Slot]) -> tuple[Flow, ...]:
        return tuple(flow for slot in slots if (flow := self._duty.at(slot)) is not None)

    def _refused(self, refused: Refused) -> None:
        """Make the change again without the flow; with it once more where a meter or group may be what was missing."""
        duty, flow = self._duty, refused.flow
        if flow is None:
            raise SwitchError(refused.reason)
        if self._extras.doubtful(flow):
            duty.agenda.again(still_wanted(refused.change, None, duty.at, duty.refusals))
            return
        _, reason = next(self._extras.barred((flow,)), (flow, refused.reason))
        duty.watcher.refused(duty.chassis, flow, reason)
        duty.refusals[flow.cookie] = reason
        duty.agenda.again(still_wanted(refused.change, flow, duty.at, duty.refusals))

    def _takeable(self, change: Change) -> Change:
        """The change without the flows that the switch will not take, since it would not make what they need."""
        duty = self._duty
        for flow, reason in list(self._extras.barred(change.puts)):
            duty.watcher.refused(duty.chassis, flow, reason)
            duty.refusals[flow.cookie] = reason
            change = still_wanted(change, flow, duty.at, duty.refusals)
        return change

    def _flush(self, flush: Flush) -> None:
        """Have connections forgotten, and again a little later."""
        self.connection.send(ct_flush(flush.connections))
        for seconds in flush.again:
            self._duty.later(seconds, self._duty.inbox.put, Flush(flush.connections))
