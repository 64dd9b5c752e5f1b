"""The meters and groups of a connected switch: right where flows need them, gone where they do not, others' reported.

The switch tells when somebody else changed one. Then all are read again, and once more after that was undone. What
carries identities in tunnels is made once, before all flows.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from controller.southbound import beside
from controller.southbound.grouping import Grouping
from controller.southbound.metering import Metering, meters_used
from controller.southbound.tlv_map import TlvMap
from controller.southbound.wire import EVENT_ADDED, EVENT_MODIFIED
from controller.southbound.xids import OPTION, Concern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.flow.flow import Flow, Slot
    from controller.southbound.duty import Duty
    from controller.southbound.framework import Connection
    from controller.southbound.session import Beside, Change, Denied, Session

MOST_ASKED = 8
"""More than there are changes on their way at a time."""


class Extras:
    """What stands beside the flows of one connection's switch."""

    def __init__(self, duty: Duty, session: Session, connection: Connection) -> None:
        self.metering = Metering()
        self.grouping = Grouping()
        self._tlv_map = TlvMap(duty, connection)
        self._duty = duty
        self._session = session
        self._connection = connection
        self._asked: Counter[int] = Counter()
        self._astray: set[beside.Meter | beside.Group] = set()
        self._look_again = False
        self._told: set[str] = set()

    def begin(self, flows: Iterable[Flow], held: Beside, kind: int) -> dict[Slot, tuple[int, ...]]:
        """These flows are to stand on a switch that has this beside them; as ``take_in`` otherwise."""
        found = tuple(flows)
        self.metering.begin(found)
        self.grouping.begin(found)
        return self.take_in(held, kind)

    def stirred(self) -> None:
        """Somebody changed something: look at all of it again."""
        self._asked.clear()
        self._look()

    def _look(self) -> None:
        request = self._session.look()
        if request:
            self.metering.looks()
            self._connection.send(request)

    def take_in(self, held: Beside, kind: int) -> dict[Slot, tuple[int, ...]]:
        """What the switch has: undo what others did to it.

        ``kind`` of drift is what is there for no flow of ours; what is ours and wrong was changed. Gives the flows that
        have to be put again if they stand there, with the meters that they lack.
        """
        meters = [found for found in held.found if isinstance(found, beside.Meter)]
        limits, wrong_meters = self.metering.take_in(meters)
        ways, wrong_groups = self.grouping.take_in([found for found in held.found if isinstance(found, beside.Group)])
        self._tlv_map.take_in(tuple(found for found in held.found if isinstance(found, beside.Option)))
        astray: set[beside.Meter | beside.Group] = {*wrong_meters, *wrong_groups}
        news = astray - self._astray
        for found in sorted(news, key=str):
            users = self.metering.users if isinstance(found, beside.Meter) else self.grouping.users
            changed = kind == EVENT_ADDED and users.use(found.number)
            self._duty.watcher.strayed(self._duty.chassis, EVENT_MODIFIED if changed else kind, str(found))
        self._send(limits, ways)
        if self._astray and not astray:
            self._duty.watcher.mended(self._duty.chassis)
        self._look_again = held.stale or bool(news)
        self._astray = astray
        return self.metering.unlimited(meters)

    def barred(self, flows: Iterable[Flow]) -> Iterator[tuple[Flow, str]]:
        """The flows that are not sent, since the switch would not make what they need, each with the reason."""
        found = tuple(flows)
        yield from self.metering.barred(found)
        yield from self.grouping.barred(found)
        yield from self._tlv_map.barred(found)

    def prepare(self, change: Change) -> None:
        """Make the meters and groups that a change needs; it is sent next."""
        self._send(self.metering.first(change), self.grouping.first(change))

    def tidy(self) -> None:
        """Take away what nothing uses once every change was answered; then see whether all is right, if in doubt."""
        if self._session.outstanding:
            return
        self._send(self.metering.unused(), self.grouping.unused())
        if self._look_again:
            self._look_again = False
            self._look()

    def doubt(self, flow: Flow) -> None:
        """Somebody took a flow away, perhaps with what it needs: that is made again before it is put back."""
        self.metering.doubt(flow)
        self.grouping.doubt(flow)

    def doubtful(self, flow: Flow) -> bool:
        """Whether the switch may have refused a flow for meters or groups that somebody took away.

        Every change on its way that holds the flow may come back for that. It ends there, until it is heard again that
        somebody changed something.
        """
        needs = flow.groups or meters_used(flow.instructions)
        if self._asked[flow.cookie] > MOST_ASKED or not needs or any(self.barred((flow,))):
            return False
        self._asked[flow.cookie] += 1
        self.doubt(flow)
        return True

    def denied(self, denied: Denied) -> None:
        """The switch refused what it answers only then; told once of each kind and reason."""
        if (denied.concern, denied.number) == (Concern.SETTINGS, OPTION):
            self._tlv_map.fails(denied.reason)
            return
        if denied.concern is Concern.GROUP:
            self.grouping.denied(denied)
        chosen = self.metering.denied(denied) if denied.concern.about_meters else []
        self._send(chosen, [])
        reason = f"{denied.concern.name} {denied.number}: {denied.reason}"
        if not chosen and reason not in self._told:
            self._told.add(reason)
            self._duty.watcher.refused(self._duty.chassis, None, reason)

    def _send(self, meter_mods: list[bytes], group_mods: list[bytes]) -> None:
        self._duty.meter_mods += len(meter_mods)
        self._duty.group_mods += len(group_mods)
        if meter_mods or group_mods:
            self._connection.send(b"".join((*meter_mods, *group_mods)))
