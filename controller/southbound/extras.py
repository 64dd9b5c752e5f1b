"""The meters and groups of a connected switch: right where flows need them, gone where they do not, others' reported.

The switch tells when somebody else changed one. Then all are read again, and once more after that was undone. What
carries identities in tunnels is made once, before all flows; where it cannot be, flows that need it are not sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.southbound import beside, options
from controller.southbound.metering import Metering
from controller.southbound.wire import EVENT_ADDED, EVENT_MODIFIED
from controller.southbound.xids import OPTION, Concern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.flow.flow import Flow, Slot
    from controller.southbound.duty import Duty
    from controller.southbound.framework import Connection
    from controller.southbound.session import Beside, Change, Denied, Session


class Extras:
    """What stands beside the flows of one connection's switch."""

    def __init__(self, duty: Duty, session: Session, connection: Connection) -> None:
        self.metering = Metering()
        self._duty = duty
        self._session = session
        self._connection = connection
        self._astray: set[beside.Meter | beside.Group] = set()
        self._look_again = False
        self._told: set[str] = set()
        self._no_option: str | None = None

    def stirred(self) -> None:
        """Somebody changed something: look at all of it again."""
        self.metering.asked.clear()
        self._look()

    def _look(self) -> None:
        request = self._session.look()
        if request:
            self.metering.looks()
            self._connection.send(request)

    def take_in(self, held: Beside, kind: int) -> dict[Slot, tuple[int, ...]]:
        """What the switch has: undo what others did to it. ``kind`` of drift is what is there for no flow of ours.

        Gives the flows that have to be put again if they stand there, with the meters that they lack.
        """
        meters = [found for found in held.found if isinstance(found, beside.Meter)]
        mending, wrong = self.metering.take_in(meters)
        groups = [found for found in held.found if isinstance(found, beside.Group)]
        self._map_option(tuple(found for found in held.found if isinstance(found, beside.Option)))
        astray: set[beside.Meter | beside.Group] = {*wrong, *groups}
        news = astray - self._astray
        for found in sorted(news, key=str):
            self._duty.watcher.strayed(self._duty.chassis, self._kind(found, kind), str(found))
        self._send(mending)
        if groups:
            self._connection.send(beside.no_groups())
        if self._astray and not astray:
            self._duty.watcher.mended(self._duty.chassis)
        self._look_again = held.stale or bool(news)
        self._astray = astray
        return self.metering.unlimited(meters)

    def _map_option(self, held: tuple[beside.Option, ...]) -> None:
        """Have the switch know the option that carries identities, where it does not yet."""
        other = options.rival(held)
        if other is not None:
            self._cannot_map(f"{options.IDENTITY}: in its place is {other}")
        elif options.IDENTITY not in held:
            self._connection.send(options.identity_mapping())

    def _cannot_map(self, reason: str) -> None:
        if self._no_option is None:
            self._duty.watcher.refused(self._duty.chassis, None, reason)
        self._no_option = reason

    def barred(self, flows: Iterable[Flow]) -> Iterator[tuple[Flow, str]]:
        """The flows that are not sent, since the switch would not make what they need, each with the reason."""
        found = tuple(flows)
        yield from self.metering.barred(found)
        if self._no_option is not None:
            yield from ((flow, self._no_option) for flow in found if options.carries_identity(flow))

    def _kind(self, found: beside.Meter | beside.Group, kind: int) -> int:
        """What was done to it: a meter of ours that is wrong now was changed."""
        ours = isinstance(found, beside.Meter) and self.metering.users.use(found.number)
        return EVENT_MODIFIED if ours and kind == EVENT_ADDED else kind

    def prepare(self, change: Change) -> None:
        """Make the meters that a change needs; it is sent next."""
        self._send(self.metering.first(change))

    def tidy(self) -> None:
        """Take away what nothing uses once every change was answered; then see whether all is right, if in doubt."""
        if self._session.outstanding:
            return
        self._send(self.metering.unused())
        if self._look_again:
            self._look_again = False
            self._look()

    def denied(self, denied: Denied) -> None:
        """The switch refused what it answers only then; told once of each kind and reason."""
        if (denied.concern, denied.number) == (Concern.SETTINGS, OPTION):
            self._cannot_map(f"{options.IDENTITY}: {denied.reason}")
            return
        chosen = self.metering.denied(denied) if denied.concern.about_meters else []
        self._send(chosen)
        reason = f"{denied.concern.name} {denied.number}: {denied.reason}"
        if not chosen and reason not in self._told:
            self._told.add(reason)
            self._duty.watcher.refused(self._duty.chassis, None, reason)

    def _send(self, meter_mods: Iterable[bytes]) -> None:
        messages = tuple(meter_mods)
        self._duty.meter_mods += len(messages)
        if messages:
            self._connection.send(b"".join(messages))
