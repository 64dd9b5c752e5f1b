"""The world outside: physical networks that hosts are wired to, and machines there of which netloom knows nothing.

A physical network is a bridge of an Open vSwitch that belongs to nobody in the story, as a switch in a rack does. Wires
into it are trunks, or access ports of one VLAN: a kernel without VLAN devices does for the machines there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mininet_scenarios.command import run
from mininet_scenarios.machine import Machine, assign
from mininet_scenarios.ovs import Ovs

if TYPE_CHECKING:
    from mininet_scenarios.hypervisor import Datapath
    from mininet_scenarios.rundir import RunDirectory


class Outside:
    """The switch in the rack, with a bridge for each physical network."""

    def __init__(self, directory: RunDirectory, datapath: Datapath) -> None:
        self.datapath = datapath
        self.machine = Machine("outside", directory)
        self.ovs = Ovs(self.machine, directory.path / "outside")
        self.ovs.start()
        self._outsiders: list[Outsider] = []

    def lay(self, segment: str) -> None:
        """Lay a physical network; names have ten characters at most."""
        settings = (f"datapath_type={self.datapath}", "fail_mode=standalone")
        self.ovs.vsctl("add-br", segment, "--", "set", "Bridge", segment, *settings)

    def outsider(self, name: str) -> Outsider:
        """A new machine, on no segment yet."""
        outsider = Outsider(name, self)
        self._outsiders.append(outsider)
        return outsider

    def plug(self, machine: Machine, interface: str, segment: str, vlan: int | None = None) -> None:
        """Wire an interface of ``machine`` to a segment: as a trunk, or as an access port of ``vlan``, 0 for none."""
        peer = _peer(machine, segment, vlan)
        run(
            *("ip", "link", "add", interface, "netns", machine.netns, "type", "veth"),
            *("peer", "name", peer, "netns", self.machine.netns),
        )
        machine.run("ethtool", "-K", interface, "tx", "off")  # checksums that no NIC would ever fill in
        machine.run("ip", "link", "set", interface, "up")
        self.machine.run("ip", "link", "set", peer, "up")
        self.ovs.vsctl("add-port", segment, peer, *((f"tag={vlan}",) if vlan is not None else ()))

    def learned(self, segment: str) -> dict[str, tuple[str, int]]:
        """Where the segment's switch saw each MAC last: the machine's name, cut to fit, and the VLAN."""
        rows = [line.split() for line in self.ovs.appctl("fdb/show", segment).splitlines()[1:]]
        names = {self._number(port): port.partition("-")[2] for port in self.ovs.vsctl("list-ports", segment).split()}
        return {mac: (names.get(port, port), int(vlan)) for port, vlan, mac, _ in rows}

    def cut(self, machine: Machine, segment: str) -> None:
        """Take a machine's wire to the segment away."""
        self.machine.run("ip", "link", "set", _peer(machine, segment), "down")

    def mend(self, machine: Machine, segment: str) -> None:
        """Plug the wire in again."""
        self.machine.run("ip", "link", "set", _peer(machine, segment), "up")

    def end(self) -> None:
        """End the machines, then the switch, and with it every segment."""
        for outsider in self._outsiders:
            outsider.machine.end()
        self.machine.end()

    def _number(self, port: str) -> str:
        return self.ovs.vsctl("get", "Interface", port, "ofport").strip()


class Outsider:
    """A machine outside, with an interface for each segment that it is on; the first is ``eth0``."""

    def __init__(self, name: str, outside: Outside) -> None:
        self.name = name
        self.outside = outside
        self.machine = Machine(name, outside.machine.directory)
        self._interfaces = 0

    def attach(self, segment: str, *addresses: str, vlan: int = 0) -> None:
        """Plug it into a segment with addresses like ``192.0.2.9/24``."""
        interface = f"eth{self._interfaces}"
        self._interfaces += 1
        self.outside.plug(self.machine, interface, segment, vlan)
        assign(self.machine, interface, *addresses)

    def route(self, block: str, via: str) -> None:
        """Send what is for a block, or ``default``, to a next hop."""
        self.machine.run("ip", "route", "replace", block, "via", via)

    def forward(self) -> None:
        """Be a router."""
        self.machine.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")

    def neighbour(self, address: str) -> str:
        """The MAC that answered for an address on its segments, or nothing."""
        words = self.machine.run("ip", "neighbour", "show", "to", address).split()
        return words[words.index("lladdr") + 1] if "lladdr" in words else ""


def _peer(machine: Machine, segment: str, vlan: int | None = None) -> str:
    """The segment's end of a wire; names of interfaces have 15 characters at most."""
    tag = f".{vlan}" if vlan else ""
    return f"{segment[-4:]}{tag}-{machine.name}"[:15]
