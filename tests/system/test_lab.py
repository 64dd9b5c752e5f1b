"""A lab leaves nothing behind: not when its story ends, not when it is told to stop, not when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mininet_scenarios import rundir
from mininet_scenarios.command import CommandFailed, run, until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

pytestmark = pytest.mark.system
ROOT = Path(__file__).parents[2]
PROGRAM = """
import signal
from mininet_scenarios.lab import Lab
from mininet_scenarios.tenants import Guest
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what a shell starts in the background
with Lab() as lab:
    host = lab.hypervisor("hv1")
    host.ovs.vsctl("add-br", "br-int", "--", "set", "Bridge", "br-int", f"datapath_type={host.datapath}")
    lab.vm("guest", host, Guest("guest", host, 1, "tap").nic, "tap").plug("acme/guest")
    print(lab.directory.number, flush=True)
    signal.pause()
"""


def start() -> tuple[subprocess.Popen[str], int]:
    """A lab in a process of its own, and its number."""
    child = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child.stdout as said:
        return child, int(said.readline())


def traces(number: int) -> set[str]:
    """What there is of a lab, each by what no later lab of the same number has too."""
    path = rundir.ROOT / str(number)
    named = Path("/run/netns").glob(f"nl{number}-*")
    links = (line.split(": ") for line in run("ip", "-oneline", "link").splitlines())
    return {
        *(f"process {pid}" for pid in rundir.marked(f"{path}:{path.with_suffix('.lock').read_text()}")),
        *files("namespace", named, "%i %y"),
        *(f"link {link[1]} {link[0]}" for link in links if link[1].startswith(f"nl{number}@")),
        *files("file", path.iterdir(), "%i %w"),
    }


def files(kind: str, entries: Iterable[Path], told: str) -> Iterator[str]:
    """Each file with its inode and when it was made, for inodes are used again; one that goes meanwhile is another's.

    ``told`` asks ``stat`` for that: files have a time of birth, of namespaces nothing but the birth is a change.
    """
    for entry in entries:
        try:
            yield f"{kind} {entry.name} {run('stat', f'--format={told}', str(entry)).strip()}"
        except CommandFailed:
            continue


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_lab_that_is_stopped_leaves_nothing(ending: signal.Signals) -> None:
    child, number = start()
    before = traces(number)
    assert len(before) > 5
    child.send_signal(ending)
    child.wait(20)
    assert before & traces(number) == set()


def test_the_next_lab_sweeps_what_a_killed_one_left() -> None:
    child, number = start()
    before = traces(number)
    child.kill()
    child.wait(20)
    until(lambda: sweep(number), 10, "the number is free")
    assert before & traces(number) == set()


def test_labs_run_side_by_side() -> None:
    (one, first), (other, second) = start(), start()
    assert first != second
    before = traces(first), traces(second)
    one.terminate()
    one.wait(20)
    assert before[0] & traces(first) == set()
    assert before[1] <= traces(second)
    other.terminate()
    other.wait(20)
    assert before[1] & traces(second) == set()


def test_a_lab_of_the_same_number_elsewhere_is_left_alone() -> None:
    """Containers may share processes, but not their run directories."""
    environment = {**os.environ, rundir.MARK: f"{rundir.ROOT / '0'}:another"}
    with subprocess.Popen(["sleep", "30"], env=environment) as stranger:
        sweep(0)
        assert stranger.poll() is None
        stranger.kill()


def sweep(number: int) -> bool:
    """Take labs until the number comes up, as whoever starts next does; True once it did."""
    taken = [rundir.take() for _ in range(number + 1)]
    for directory in taken:
        directory.release()
    return number in {directory.number for directory in taken}
