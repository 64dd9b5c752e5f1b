"""Probes between virtual machines: who reaches whom, and how much is lost while something is done to the network."""

from __future__ import annotations

import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise, permutations
from pathlib import Path
from typing import TYPE_CHECKING

from mininet_scenarios.command import says, until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable, Sequence

    from mininet_scenarios.machine import Station
    from mininet_scenarios.vm import Vm

REPLY = re.compile(r"^\[(\d+\.\d+)\].*icmp_seq=(\d+)")
SENT = re.compile(r"(\d+) packets transmitted")
INTERVAL = 0.002
PING = ("ping", "-n", "-i", "0.2", "-w", "2")  # longer than the kernel waits between ARP requests
AT_ONCE = 32
IN_FLIGHT = 3  # requests younger than the reply to them when ping is told to end


@dataclass(frozen=True, slots=True)
class Loss:
    """What a steady ping saw: requests ``sent`` and ``lost``, and the longest time without a reply in milliseconds."""

    sent: int
    lost: int
    gap: float

    @property
    def whole(self) -> bool:
        """Whether nothing was lost, though something was sent."""
        return self.lost == 0 and self.sent > 0

    def __str__(self) -> str:
        return f"{self.lost} of {self.sent} lost, longest gap {self.gap:.0f} ms"


class SteadyPing:
    """``ping -i 0.002`` from a machine to an address, from when this is made until ``stop``."""

    def __init__(self, vm: Station, address: str) -> None:
        self._output = vm.machine.directory.path / f"{vm.name}.ping"
        argv = ("ping", "-D", "-n", "-i", str(INTERVAL), address)
        self._child = vm.machine.spawn(*argv, output=self._output)
        until(lambda: self.replies() > 10, 10, f"{vm.name} gets replies from {address}")

    def replies(self) -> int:
        """How many replies came so far."""
        return self._output.read_text().count("icmp_seq=")

    def first_reply_after(self, moment: float) -> float:
        """Seconds from ``moment``, as ``time.time`` has it, to the next reply; waits for it."""
        later = until(
            lambda: [time for time in _replies(self._output.read_text()).values() if time > moment], 10, "a reply"
        )
        return min(later) - moment

    def more(self, replies: int = 500) -> None:
        """Wait until so many more replies have come."""
        all_get_more([self], replies)

    def stop(self) -> Loss:
        """Stop and count; a request is lost if no reply came, those just sent apart."""
        self._child.send_signal(signal.SIGINT)
        self._child.wait(10)
        return loss(self._output.read_text())


class SteadyStream:
    """One TCP connection with a record every millisecond, from when this is made until ``stop``."""

    def __init__(self, source: Station, target: Station, address: str, port: int = 5001) -> None:
        path = source.machine.directory.path
        program = str(Path(__file__).with_name("stream.py"))
        self._received = path / f"{target.name}.stream-in"
        sent = path / f"{source.name}.stream-out"
        self._children: list[subprocess.Popen[str]] = [
            target.machine.spawn(sys.executable, program, "receive", str(port), output=self._received)
        ]
        until(lambda: "listening" in self._received.read_text(), 10, f"{target.name} listens")
        argv = (sys.executable, program, "send", address, str(port))
        self._children.append(source.machine.spawn(*argv, output=sent))
        until(lambda: "flowing" in self._received.read_text(), 10, f"{source.name} streams to {target.name}")

    def stop(self) -> Loss:
        """End the sender; ``sent`` counts records, ``lost`` the segments that had to be sent again to arrive."""
        receiver, sender = self._children
        sender.send_signal(signal.SIGTERM)
        sender.wait(10)
        receiver.wait(10)
        words = self._received.read_text().split()
        figures = dict(zip(words[::2], words[1::2], strict=False))
        return Loss(int(figures["records"]), int(figures["lost"]), float(figures["gap"]))


class SteadyKnocks:
    """A new TCP connection every ten milliseconds, from when this is made until ``stop``."""

    def __init__(self, source: Station, address: str, port: int = 80) -> None:
        self._output = source.machine.directory.path / f"{source.name}.knocks"
        argv = (sys.executable, str(Path(__file__).with_name("knock.py")), address, str(port))
        self._child = source.machine.spawn(*argv, output=self._output)
        until(lambda: "knocking" in self._output.read_text(), 10, f"{source.name} connects to {address}")

    def stop(self) -> Loss:
        """Stop and count connections; ``gap`` is the longest time in which none of those begun came about."""
        self._child.send_signal(signal.SIGTERM)
        self._child.wait(10)
        words = self._output.read_text().split()
        figures = dict(zip(words[::2], words[1::2], strict=False))
        return Loss(int(figures["tried"]), int(figures["failed"]), float(figures["gap"]))


def all_get_more(pings: Iterable[SteadyPing], replies: int = 500) -> None:
    """Wait until so many more replies have come to each, counted from now."""
    wanted = [(one, one.replies() + replies) for one in pings]
    until(lambda: all(one.replies() >= number for one, number in wanted), 20, f"{replies} more replies", pause=0.1)


def loss(output: str) -> Loss:
    """Read the output of ``ping -D -n -i 0.002``."""
    replies = _replies(output)
    transmitted = SENT.search(output)
    sent = int(transmitted[1]) if transmitted else 0
    last = max(replies, default=0)
    flying = min(sent - last, IN_FLIGHT)
    times = sorted(replies.values())
    gap = max((later - earlier for earlier, later in pairwise(times)), default=0.0)
    return Loss(sent - flying, sent - flying - len(replies), round(gap * 1000, 1))


def ping(source: Station, address: str) -> bool:
    """Whether an address answers within two seconds."""
    return says("bytes from", "ip", "netns", "exec", source.machine.netns, *PING, address)


def unreached(pairs: Iterable[tuple[Station, str]]) -> list[str]:
    """The pairs (machine, address) of which no ping is answered, as ``a>10.0.0.1``; all are tried side by side."""
    asked = list(pairs)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda pair: ping(*pair), asked))
    return [f"{vm.name}>{address}" for (vm, address), answered in zip(asked, answers, strict=True) if not answered]


def all_pairs(vms: Sequence[Vm]) -> list[tuple[Vm, Vm]]:
    """Every ordered pair of different machines."""
    return list(permutations(vms, 2))


def _replies(output: str) -> dict[int, float]:
    """When the reply to each request came, by the request's number."""
    return {int(found[2]): float(found[1]) for line in output.splitlines() if (found := REPLY.match(line))}
