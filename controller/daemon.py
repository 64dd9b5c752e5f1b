"""The daemon's entrance, for a process that ``controller.green`` has patched."""

from __future__ import annotations

import logging
import resource
import sys
from typing import TYPE_CHECKING

import structlog

from controller.composition import Daemon

if TYPE_CHECKING:
    from controller.settings import Settings


def main(settings: Settings) -> int:
    """Run a daemon until it is told to stop; the exit status."""
    _log_to_stderr(settings.log_level)
    _allow_many_connections()
    return Daemon(settings).run()


def _allow_many_connections() -> None:
    """As many as the system lets us have: with the usual 1,024, idle strangers could keep a switch away."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _log_to_stderr(level: str) -> None:
    """One JSON event a line, the framework's own messages included from warnings on."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    logging.basicConfig(stream=sys.stderr, level=max(number, logging.WARNING), format='{"event": "%(message)s"}')
