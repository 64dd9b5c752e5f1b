"""Cables between bridges: plain ones, and those whose frames a process carries, to be slow or silent at will."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mininet_scenarios.command import run, until
from mininet_scenarios.machine import end

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mininet_scenarios.machine import Machine
    from mininet_scenarios.rack import Rack, Socket

RELAY = str(Path(__file__).with_name("relay.py"))


class Carrier:
    """A process in a machine that hands every frame on between two interfaces of it, both ways."""

    def __init__(self, machine: Machine, one: str, other: str, delay: float = 0.0) -> None:
        directory, name = machine.directory.path, f"{machine.name}.{one}"
        self._order = directory / f"{name}.order"
        self._order.write_text(str(delay))
        output = directory / f"{name}.relay"
        self._relay = machine.spawn(sys.executable, RELAY, one, other, str(self._order), output=output)
        until(lambda: "carrying" in output.read_text(), 10, f"{machine.name} hands on what comes in at {one}")

    def tell(self, order: str) -> None:
        """Let each frame take so many milliseconds from now on, or be ``silent``."""
        self._order.write_text(order)
        self._relay.send_signal(signal.SIGHUP)

    def end(self) -> None:
        """End the process; its interfaces stay as they are."""
        end(self._relay)


class Cable:
    """A pair of interfaces, one at each bridge; where it is cut, both ends lose their carrier."""

    def __init__(self, one: Socket, other: Socket) -> None:
        self.ends = one, other
        pair((one.machine, one.interface), (other.machine, other.interface))
        for socket in self.ends:
            socket.plug()

    def cut(self) -> None:
        """Cut it."""
        self.ends[0].set_link("down")

    def mend(self) -> None:
        """Put it together again."""
        self.ends[0].set_link("up")


class SlowCable:
    """Two pairs of interfaces and a process between them; neither bridge sees more of it than of a cable."""

    def __init__(self, one: Socket, other: Socket, between: Machine, delay: float = 0.0) -> None:
        self.ends = one, other
        inner = one.interface, other.interface
        for socket, interface in zip(self.ends, inner, strict=True):
            pair((socket.machine, socket.interface), (between, interface))
            between.run("sysctl", "-qw", f"net.ipv6.conf.{interface}.disable_ipv6=1")  # cables say nothing themselves
            between.run("ip", "link", "set", interface, "up")
        self._carrier = Carrier(between, *inner, delay)
        for socket in self.ends:
            socket.plug()

    def cut(self) -> None:
        """Cut it next to the first bridge, which loses its carrier; the other does not."""
        self.ends[0].set_link("down")

    def mend(self) -> None:
        """Put it together again."""
        self.ends[0].set_link("up")

    def slow(self, delay: float) -> None:
        """Let each frame take so many milliseconds from now on, or speak again."""
        self._carrier.tell(str(delay))

    def silence(self) -> None:
        """Lose all frames from now on, while both ends stay up."""
        self._carrier.tell("silent")

    def end(self) -> None:
        """End the process; both ends stay up."""
        self._carrier.end()


def wire(rack: Rack, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Cable]:
    """A cable for each pair of bridges, by the pair as it is written."""
    return {(one, other): Cable(rack.socket(one), rack.socket(other)) for one, other in pairs}


def pair(one: tuple[Machine, str], other: tuple[Machine, str]) -> None:
    """Two interfaces that are joined; what one sends, the other receives."""
    run(
        *("ip", "link", "add", one[1], "netns", one[0].netns, "type", "veth"),
        *("peer", "name", other[1], "netns", other[0].netns),
    )
