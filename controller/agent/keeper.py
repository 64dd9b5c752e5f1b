"""The keeper of one host: whenever orders or the kernel changed, what is missing is done and the answer written."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

from controller.agent import edge
from controller.agent.doorbell import Doorbell
from controller.agent.orders import Orders
from controller.agent.plan import plan
from controller.errors import DatabaseError
from ovsdb.address import parse
from ovsdb.connection import Connection, Pace
from ovsdb.session import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from controller.agent.duties import Duty
    from controller.agent.kernel import Step
    from controller.agent.orders import Place

_PACE = Pace(first=0.1, longest=2.0)
_JOIN_SECONDS = 30.0
_GATHER_SECONDS = 0.05
_RETRY_SECONDS = 2.0
_log = structlog.get_logger("agent")


class Keeper:
    """Keeps the host as its database says; what was done stays when the keeper stops, so that no packet is lost.

    ``follow`` is told, now and then, where the host belongs.
    """

    def __init__(self, database: str, follow: Callable[[Place], None] | None = None) -> None:
        self._follow = follow
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self.orders = Orders(self._wake.set)
        self._connection = Connection([parse(database)], None, self.orders, Limits(), _PACE)
        self._doorbell = Doorbell(self._wake.set)
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Follow the database and the kernel, in threads of its own."""
        self._doorbell.start()
        self._thread.start()
        self._connection.start()

    def stop(self) -> None:
        """Follow them no more; the kernel stays as it is."""
        self._stopping.set()
        self._wake.set()
        self._connection.stop()
        self._thread.join(_JOIN_SECONDS)
        self._doorbell.stop()

    def _run(self) -> None:
        again = None
        while not self._stopping.is_set():
            self._wake.wait(again)
            self._stopping.wait(_GATHER_SECONDS)  # one change of the kernel comes as many messages
            self._wake.clear()
            if self._follow is not None:
                self._follow(self.orders.place())
            again = None if self._kept() else _RETRY_SECONDS

    def _kept(self) -> bool:
        """Do what is missing; returns whether all of it could be done."""
        duties = self.orders.duties()
        if duties is None or self._stopping.is_set():
            return True
        try:
            found = plan(duties, edge.read({duty.interface for duty in duties}))
        except edge.KernelRefused as error:
            return self._told(dict.fromkeys((duty.interface for duty in duties), str(error)), failed=True)
        failures = _failures(found.steps)
        absent = {duty.interface: _ABSENT for duty in duties if duty.made and duty.interface not in found.answers}
        told = {**found.answers, **absent, **_blamed(failures, duties)}
        return self._told(told, failed=bool(failures or absent))

    def _told(self, answers: Mapping[str, str], *, failed: bool) -> bool:
        for interface, answer in sorted(answers.items()):
            try:
                self.orders.answer(interface, answer)
            except DatabaseError as error:
                _log.warning("answer_not_written", interface=interface, answer=answer, reason=str(error))
                return False
        return not failed


_ABSENT = "Open vSwitch says that it is there, and it is not: does the agent run in another network namespace?"


def _failures(steps: tuple[Step, ...]) -> dict[str, str]:
    """Take every step; returns what could not be done, by device, "" for all."""
    failures: dict[str, str] = {}
    for step in steps:
        try:
            edge.take(step)
        except edge.KernelRefused as error:
            failures.setdefault(step.device, str(error))
            _log.warning("step_failed", device=step.device, reason=str(error))
        else:
            _log.info("step_taken", step=type(step).__name__, device=step.device)
    return failures


def _blamed(failures: Mapping[str, str], duties: tuple[Duty, ...]) -> dict[str, str]:
    """Who has to tell of which failure: all, where it concerns all."""
    general = failures.get("")
    found = dict.fromkeys((duty.interface for duty in duties), general) if general else {}
    return {**found, **{device: text for device, text in failures.items() if device}}
