"""A hundred thousand flows into one bridge that carries traffic, against Open vSwitch's own tool in C.

Both put the same flows into the same bridge, turn by turn. Ours are what the compiler made of networks and ports; the
tool reads them from a file. ``ovs-ofctl`` makes one bundle of all of them.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Self

from mininet_scenarios.lab import Lab
from mininet_scenarios.vm import Nic
from tests.bench import framework_path
from tests.bench.figure import Figure, median
from tests.bench.load import FLOWS, HERE, TALK, plugged_port
from tests.bench.steady import Traffic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.vm import Vm

ROUNDS = 5
PORT = 6653
BRIDGE = "br-int"
TOOL = ("ovs-ofctl", "-O", "OpenFlow15", "--bundle", "add-flows")
NOBODY = "tcp:127.0.0.1:1"
"""A controller that never answers: Open vSwitch drops all flows when a bridge gets its first controller."""


def measure() -> Iterator[Figure]:
    """Round by round: ours, then the tool's."""
    with Lab() as lab:
        host = lab.hypervisor("hv1")
        vms = _bridge_with_machines(lab, host)
        with _Southbound(lab.fabric.daemon) as ours:
            compiled = ours.seconds("compile")
            rounds = _Rounds(host, vms, ours, lab.directory.path / "flows")
            for _ in range(ROUNDS):
                rounds.play()
            framework = framework_path.FLOWS / rounds.with_controller("framework")
    value, baseline = median(rounds.ours), median(rounds.tool)
    yield Figure(f"{FLOWS:,} flows into a bridge", value, "s", bound=1.5, baseline=baseline)
    yield Figure("packets lost meanwhile, of 1,000 a second", sum(rounds.lost), "packets", bound=0)
    yield Figure("packets lost while ovs-ofctl does it", sum(rounds.lost_by_tool), "packets")
    yield Figure("longest silence meanwhile, median", median(rounds.gaps), "ms", baseline=median(rounds.gaps_of_tool))
    yield Figure("the same by the framework's OFPFlowMod", framework, "flows/s", baseline=FLOWS / value)
    yield Figure(f"compiling these {FLOWS:,} flows", compiled, "s")


def _bridge_with_machines(lab: Lab, host: Hypervisor) -> tuple[Vm, Vm]:
    """A bridge as the daemon would make it, with the two machines that the load knows on ports 1 and 2."""
    host.ovs.vsctl(
        *("add-br", BRIDGE, "--", "set", "Bridge", BRIDGE, f"datapath_type={host.datapath}", "fail_mode=secure"),
        *("protocols=OpenFlow15", "--", "set-controller", BRIDGE, NOBODY),
    )
    vms = []
    for number in (1, 2):
        port = plugged_port(TALK, number, HERE, number)[1]
        vm = lab.vm(f"vm{number}", host, Nic(port.mac, (f"{port.addresses[0]}/24",)))
        vm.plug(None)
        if host.ovs.vsctl("get", "Interface", vm.tap, "ofport").strip() != str(number):
            raise RuntimeError(f"{vm.tap} is not on port {number}")
        vms.append(vm)
    return vms[0], vms[1]


class _Southbound:
    """The process that holds the session."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __enter__(self) -> Self:
        ours, theirs = socket.socketpair()
        with theirs:
            argv = [sys.executable, "-m", "tests.bench.southbound_alone", self.address, str(PORT), str(theirs.fileno())]
            self._child = subprocess.Popen(argv, pass_fds=[theirs.fileno()])
        self._words = ours.makefile("rw")
        ours.close()
        return self

    def seconds(self, word: str) -> float:
        """Have it do something; how long it says that this took."""
        self._words.write(f"{word}\n")
        self._words.flush()
        return float(self._words.readline())

    def __exit__(self, *_: object) -> None:
        with closing(self._words):
            self._child.terminate()
            self._child.wait()


class _Rounds:
    """What the rounds gave so far: seconds, lost packets, and the longest silences in milliseconds."""

    def __init__(self, host: Hypervisor, vms: tuple[Vm, Vm], ours: _Southbound, file: Path) -> None:
        self._host, self._vms, self._southbound, self._file = host, vms, ours, file
        self.ours: list[float] = []
        self.tool: list[float] = []
        self.lost: list[int] = []
        self.lost_by_tool: list[int] = []
        self.gaps: list[float] = []
        self.gaps_of_tool: list[float] = []

    def with_controller(self, word: str) -> float:
        """Have something done over the session, which begins with what should stand and nothing else."""
        self._control(f"tcp:{self._southbound.address}:{PORT}")
        self._southbound.seconds("wait")
        return self._southbound.seconds(word)

    def play(self) -> None:
        """Ours, then the tool's, each with traffic; the next round's session takes away what the tool put."""
        self._control(f"tcp:{self._southbound.address}:{PORT}")
        self._southbound.seconds("wait")
        if not self._file.exists():
            before = set(self._host.flows().splitlines())
        with Traffic(*self._vms) as traffic:
            self.ours.append(self._southbound.seconds("add"))
        self.lost.append(traffic.loss.lost)
        self.gaps.append(traffic.loss.gap)
        if not self._file.exists():
            lines = [line for line in self._host.flows().splitlines() if line not in before]
            self._file.write_text("\n".join(lines) + "\n")
        self._southbound.seconds("delete")
        self._control()
        with Traffic(*self._vms) as traffic:
            started = time.monotonic()
            self._host.machine.run(*TOOL, f"unix:{self._host.ovs.directory / BRIDGE}.mgmt", str(self._file))
            self.tool.append(time.monotonic() - started)
        self.lost_by_tool.append(traffic.loss.lost)
        self.gaps_of_tool.append(traffic.loss.gap)

    def _control(self, *targets: str) -> None:
        self._host.ovs.vsctl("set-controller", BRIDGE, NOBODY, *targets)
