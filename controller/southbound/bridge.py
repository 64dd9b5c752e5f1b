"""A bridge kept exactly where the catalogue wants it, whichever connection its switch has, and while it has none.

One greenlet a bridge takes its inputs in order: connections, messages, steps of turns, connections to be forgotten.
What a connection needs from its begin to its end is in ``upkeep``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.errors import SwitchError
from controller.southbound.agenda import Agenda, Flush
from controller.southbound.duty import Duty
from controller.southbound.upkeep import Upkeep
from controller.sync import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.southbound.duty import Wanted, Watcher
    from controller.southbound.framework import Connection


class Bridge:
    """The greenlet's state. ``inbox`` is a queue of the framework's hub, fed by whoever has news.

    ``later`` calls a function with an argument after some seconds.
    """

    def __init__(
        self, chassis: str, inbox: Any, wanted: Wanted, watcher: Watcher, later: Callable[..., object]
    ) -> None:
        self.chassis = chassis
        self.inbox = inbox
        self._duty = Duty(chassis, inbox, wanted, watcher, Agenda(chassis, watcher.go_on, later), later)
        self._upkeep: Upkeep | None = None

    @property
    def connection(self) -> Connection | None:
        """The switch's connection, while there is one."""
        return self._upkeep.connection if self._upkeep is not None else None

    @property
    def in_sync(self) -> bool:
        """Whether the switch is there and has confirmed what it should hold since it came."""
        return self._upkeep is not None and self._upkeep.in_sync

    @property
    def refusals(self) -> dict[int, str]:
        """Why the switch would not take flows, by cookie."""
        return self._duty.refusals

    @property
    def flow_mods(self) -> int:
        """How many flow changes were sent."""
        return self._duty.flow_mods

    @property
    def beside_mods(self) -> tuple[int, int]:
        """How many changes of meters, and of groups, were sent."""
        return self._duty.meter_mods, self._duty.group_mods

    def confirmed(self, newest: int) -> int:
        """The last turn that the switch confirmed with all before it; ``newest`` where nothing is outstanding."""
        return self._duty.agenda.oldest(newest + 1) - 1 if self.in_sync else -1

    def run(self) -> None:
        """Take inputs for ever: a Connection that opened, a (connection, message) pair, a Step, a Flush, None."""
        while True:
            news = self.inbox.get()
            try:
                self.take(news)
                if self._upkeep is not None:
                    self._upkeep.advance()
            except Exception as error:  # noqa: BLE001 - our bug must not cost this bridge its greenlet
                self._start_over(error)

    def take(self, news: Any) -> None:
        """One input; None means to look again whether anything may be sent."""
        match news:
            case Step() | Flush():
                self._duty.agenda.add(news)
                if self._upkeep is None:
                    self._duty.agenda.drop()
            case (connection, None):
                self._closed(connection)
            case (connection, message) if self._upkeep is not None and connection is self.connection:
                self._upkeep.message(message)
            case (_, _) | None:
                pass
            case connection:
                self._opened(connection)

    def _opened(self, connection: Connection) -> None:
        if self.connection is not None:
            self.connection.close()
        self._upkeep = Upkeep(self._duty, connection)
        self._upkeep.begin()

    def _closed(self, connection: Connection) -> None:
        if connection is not self.connection:
            return
        self._upkeep = None
        self._duty.agenda.drop()
        self._duty.watcher.settled(self.chassis)

    def _start_over(self, error: Exception) -> None:
        """End a connection whose state is not understood: the switch reconnects and is read anew."""
        if isinstance(error, SwitchError):
            self._duty.watcher.refused(self.chassis, None, str(error))
        else:
            self._duty.watcher.bug("bridge", self.chassis, error)
        if self.connection is not None:
            self.connection.close()
