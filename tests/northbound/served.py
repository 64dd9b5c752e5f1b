"""The northbound daemon as a process, with its address and its administrator's token."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Served:
    """A daemon that answers."""

    url: str
    token: str

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, int(port)


@contextmanager
def served(state_dir: Path, read_timeout: float) -> Iterator[Served]:
    """A daemon for as long as it is needed."""
    environ = {**os.environ, "PYTHONPATH": f"{HERE.parents[1]}:{HERE}", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, str(HERE / "northbound_daemon.py"), str(state_dir), str(read_timeout)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        try:
            token, url = (process.stdout.readline().strip() for _ in range(2))
            yield Served(url, token)
        finally:
            process.terminate()
            process.stdout.read()
