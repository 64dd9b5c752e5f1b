"""A server process held by a handle that stays its own (pidfd_open(2)), whether we started it or found it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path

from controller.errors import DatabaseError

_KILL_TIMEOUT = 5.0


class Process:
    """One process; a pid that is given anew to another is never taken for it."""

    def __init__(self, pid: int, handle: int, child: subprocess.Popen[bytes] | None = None) -> None:
        self.pid = pid
        self._handle = handle
        self._child = child

    @classmethod
    def started(cls, command: list[str], output: Path) -> Process:
        """Start a child outside our terminal's process group; its output goes to a file. Raises DatabaseError."""
        try:
            with output.open("wb") as sink:
                child = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True
                )
        except OSError as error:
            raise DatabaseError(f"cannot start {command[0]}: {error}") from error
        return cls(child.pid, os.pidfd_open(child.pid), child)

    def wait(self, timeout: float | None) -> bool:
        """Return whether it has ended, waiting at most ``timeout`` seconds (None: for ever)."""
        own = os.dup(self._handle)  # two green threads may not wait on one descriptor
        try:
            ended, _, _ = select.select([own], [], [], timeout)
        finally:
            os.close(own)
        if ended and self._child is not None:
            self._child.poll()  # takes its exit status, so that it does not stay as a zombie
        return bool(ended)

    def stop(self, timeout: float) -> None:
        """End it: gently, and by force after ``timeout`` seconds."""
        if self.wait(0):
            return
        signal.pidfd_send_signal(self._handle, signal.SIGTERM)
        if not self.wait(timeout):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            self.wait(_KILL_TIMEOUT)

    def close(self) -> None:
        """Give the handle back; the process itself goes on, if it runs."""
        os.close(self._handle)


def by_pidfile(pidfile: Path, program: str, argument: str) -> Process | None:
    """Return the running process that ``pidfile`` names, if it is ``program`` with ``argument`` on its command line."""
    try:
        pid = int(pidfile.read_text())
        handle = os.pidfd_open(pid)
        # Read after the handle was made: what it says is about the process that the handle holds.
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    if Path(os.fsdecode(command[0])).name == program and os.fsencode(argument) in command:
        return Process(pid, handle)
    os.close(handle)
    return None
