"""``netloom agent``: the agent as a process of its own, on hosts where no daemon runs."""

from __future__ import annotations

import signal
import sys
import threading

from controller import log_lines
from controller.agent.keeper import Keeper
from controller.errors import SettingsError

_USAGE = 2


def main(database: str, log_level: str) -> int:
    """Run until told to stop; the exit status."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        log_lines.to_stderr(log_level)
        keeper = Keeper(database)
    except (SettingsError, KeyError) as error:
        sys.stderr.write(f"netloom agent: {error}\n")
        return _USAGE
    keeper.start()
    stop.wait()
    keeper.stop()
    return 0
