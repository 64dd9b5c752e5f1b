"""``netloom agent``: the agent as a process of its own, on hosts where no daemon runs."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from controller import log_lines
from controller.agent.keeper import Keeper
from controller.agent.report import Report
from controller.errors import SettingsError
from ovsdb.address import parse

_USAGE = 2


def main(database: str, daemon: str, log_level: str) -> int:
    """Run until told to stop; the exit status. ``daemon`` is where to call, "" to call the database's managers."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        log_lines.to_stderr(log_level)
        report = Report(Path(parse(database).target).parent, daemon)
        keeper = Keeper(database, report.follow)
    except (SettingsError, KeyError) as error:
        sys.stderr.write(f"netloom agent: {error}\n")
        return _USAGE
    keeper.start()
    stop.wait()
    keeper.stop()
    report.stop()
    return 0
