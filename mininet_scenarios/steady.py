"""A datagram every millisecond from one machine to another: what was lost, came twice, or came out of turn."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mininet_scenarios.command import until
from mininet_scenarios.machine import end

if TYPE_CHECKING:
    from mininet_scenarios.machine import Station

PROGRAM = str(Path(__file__).with_name("datagrams.py"))


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a stream from its first arrival on; a millisecond has one datagram.

    ``gap`` is the longest time without any, ``delay`` the median way of one, both in milliseconds. ``behind``: by how
    many milliseconds the most belated was sent before one that overtook it.
    """

    sent: int
    lost: int
    twice: int
    misordered: int
    behind: float
    gap: float
    delay: float

    @property
    def whole(self) -> bool:
        """Whether each arrived, and once."""
        return self.sent > 0 and self.lost == 0 and self.twice == 0

    def __str__(self) -> str:
        turns = f", {self.misordered} out of turn by {self.behind:g} ms at most" if self.misordered else ""
        counts = f"{self.lost} lost and {self.twice} doubled of {self.sent}{turns}"
        return f"{counts}, longest gap {self.gap:.0f} ms, {self.delay:.1f} ms on the way"


class SteadyDatagrams:
    """A stream of datagrams from when this is made until ``stop``."""

    def __init__(self, source: Station, target: Station, address: str, port: int = 5004, source_port: int = 0) -> None:
        self._path = source.machine.directory.path
        self._sent = self._path / f"{source.name}-{target.name}.{port}-out"
        self._received = self._path / f"{source.name}-{target.name}.{port}-in"
        heard = (sys.executable, PROGRAM, "receive", str(port))
        self._receiver = target.machine.spawn(*heard, output=self._received)
        until(lambda: "listening" in self._received.read_text(), 10, f"{target.name} listens")
        said = (sys.executable, PROGRAM, "send", address, str(port), str(source_port))
        self._sender = source.machine.spawn(*said, output=self._sent)
        until(lambda: self.flows, 10, f"{source.name} streams to {target.name}")

    @property
    def flows(self) -> bool:
        """Whether a hundred datagrams have arrived."""
        return "flowing" in self._received.read_text()

    def stop(self) -> Heard:
        """End the sender, then the receiver, and compare what they say."""
        end(self._sender)
        end(self._receiver)
        sent = int(self._sent.read_text().split()[-1])
        seen = json.loads(self._received.read_text().splitlines()[-1])
        due = sent - seen["first"]
        doubled, turns = seen["twice"], seen["misordered"]
        return Heard(due, due - seen["arrived"], doubled, turns, seen["behind"], seen["gap"], seen["delay"])
