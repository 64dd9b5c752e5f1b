"""Who has the machine: a test that measures time has it alone, all others of a run share it."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Machine:
    """Shared by the workers of a run, by locks on two folders that all of them see."""

    def __init__(self, door: Path, inside: Path) -> None:
        self._door, self._inside = (os.open(folder, os.O_RDONLY) for folder in (door, inside))

    @contextmanager
    def taken(self, *, alone: bool) -> Iterator[None]:
        """Who wants it alone waits at the door for those inside to leave, and nobody else comes in meanwhile."""
        fcntl.flock(self._door, fcntl.LOCK_EX)
        fcntl.flock(self._inside, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(self._door, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._inside, fcntl.LOCK_UN)
