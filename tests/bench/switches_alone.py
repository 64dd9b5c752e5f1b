"""The floor: how long the switches alone take for the bundles of one more port, without a controller.

The bundles go to another bridge of the same switches, which nobody uses. What a change of flows costs Open vSwitch
grows with the interfaces of all bridges: after it has answered it describes each of them anew to its translation.
"""

from __future__ import annotations

import socket
import struct
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from controller.errors import SwitchError
from controller.flow.flow import Flow, Here
from controller.southbound import inbound, wire
from tests.bench.figure import median

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mininet_scenarios.hypervisor import Hypervisor

BRIDGE = "br-phy"
TABLE = 200
FLOWS_HERE, FLOWS_THERE = 10, 2
SAMPLES = 20
REST = 0.2
HELLO = struct.pack("!BBHI", wire.VERSION, 0, 8, 1)
HEADER = struct.Struct("!BBHI")


def milliseconds(hosts: Sequence[Hypervisor]) -> tuple[float, float]:
    """Median times until two hosts have answered, and until they answer again."""
    with ExitStack() as stack:
        sessions = [stack.enter_context(closing(_Session(host))) for host in hosts]
        answered, again = zip(*[_sample(sessions) for _ in range(SAMPLES)], strict=True)
    return median(answered), median(again)


def _sample(sessions: list[_Session]) -> tuple[float, float]:
    started = time.monotonic()
    for session, flows in zip(sessions, (FLOWS_HERE, FLOWS_THERE), strict=True):
        session.send(flows)
    for session in sessions:
        session.wait()
    answered = time.monotonic()
    for session in sessions:
        session.send(0)
    for session in sessions:
        session.wait()
    again = time.monotonic()
    time.sleep(REST)
    return (answered - started) * 1000, (again - started) * 1000


class _Session:
    """An OpenFlow session with a host's other bridge, as much of one as bundles need."""

    def __init__(self, host: Hypervisor) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        self._socket.connect(str(host.ovs.directory / f"{BRIDGE}.mgmt"))
        self._socket.sendall(HELLO)
        self._bundle = 0

    def send(self, flows: int) -> None:
        """Put so many flows in one bundle; they differ from those before in their cookie."""
        self._bundle += 1
        puts = [Flow(Here(""), TABLE, number, b"", b"", self._bundle) for number in range(1, flows + 1)]
        self._socket.sendall(b"".join(wire.bundle(self._bundle, self._bundle << 8, puts, ())))

    def wait(self) -> None:
        """Until the switch has committed it."""
        while True:
            match inbound.received(self._message()):
                case wire.BundleReply(kind=wire.COMMIT_REPLY):
                    return
                case wire.Refusal() as refusal:
                    raise SwitchError(f"the switch refused a bundle: error {refusal.type}, {refusal.code}")

    def close(self) -> None:
        """End the session."""
        self._socket.close()

    def _message(self) -> bytes:
        header = self._socket.recv(HEADER.size, socket.MSG_WAITALL)
        length = HEADER.unpack(header)[2] - HEADER.size
        return header + (self._socket.recv(length, socket.MSG_WAITALL) if length else b"")
