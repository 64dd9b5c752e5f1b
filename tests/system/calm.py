"""What must not be disturbed while somebody is hostile: sessions, answers, memory, the log."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mininet_scenarios.agreement import settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mininet_scenarios.daemon import Daemon
    from mininet_scenarios.hypervisor import Hypervisor

USUAL, SLOWEST = 0.05, 2.0  # seconds for a small answer, half of them and all, on a machine that others use too
GROWTH = 64 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Log:
    """The daemon's log from a place on."""

    path: Path
    start: int

    def lines(self) -> list[str]:
        """What was written since."""
        with self.path.open(errors="replace") as log:
            log.seek(self.start)
            return log.read().splitlines()

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of a name; every line must be one JSON object."""
        found = [json.loads(line) for line in self.lines()]
        return [event for event in found if event["event"] == name]


@contextmanager
def undisturbed(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> Iterator[Log]:
    """Whatever is done inside, the daemon and its hosts go on as if nothing were."""
    log = Log(daemon.log, daemon.log.stat().st_size)
    revision, memory = intent(daemon), resident(daemon)
    yield log
    assert patient(daemon)
    assert resident(daemon) - memory < GROWTH
    names = {host.name for host in hosts}
    left = [event for word in ("switch_left", "host_left") for event in log.events(word) if event["chassis"] in names]
    assert left == []
    assert [line for line in log.lines() if "Traceback" in line] == []
    assert log.events("bug") == []
    assert intent(daemon) == revision
    assert settled(daemon.rest, hosts)


def patient(daemon: Daemon) -> bool:
    """Whether small questions are answered soon."""
    times = sorted(latency(daemon) for _ in range(20))
    assert times[10] < USUAL, f"the daemon usually takes {times[10]:.3f} s to answer"
    assert times[-1] < SLOWEST, f"the daemon took {times[-1]:.3f} s to answer"
    return True


def latency(daemon: Daemon) -> float:
    """Seconds until a small question is answered."""
    started = time.monotonic()
    daemon.rest.get("/chassis")
    return time.monotonic() - started


def resident(daemon: Daemon) -> int:
    """Bytes of memory that the daemon's process holds."""
    assert daemon.process is not None
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmRSS"))


def intent(daemon: Daemon) -> list[Any]:
    """All projects' resources without what is observed of them."""
    projects = [project["name"] for project in daemon.rest.get("/projects")["items"]]
    paths = ["/projects", *(f"/projects/{name}/{kinds}" for name in projects for kinds in ("networks", "ports"))]
    found = [one for path in paths for one in daemon.rest.get(path)["items"]]
    return [{name: value for name, value in one.items() if name != "status"} for one in found]
