"""The daemon's entrance, for a process that ``controller.green`` has patched."""

from __future__ import annotations

import gc
import resource
from typing import TYPE_CHECKING

from controller import log_lines
from controller.composition import Daemon

if TYPE_CHECKING:
    from controller.settings import Settings


def main(settings: Settings) -> int:
    """Run a daemon until it is told to stop; the exit status."""
    gc.freeze()  # what is imported stays: the collector, which was told to wait, need not look through it
    gc.enable()
    log_lines.to_stderr(settings.log_level)
    _allow_many_connections()
    return Daemon(settings).run()


def _allow_many_connections() -> None:
    """As many as the system lets us have: with the usual 1,024, idle strangers could keep a switch away."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
