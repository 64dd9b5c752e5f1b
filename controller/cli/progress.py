"""A sign of life for work that takes longer than a second."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

_PATIENCE = 1.0  # seconds


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Say on a terminal what is being done, if it is not done within a second."""
    status = Console(stderr=True).status(what)
    timer = threading.Timer(_PATIENCE, status.start)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()
