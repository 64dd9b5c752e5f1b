"""The daemon, run as users run it: ``netloom serve`` with a settings file, watched by what it prints."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from mininet_scenarios.command import until
from mininet_scenarios.machine import end
from mininet_scenarios.rest import Rest
from mininet_scenarios.rundir import alive

if TYPE_CHECKING:
    from mininet_scenarios.rundir import RunDirectory

TOKEN = "admin token (shown once): "  # noqa: S105  # the words before it, not a token
READY = "ready "
Settings = Mapping[str, object]
"""Sections of the settings file, each whole."""


class Daemon:
    """One daemon; its state outlives ``kill`` and ``stop``, so that ``start`` goes on from there."""

    def __init__(
        self,
        directory: RunDirectory,
        address: str,
        framework: str = "os_ken",
        settings: Settings = MappingProxyType({}),
    ) -> None:
        self.directory = directory
        self.address = address
        self.path = directory.path / "daemon"
        self.path.mkdir()
        self.settings = self.path / "settings.yaml"
        self.settings.write_text(json.dumps({**self._settings(framework), **settings}, indent=1))  # JSON is YAML
        self.output = self.path / "stdout"
        self.token = ""
        self.url = ""
        self.process: subprocess.Popen[str] | None = None

    @property
    def rest(self) -> Rest:
        """A client with the administrator's token."""
        return Rest(self.url, self.token)

    @property
    def log(self) -> Path:
        """The daemon's events, one JSON object a line, over all its runs."""
        return self.path / "log.jsonl"

    def start(self, seconds: float = 30) -> None:
        """Start it and wait until it says ``ready``; raises ``Late`` with what it said instead."""
        with self.output.open("w") as output, self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*netloom(), "serve", "--settings", str(self.settings)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                env=self.directory.environment,
                start_new_session=True,
                text=True,
            )
        until(self._ended_or_ready, seconds, "the daemon says ready")
        if not self.url or self.process.poll() is not None:
            raise RuntimeError(f"the daemon ended with {self.process.poll()}:\n{self.last_words()}")

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        """End it with SIGTERM and return its exit code."""
        if self.process is None:
            return 0
        end(self.process, 15)
        return self.process.returncode

    def kill_intent_database(self) -> None:
        """End the daemon's own ovsdb-server with SIGKILL, by the process that its pidfile names, if that lives."""
        pid = int((self.path / "state" / "intent.pid").read_text())
        if pid in self.directory.processes():
            os.kill(pid, signal.SIGKILL)
        elif alive(pid):
            raise RuntimeError(f"process {pid} is not of this lab")

    def last_words(self, lines: int = 30) -> str:
        """The end of its log, for a person who asks why."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _ended_or_ready(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            return True
        said = self.output.read_text().splitlines()
        self.token = next((line.removeprefix(TOKEN) for line in said if line.startswith(TOKEN)), self.token)
        self.url = next((line.removeprefix(READY) for line in said if line.startswith(READY)), "")
        return bool(self.url)

    def _settings(self, framework: str) -> dict[str, object]:
        return {
            "state_dir": str(self.path / "state"),
            "framework": framework,
            "http": {"listen": f"127.0.0.1:{_free_port(7070 + self.directory.number)}"},
            "openflow": {"listen": f"{self.address}:6653"},
            "ovsdb": {"listen": [f"ptcp:6640:{self.address}"], "hosts": [], "local": False},
        }


def netloom() -> list[str]:
    """``netloom`` of the environment that runs the story, else of the source tree."""
    installed = Path(sys.executable).with_name("netloom")
    if installed.exists():
        return [str(installed)]
    found = shutil.which("netloom")
    return [found] if found else [sys.executable, "-c", "from controller.cli import main; main()"]


def _free_port(wanted: int) -> int:
    """The wanted port of the loopback, or any other if something listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
