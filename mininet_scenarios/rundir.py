"""A lab's run directory: whatever the lab made is found again and taken away, even if its maker was killed.

Every process of a lab carries the lab's mark in its environment as ``NETLOOM_LAB``, its link in the root namespace has
the mark as alias, and each named namespace is written down before it is made. Nothing without these is touched, and
nothing is looked for by a program's name. A mark is the directory with a random part, so that a lab of another
container that shares processes or network with this one is not taken for ours.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from mininet_scenarios.command import CommandFailed, run, until

if TYPE_CHECKING:
    from io import TextIOWrapper

ROOT = Path("/run/netloom-lab")
MARK = "NETLOOM_LAB"
LABS = 64


class RunDirectory:
    """One lab's directory, number ``0..63``, and the lock that says the lab is in use."""

    def __init__(self, number: int, lock: TextIOWrapper) -> None:
        self.number = number
        self.path = ROOT / str(number)
        self.mark = f"{self.path}:{lock.read()}"
        self._lock = lock

    @property
    def link(self) -> str:
        """The one interface that a lab has in the root namespace."""
        return f"nl{self.number}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process of this lab; without it a process would not be found again."""
        return {**os.environ, MARK: self.mark}

    def namespace(self, name: str) -> str:
        """Write down the namespace of machine ``name`` and return its system-wide name; it must not exist yet."""
        full = f"{self.link}-{name}"
        if Path("/run/netns", full).exists():
            raise CommandFailed(f"a network namespace {full} is there already, and is not this lab's")
        with (self.path / "namespaces").open("a") as names:
            names.write(f"{full}\n")
        return full

    def processes(self) -> list[int]:
        """The processes of this lab that run."""
        return marked(self.mark)

    def sweep(self) -> None:
        """End the lab's processes and take away its namespaces, its link and its files."""
        processes = self.processes()
        for pid in processes:
            _kill(pid)
        until(lambda: not any(map(alive, processes)), 10, f"the lab's processes {processes} end")
        if _alias(self.link) == self.mark:
            run("ip", "link", "delete", self.link)  # before its peer's namespace, which would take it away any moment
        for name in self._namespaces():
            run("ip", "netns", "delete", name)
        for entry in self.path.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def keep(self) -> None:
        """Leave everything running after this process; only ``take_kept`` finds the lab again."""
        (self.path / "kept").touch()

    def release(self) -> None:
        """Give the number to whoever comes next."""
        self._lock.close()

    def _namespaces(self) -> list[str]:
        book = self.path / "namespaces"
        names = book.read_text().split() if book.exists() else []
        return [name for name in names if Path("/run/netns", name).exists()]


def take() -> RunDirectory:
    """The first lab that nobody uses, with nothing left in it of an earlier run."""
    for number in range(LABS):
        directory = _locked(number)
        if directory is None:
            continue
        if (directory.path / "kept").exists():
            directory.release()
            continue
        with ExitStack() as undo:
            undo.callback(directory.release)
            directory.sweep()
            undo.pop_all()
        return directory
    raise CommandFailed(f"all {LABS} labs under {ROOT} are in use")


def take_kept() -> list[RunDirectory]:
    """The labs that were left running on purpose."""
    numbers = sorted(int(kept.parent.name) for kept in ROOT.glob("*/kept"))
    return [directory for directory in map(_locked, numbers) if directory]


def marked(mark: str) -> list[int]:
    """The processes, this one apart, that carry a mark."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:  # ended meanwhile
            continue
        if wanted in environment.split(b"\0"):
            found.append(int(entry.name))
    return found


def _locked(number: int) -> RunDirectory | None:
    path = ROOT / str(number)
    path.mkdir(parents=True, exist_ok=True)
    lock = (ROOT / f"{number}.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    if not lock.tell():
        lock.write(uuid4().hex)
    lock.seek(0)
    return RunDirectory(number, lock)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def alive(pid: int) -> bool:
    """A process that only waits to be reaped has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def _alias(link: str) -> str | None:
    shown = json.loads(run("ip", "-json", "link", "show"))
    return next((entry.get("ifalias") for entry in shown if entry["ifname"] == link), None)
