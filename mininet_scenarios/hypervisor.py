"""An emulated hypervisor: a Mininet node with an Open vSwitch of its own, joined to the daemon as users join theirs.

It has two interfaces: ``management``, where the daemon is, and ``underlay``, which carries tunnels and whose address is
that of the bridge ``br-phy``: the userspace datapath sends tunnels only from a bridge's own port.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mininet_scenarios.daemon import netloom
from mininet_scenarios.machine import Machine, assign
from mininet_scenarios.ovs import Ovs

if TYPE_CHECKING:
    import subprocess

    from mininet_scenarios.fabric import Fabric
    from mininet_scenarios.outside import Outside

Wire = Literal["management", "underlay"]
Datapath = Literal["netdev", "system"]


class Hypervisor:
    """A host of virtual machines, numbered ``1..200`` in its fabric."""

    def __init__(self, name: str, number: int, fabric: Fabric, datapath: Datapath) -> None:
        self.name = name
        self.number = number
        self.fabric = fabric
        self.datapath = datapath
        self.management = fabric.address("management", number)
        self.underlay = fabric.address("underlay", number)
        self.machine = Machine(name, fabric.directory)
        self.ovs = Ovs(self.machine, fabric.directory.path / name)
        self.agent: subprocess.Popen[str] | None = None
        self._mappings: dict[str, str] = {}

    def start(self) -> None:
        """Plug both wires and start Open vSwitch; the host is not joined to any daemon yet."""
        self.fabric.plug(self.machine, "management")
        self.machine.run("ip", "address", "add", f"{self.management}/24", "dev", "management")
        self.fabric.plug(self.machine, "underlay")
        self.ovs.start()
        self.ovs.vsctl(
            *("add-br", "br-phy", "--", "set", "Bridge", "br-phy", f"datapath_type={self.datapath}"),
            *("fail_mode=standalone", "--", "add-port", "br-phy", "underlay"),
        )
        self.machine.run("ip", "address", "add", f"{self.underlay}/24", "dev", "br-phy")
        self.machine.run("ip", "link", "set", "br-phy", "up")

    def provide(self, outside: Outside, segment: str, *addresses: str) -> None:
        """Carry a physical network: bridge ``br-SEGMENT`` is wired to it, and the host has ``addresses`` there."""
        bridge = f"br-{segment}"
        outside.plug(self.machine, segment, segment)
        self.ovs.vsctl(
            *("add-br", bridge, "--", "set", "Bridge", bridge, f"datapath_type={self.datapath}"),
            *("fail_mode=standalone", "--", "add-port", bridge, segment),
        )
        self._mappings[segment] = bridge
        mappings = ",".join(f"{segment}:{bridge}" for segment, bridge in self._mappings.items())
        self.ovs.vsctl("set", "Open_vSwitch", ".", f'external_ids:netloom-bridge-mappings="{mappings}"')
        assign(self.machine, bridge, *addresses)
        self.machine.run("ip", "link", "set", bridge, "up")

    def label(self, *labels: str) -> None:
        """Label the host, as with ``gateway=true``."""
        self.ovs.vsctl("set", "Open_vSwitch", ".", f'external_ids:netloom-labels="{",".join(labels)}"')

    def connect(self, outside: Outside, segment: str, gateways: tuple[str, ...], *addresses: str) -> None:
        """Give the host itself a way into the world: interface ``uplink`` on a segment, its routes by ``gateways``."""
        outside.plug(self.machine, "uplink", segment)
        assign(self.machine, "uplink", *addresses)
        for gateway in gateways:
            self.machine.run("ip", "route", "add", "default", "via", gateway)

    def serve(self) -> None:
        """Start ``netloom agent``, which does on this host what needs more than Open vSwitch."""
        argv = (*netloom(), "agent", "--db", f"unix:{self.ovs.directory / 'db.sock'}")
        output = self.fabric.directory.path / f"{self.name}.agent"
        self.agent = self.machine.spawn(*argv, output=output, environment=self.ovs.environment)

    def unserve(self) -> None:
        """End the agent with SIGKILL."""
        if self.agent is not None:
            self.agent.kill()
            self.agent.wait()

    def join(self, manager: str) -> None:
        """Hand this host to the daemon at ``manager``, like ``tcp:198.18.0.1:6640``."""
        identity = (f"external_ids:system-id={self.name}", f"external_ids:netloom-encap-ip={self.underlay}")
        self.ovs.vsctl("set", "Open_vSwitch", ".", *identity, "--", "set-manager", manager)

    def cut(self, wire: Wire) -> None:
        """Take a wire away; both ends lose their carrier."""
        self.fabric.set_link(self.machine, wire, "down")

    def mend(self, wire: Wire) -> None:
        """Plug the wire in again."""
        self.fabric.set_link(self.machine, wire, "up")

    def flows(self) -> str:
        """The flows of br-int without what only counts, one a line, sorted."""
        lines = self.ovs.ofctl("dump-flows", "br-int", "--no-stats").splitlines()
        return "\n".join(sorted(line.strip() for line in lines if "actions=" in line))

    def end(self) -> None:
        """End Open vSwitch and the node."""
        self.machine.end()


def usable_datapath() -> Datapath:
    """The kernel's datapath where this machine has its module, else the one in userspace."""
    return "system" if Path("/sys/module/openvswitch").exists() else "netdev"
