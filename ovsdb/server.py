"""The embedded intent database: a private ovsdb-server on a file, started, watched, restarted and stopped by us.

A daemon that was killed leaves its ovsdb-server running on the file; the next daemon takes that server over, so that
the database is never held by a server that nobody can reach.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import time
from pathlib import Path

import structlog

from controller.errors import DatabaseError
from ovsdb.address import connected, parse
from ovsdb.process import Process, by_pidfile
from ovsdb.session import Limits, Listener, Session

SCHEMA = Path(__file__).with_name("netloom.ovsschema")
_START_TIMEOUT = 10.0
_STOP_TIMEOUT = 5.0
_GLANCE = 0.002
_RESTART_PAUSE = 0.2
_TOOL_TIMEOUT = 120.0
_log = structlog.get_logger("ovsdb")


class EmbeddedServer:
    """An ovsdb-server on ``state_dir/intent.db``, listening on ``state_dir/intent.sock``; one owner at a time."""

    def __init__(self, state_dir: Path) -> None:
        self._directory = state_dir.absolute()
        self._database = self._directory / "intent.db"
        self._socket = self._directory / "intent.sock"
        self._pidfile = self._directory / "intent.pid"
        self._stopping = threading.Event()
        self._process: Process | None = None
        self._lock = -1
        self._watch = threading.Thread(target=self._keep_running, name="intent-server", daemon=True)

    @property
    def address(self) -> str:
        """Where the server answers, as IntentDatabase takes it."""
        return f"unix:{self._socket}"

    def start(self) -> str:
        """Start the server, or take over the one that a killed daemon left; returns its address once it answers.

        Raises DatabaseError: another daemon owns the directory, or ovsdb-server says why it cannot run.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._own_directory()
        try:
            self._process = self._taken_over() or self._started()
        except DatabaseError:
            os.close(self._lock)
            raise
        self._watch.start()
        return self.address

    def stop(self) -> None:
        """Stop the server; every transaction that was acknowledged is on disk already."""
        self._stopping.set()
        if self._process is not None:
            self._process.stop(_STOP_TIMEOUT)
            self._watch.join(_STOP_TIMEOUT)
            self._process.close()
            self._process = None
            os.close(self._lock)

    def _own_directory(self) -> None:
        self._lock = os.open(self._directory / "intent.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise DatabaseError(f"another netloom keeps its database in {self._directory}") from error

    def _taken_over(self) -> Process | None:
        process = by_pidfile(self._pidfile, "ovsdb-server", str(self._database))
        if process is None:
            return None
        if _outdated(self._database) or not _answers_within(self.address, process):
            process.stop(_STOP_TIMEOUT)
            process.close()
            return None
        _log.info("intent_server_taken_over", pid=process.pid)
        return process

    def _started(self) -> Process:
        self._prepare()
        log = self._directory / "intent.log"
        process = Process.started(
            [
                "ovsdb-server",
                str(self._database),
                f"--remote=punix:{self._socket}",
                f"--pidfile={self._pidfile}",
                f"--unixctl={self._directory / 'intent.ctl'}",
                f"--log-file={log}",
                "-vconsole:emer",
                "-vsyslog:off",
            ],
            self._directory / "intent.out",
        )
        if not _answers_within(self.address, process):
            process.stop(_STOP_TIMEOUT)
            process.close()
            raise DatabaseError(f"ovsdb-server does not run: {_last_line(log)} (more in {log})")
        return process

    def _prepare(self) -> None:
        if not self._database.exists():
            _tool("create", str(self._database), str(SCHEMA))
        elif _outdated(self._database):
            _tool("convert", str(self._database), str(SCHEMA))

    def _keep_running(self) -> None:
        while self._process is not None:
            self._process.wait(None)
            if self._stopping.is_set():
                return
            _log.error("intent_server_died", pid=self._process.pid)
            self._restart(self._process)

    def _restart(self, ended: Process) -> None:
        try:
            self._process = self._started()
        except DatabaseError as error:
            _log.error("intent_server_not_restarted", reason=str(error))
            self._stopping.wait(_RESTART_PAUSE)
        else:
            ended.close()


def _answers_within(address: str, process: Process) -> bool:
    """Return whether the server answers before it dies or the time is over."""
    deadline = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline:
        if _answers(address):
            return True
        if process.wait(_GLANCE):
            return False
    return False


def _answers(address: str) -> bool:
    try:
        session = Session(connected(parse(address), None, 1.0), Listener(_ignore_notice, _ignore_end), Limits())
        session.start()
        session.request("echo", [], 1.0)
    except DatabaseError:
        return False
    session.close("it answers")
    session.join(1.0)
    return True


def _ignore_notice(method: str, params: list[object]) -> None:
    del method, params


def _ignore_end(reason: str) -> None:
    del reason


def _outdated(database: Path) -> bool:
    return _tool("needs-conversion", str(database), str(SCHEMA)).strip() == "yes"


def _tool(*arguments: str) -> str:
    command = ["ovsdb-tool", *arguments]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_TOOL_TIMEOUT)
    except subprocess.CalledProcessError as error:
        raise DatabaseError(f"{' '.join(command)}: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DatabaseError(f"{' '.join(command)}: {error}") from error
    return done.stdout


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError as error:
        return str(error)
    return lines[-1] if lines else "it left no word"
