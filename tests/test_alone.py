"""A test that measures time has the machine alone, and does not wait for ever for it."""

from __future__ import annotations

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

from mininet_scenarios.command import until
from tests.alone import Machine

if TYPE_CHECKING:
    from pathlib import Path


def test_who_wants_the_machine_alone_waits_for_who_is_there_and_nobody_comes_in_before(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    one, other, third = (Machine(tmp_path, inside) for _ in range(3))
    came, leave = Event(), Event()

    def measure() -> bool:
        with other.taken(alone=True):
            return leave.is_set() and not came.is_set()

    def come() -> None:
        with third.taken(alone=False):
            came.set()

    with ThreadPoolExecutor() as pool:
        with one.taken(alone=False):
            measured = pool.submit(measure)
            until(lambda: locked(tmp_path), 5, "who measures is at the door")
            coming = pool.submit(come)
            leave.set()
        assert measured.result(5)
        coming.result(5)
    assert came.is_set()


def test_who_does_not_measure_shares_the_machine(tmp_path: Path) -> None:
    machines = [Machine(tmp_path, tmp_path.parent) for _ in range(2)]
    with machines[0].taken(alone=False), machines[1].taken(alone=False):
        assert not locked(tmp_path)


def locked(folder: Path) -> bool:
    """Whether somebody has locked a folder."""
    own = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(own)
    return False
