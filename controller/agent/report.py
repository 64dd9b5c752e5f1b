"""Reports to the daemon: the agent calls it where the host's database does, and answers what its switch tracks.

The agent opens no port, and the daemon can ask it for nothing that would change the host.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import structlog

from controller.errors import DatabaseError, SettingsError
from ovsdb import agent_words, conntrack
from ovsdb.address import Address, Tls, parse
from ovsdb.connection import Connection, Pace
from ovsdb.session import Limits, Question, Session

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from controller.agent.orders import Place

_PACE = Pace(first=1.0, longest=5.0)
_TIMEOUT = 10.0
_log = structlog.get_logger("agent")


class Report:
    """Keeps the session to the daemon; ``directory`` holds the files of the host's Open vSwitch.

    ``daemon`` is where to call, "" to call where the host's database calls (``ovs-vsctl set-manager``).
    Raises SettingsError.
    """

    def __init__(self, directory: Path, daemon: str = "") -> None:
        self._directory = directory
        self._daemon = [daemon] if daemon and parse(daemon) else []
        self._place: Place | None = None
        self._connection: Connection | None = None

    def follow(self, place: Place) -> None:
        """Call where the host belongs now."""
        if place == self._place:
            return
        self._place = place
        self.stop()
        addresses = list(_active(self._daemon or place.managers))
        if place.name and addresses:
            caller = _Caller(place.name, self._directory)
            tls = Tls(*place.files) if place.files else None
            self._connection = Connection(addresses, tls, caller, Limits(), _PACE, asked=caller.asked)
            self._connection.start()

    def stop(self) -> None:
        """End the session."""
        if self._connection is not None:
            self._connection.stop()
            self._connection = None


class _Caller:
    """The attendant of the sessions: says who it is, and answers one question at a time."""

    def __init__(self, name: str, directory: Path) -> None:
        self._name = name
        self._directory = directory
        self._session: Session | None = None
        self._busy = threading.Lock()

    def opened(self, session: Session) -> None:
        self._session = session
        session.request(agent_words.HELLO, [self._name], _TIMEOUT)
        _log.info("daemon_reached", name=self._name)

    def notified(self, method: str, params: list[Any]) -> None:
        del method, params

    def closed(self, reason: str) -> None:
        del reason
        self._session = None

    def asked(self, question: Question) -> None:
        match question.method, question.params:
            case "monitor_cond", _:  # the daemon takes whoever calls for a host's database, until it is told better
                question.answer({}, None)
            case (agent_words.CONNECTIONS, [int(), int() | None]) if self._busy.acquire(blocking=False):
                threading.Thread(target=self._tell, args=(question,), daemon=True).start()
            case agent_words.CONNECTIONS, _:
                question.answer(None, "busy with another question")
            case _:
                question.answer(None, "unknown method")

    def _tell(self, question: Question) -> None:
        """Answer, and be free for the next question before whoever asked hears of it."""
        number, zone = question.params
        wrong: str | None = None
        try:
            for block in conntrack.dump(self._directory, zone):
                if self._session is not None:
                    self._session.notify(agent_words.LINES, [number, block.decode()])
        except (DatabaseError, UnicodeDecodeError) as error:
            wrong = str(error)
        finally:
            self._busy.release()
        question.answer(None if wrong else {}, wrong)


def _active(targets: Iterable[str]) -> Iterable[Address]:
    for target in targets:
        try:
            address = parse(target)
        except SettingsError:
            continue  # another kind of manager
        if not address.passive:
            yield address
