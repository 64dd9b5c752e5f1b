"""Log lines: one JSON event each on standard error, for daemon and agent alike."""

from __future__ import annotations

import logging
import sys

import structlog


def to_stderr(level: str) -> None:
    """Log from ``level`` on, the framework's own messages from warnings on."""
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
