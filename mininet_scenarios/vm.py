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
from mininet_scenarios.machine import Machine, assign

if TYPE_CHECKING:
    from collections.abc import Callable

    from mininet_scenarios.hypervisor import Hypervisor

Kind = Literal["veth", "tap", "internal"]
ETHERNET = 1500
MTU = ETHERNET - 50  # what VXLAN leaves


@dataclass(frozen=True, slots=True)
class Nic:
    """What the machine is told of its interface; addresses like ``10.0.0.11/24``, ``gateways`` one of each version.

    ``listens``: it takes IPv6 addresses and routes from router advertisements.
    """

    mac: str
    addresses: tuple[str, ...] = ()
    mtu: int = MTU
    gateways: tuple[str, ...] = ()
    listens: bool = False


class Vm:
    """A machine with ``eth0``, on one hypervisor at a time."""

    def __init__(self, name: str, host: Hypervisor, nic: Nic, kind: Kind = "veth") -> None:
        self.name = name
        self.host = host
        self.nic = nic
        self.machine = Machine(name, host.machine.directory)
        self.tap = f"v-{name[-13:]}"  # names of interfaces have 15 characters at most
        MAKE[kind](self)
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
        _unplug(self.host, self.tap)

    def move(self, host: Hypervisor, iface_id: str) -> None:
        """Live migration of a veth machine: the interface appears on ``host``, then goes from where it was."""
        old, self.host = self.host, host
        run("ip", "-netns", old.machine.netns, "link", "set", self.tap, "netns", host.machine.netns)
        host.machine.run("ip", "link", "set", self.tap, "up")
        self.plug(iface_id)
        _unplug(old, self.tap)

    def end(self) -> None:
        """End the machine."""
        self.machine.end()

    def _configure(self) -> None:
        self.machine.run("sysctl", "-qw", f"net.ipv6.conf.eth0.accept_ra={int(self.nic.listens)}")
        self.machine.run("ip", "link", "set", "eth0", "address", self.nic.mac, "mtu", str(self.nic.mtu), "up")
        assign(self.machine, "eth0", *self.nic.addresses)
        for gateway in self.nic.gateways:
            self.machine.run("ip", "route", "add", "default", "via", gateway)


def _unplug(host: Hypervisor, interface: str) -> None:
    host.ovs.vsctl("--if-exists", "del-port", "br-int", interface)


def _veth(vm: Vm) -> None:
    run(
        *("ip", "link", "add", "eth0", "netns", vm.machine.netns, "type", "veth"),
        *("peer", "name", vm.tap, "netns", vm.host.machine.netns),
    )
    vm.host.machine.run("ip", "link", "set", vm.tap, "mtu", str(max(vm.nic.mtu, ETHERNET)), "up")
    # The userspace datapath would deliver checksums that no NIC ever filled in.
    vm.machine.run("ethtool", "-K", "eth0", "tx", "off")


def _tap(vm: Vm) -> None:
    output = vm.machine.directory.path / f"{vm.name}.tap"
    program = str(Path(__file__).with_name("qemu.py"))
    ends = (str(vm.host.machine.pid), vm.tap, str(vm.machine.pid), "eth0")
    vm.machine.spawn(sys.executable, program, *ends, output=output)
    until(lambda: "carrying" in output.read_text(), 10, f"{vm.name}'s tap carries frames")
    vm.host.machine.run("ip", "link", "set", vm.tap, "up")


def _internal(vm: Vm) -> None:
    add = ("--may-exist", "add-port", "br-int", vm.tap)
    vm.host.ovs.vsctl(*add, "--", "set", "Interface", vm.tap, "type=internal")
    run("ip", "-netns", vm.host.machine.netns, "link", "set", vm.tap, "netns", vm.machine.netns)
    vm.machine.run("ip", "link", "set", vm.tap, "name", "eth0")


MAKE: dict[Kind, Callable[[Vm], None]] = {"veth": _veth, "tap": _tap, "internal": _internal}
