"""The core takes everything in order, and others run meanwhile however much waits for it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from controller.compiler.compiler import Rules
from controller.core import BREATHE_SECONDS, Core
from tests.status.settled import Hub, Nobody

WORK = BREATHE_SECONDS / 4
MANY = 40


class Ended(BaseException):
    """The core has taken all that a test gave it."""


class Others(Hub):
    """A hub that says how often others were let run."""

    def __init__(self) -> None:
        self.turns = 0

    def sleep(self, _seconds: float) -> None:  # type: ignore[override]
        self.turns += 1


def work() -> None:
    """Keep the processor for a moment."""
    end = time.monotonic() + WORK
    while time.monotonic() < end:
        pass


def end() -> None:
    raise Ended


def test_others_run_while_many_small_things_wait() -> None:
    hub: Any = Others()
    core = Core(Rules({}, (), ()), hub, Nobody(), lambda *_: pytest.fail("nobody speaks of a bridge"))
    for _ in range(MANY):
        core.ask(work)
    core.ask(end)
    with pytest.raises(Ended):
        core.run()
    assert hub.turns >= MANY * WORK / BREATHE_SECONDS / 2
