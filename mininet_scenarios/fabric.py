"""The wires between emulated hypervisors: a management segment and an underlay segment, in a namespace of their own.

Lab ``n`` has 198.18.n.0/24 for management, where the daemon is .1 in the root namespace, and 198.19.n.0/24 as underlay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mininet_scenarios.machine import Machine

if TYPE_CHECKING:
    from typing import Literal

    from mininet_scenarios.rundir import RunDirectory

from mininet_scenarios.command import run

ETHERNET = 1500
SEGMENTS = {"management": 18, "underlay": 19}


class Fabric:
    """Two Linux bridges, and one link into the root namespace by which the daemon reaches the hosts."""

    def __init__(self, directory: RunDirectory) -> None:
        self.directory = directory
        self.daemon = self.address("management", 0)
        self.machine = Machine("fabric", directory)
        self.mtu = ETHERNET  # of the underlay; what is plugged in later has it

    def lay(self) -> None:
        """Lay both segments and the link to the daemon."""
        for segment in SEGMENTS:
            self.machine.run("ip", "link", "add", segment, "type", "bridge", "mcast_snooping", "0")
            self.machine.run("ip", "link", "set", segment, "up")
        self._connect_root()

    def address(self, segment: str, host: int) -> str:
        """The address of host ``0..200`` on a segment; host 0 is the daemon's machine."""
        return f"198.{SEGMENTS[segment]}.{self.directory.number}.{host + 1}"

    def plug(self, machine: Machine, segment: Literal["management", "underlay"]) -> None:
        """Give ``machine`` an interface named like the segment, connected to it."""
        peer = _peer(machine, segment)
        mtu = str(self.mtu if segment == "underlay" else ETHERNET)
        run(
            *("ip", "link", "add", segment, "mtu", mtu, "netns", machine.netns, "type", "veth"),
            *("peer", "name", peer, "mtu", mtu, "netns", self.machine.netns),
        )
        machine.run("ip", "link", "set", segment, "up")
        self.machine.run("ip", "link", "set", peer, "up", "master", segment)

    def set_link(self, machine: Machine, segment: str, state: Literal["up", "down"]) -> None:
        """Cut or mend the wire of a machine."""
        self.machine.run("ip", "link", "set", _peer(machine, segment), state)

    def end(self) -> None:
        """End the namespace, and with it every wire."""
        self.machine.end()

    def _connect_root(self) -> None:
        link = self.directory.link
        run("ip", "link", "add", link, "type", "veth", "peer", "name", "root", "netns", self.machine.netns)
        run("ip", "link", "set", link, "alias", self.directory.mark)
        run("ip", "address", "add", f"{self.daemon}/24", "dev", link)
        run("ip", "link", "set", link, "up")
        self.machine.run("ip", "link", "set", "root", "up", "master", "management")


def _peer(machine: Machine, segment: str) -> str:
    """The fabric's end of a wire; names of interfaces have 15 characters at most."""
    return f"{segment[:1]}-{machine.name}"[:15]
