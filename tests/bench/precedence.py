"""Precedence on the processor, as if the daemon had a machine of its own.

The emulated hosts share two cores with the daemon, as no real ones do. With thousands of interfaces a switch
computes for ten milliseconds after it has answered; without precedence the answer waits until it is through with that.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PRIORITY = 1


@contextmanager
def over_switches(daemon: int) -> Iterator[None]:
    """The process ``daemon``, and this one, run before all others while the context lasts."""
    _schedule(daemon, os.SCHED_RR, PRIORITY)
    _schedule(0, os.SCHED_RR, PRIORITY)
    try:
        yield
    finally:
        _schedule(daemon, os.SCHED_OTHER, 0)
        _schedule(0, os.SCHED_OTHER, 0)


def _schedule(pid: int, policy: int, priority: int) -> None:
    """What is started later does not inherit it."""
    os.sched_setscheduler(pid, policy | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
