"""A virtual machine as Open vSwitch sees one: a namespace behind an interface that says whose port it is.

``veth`` is what containers have, ``tap`` what QEMU has (here a process carries the frames that QEMU would),
``internal`` a port that Open vSwitch makes itself.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from ipaddress import ip_interface
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mininet_scenarios.command import run, until
from mininet_scenarios.machine import Machine

if TYPE_CHECKING:
    from mininet_scenarios.hypervisor import Hypervisor

Kind = Literal["veth", "tap", "internal"]
MTU = 1450  # what VXLAN leaves of 1500


@dataclass(frozen=True, slots=True)
class Nic:
    """What the machine is told of its interface; addresses like ``10.0.0.11/24``."""

    mac: str
    addresses: tuple[str, ...]
    mtu: int = MTU
    gateway: str | None = None


class Vm:
    """A machine with ``eth0``, on one hypervisor at a time."""

    def __init__(self, name: str, host: Hypervisor, nic: Nic, kind: Kind = "veth") -> None:
        self.name = name
        self.host = host
        self.nic = nic
        self.kind = kind
        self.machine = Machine(name, host.machine.directory)
        self.tap = f"v-{name}"[:15]
        self._make()
        self._configure()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses without prefix lengths."""
        return tuple(str(ip_interface(address).ip) for address in self.nic.addresses)

    @property
    def ipv4(self) -> str:
        """Its first IPv4 address."""
        return next(address for address in self.addresses if ":" not in address)

    @property
    def ipv6(self) -> str:
        """Its first IPv6 address."""
        return next(address for address in self.addresses if ":" in address)

    def plug(self, iface_id: str | None) -> None:
        """Put the interface on br-int with its ``external_ids:iface-id``; without one it is bound by name."""
        setting = (f"external_ids:iface-id={iface_id}",) if iface_id else ()
        add = ("--may-exist", "add-port", "br-int", self.tap)
        self.host.ovs.vsctl(*add, *(("--", "set", "Interface", self.tap, *setting) if setting else ()))

    def unplug(self) -> None:
        """Take the interface off br-int; the machine keeps running."""
        self.host.ovs.vsctl("--if-exists", "del-port", "br-int", self.tap)

    def move(self, host: Hypervisor, iface_id: str) -> None:
        """Live migration of a veth machine: the interface appears on ``host``, then goes from where it was."""
        old, self.host = self.host, host
        run("ip", "-netns", old.machine.netns, "link", "set", self.tap, "netns", host.machine.netns)
        host.machine.run("ip", "link", "set", self.tap, "up")
        self.plug(iface_id)
        old.ovs.vsctl("--if-exists", "del-port", "br-int", self.tap)

    def end(self) -> None:
        """End the machine."""
        self.machine.end()

    def _make(self) -> None:
        match self.kind:
            case "veth":
                self._make_veth()
            case "tap":
                self._make_tap()
            case "internal":
                self._make_internal()

    def _make_veth(self) -> None:
        run(
            *("ip", "link", "add", "eth0", "netns", self.machine.netns, "type", "veth"),
            *("peer", "name", self.tap, "netns", self.host.machine.netns),
        )
        self.host.machine.run("ip", "link", "set", self.tap, "up")
        # The userspace datapath would deliver checksums that no NIC ever filled in.
        self.machine.run("ethtool", "-K", "eth0", "tx", "off")

    def _make_tap(self) -> None:
        output = self.machine.directory.path / f"{self.name}.tap"
        program = str(Path(__file__).with_name("qemu.py"))
        ends = (str(self.host.machine.pid), self.tap, str(self.machine.pid), "eth0")
        self.machine.spawn(sys.executable, program, *ends, output=output)
        until(lambda: "carrying" in output.read_text(), 10, f"{self.name}'s tap carries frames")
        self.host.machine.run("ip", "link", "set", self.tap, "up")

    def _make_internal(self) -> None:
        add = ("--may-exist", "add-port", "br-int", self.tap)
        self.host.ovs.vsctl(*add, "--", "set", "Interface", self.tap, "type=internal")
        run("ip", "-netns", self.host.machine.netns, "link", "set", self.tap, "netns", self.machine.netns)
        self.machine.run("ip", "link", "set", self.tap, "name", "eth0")

    def _configure(self) -> None:
        self.machine.run("sysctl", "-qw", "net.ipv6.conf.eth0.accept_ra=0")
        self.machine.run("ip", "link", "set", "eth0", "address", self.nic.mac, "mtu", str(self.nic.mtu), "up")
        for address in self.nic.addresses:
            undetected = ("nodad",) if ":" in address else ()
            self.machine.run("ip", "address", "add", address, "dev", "eth0", *undetected)
        if self.nic.gateway:
            self.machine.run("ip", "route", "add", "default", "via", self.nic.gateway)
