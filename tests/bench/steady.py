"""Traffic at a thousand packets a second between two machines, and what of it is lost while something is done."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Self

from mininet_scenarios.command import until
from mininet_scenarios.probe import Loss, loss

if TYPE_CHECKING:
    from mininet_scenarios.vm import Vm

INTERVAL = "0.001"
AT_LEAST = 100


class Traffic:
    """A ping every millisecond for as long as the context lasts; ``loss`` is known afterwards."""

    def __init__(self, source: Vm, target: Vm) -> None:
        self._source = source
        self._address = target.ipv4
        self._output = source.machine.directory.path / f"{source.name}.traffic"
        self.loss = Loss(0, 0, 0.0)

    def __enter__(self) -> Self:
        """Start; returns when replies come."""
        argv = ("ping", "-D", "-n", "-i", INTERVAL, self._address)
        self._child = self._source.machine.spawn(*argv, output=self._output)
        until(lambda: self._replies() > AT_LEAST, 10, "pings are answered")
        return self

    def __exit__(self, *_: object) -> None:
        """Let what flies land, stop and count."""
        before = self._replies()
        until(lambda: self._replies() > before + AT_LEAST, 10, "pings are answered at the end too")
        self._child.send_signal(signal.SIGINT)
        self._child.wait(10)
        self.loss = loss(self._output.read_text())

    def _replies(self) -> int:
        return self._output.read_text().count("icmp_seq=")
