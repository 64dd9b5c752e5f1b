"""Bare bridges: one Open vSwitch with many, each joined to the daemon by connecting to it, as Mininet's are.

Each is a chassis of its own. They are wired to one another and to hosts in namespaces of their own; interfaces are
called as Mininet calls them, like ``s1-eth2``.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mininet_scenarios.ovs import Ovs

if TYPE_CHECKING:
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.machine import Machine

FIRST = 150  # of the racks' addresses on the management segment
PER_RACK = 256
AHEAD = -15  # of programs with a higher number, by nice(2)


@dataclass(frozen=True, slots=True)
class Socket:
    """An interface of a bridge: ``chassis`` is what the daemon calls the bridge, ``bridge`` what its OVS does."""

    ovs: Ovs
    chassis: str
    bridge: str
    interface: str

    @property
    def machine(self) -> Machine:
        """Where the interface is."""
        return self.ovs.machine

    @property
    def number(self) -> int:
        """Its OpenFlow port."""
        return int(self.ovs.vsctl("get", "Interface", self.interface, "ofport"))

    @property
    def binding(self) -> dict[str, str]:
        """The ``binding`` of a port that is plugged in here."""
        return {"chassis": self.chassis, "interface": self.interface}

    @property
    def sent(self) -> int:
        """How many frames its bridge has sent out of it."""
        counters = self.ovs.ofctl("dump-ports", self.bridge, self.interface)
        return int(counters.partition("tx pkts=")[2].partition(",")[0])

    def plug(self) -> None:
        """Put the interface, which is there, on the bridge."""
        self.machine.run("ip", "link", "set", self.interface, "up")
        self.ovs.vsctl("--may-exist", "add-port", self.bridge, self.interface)

    def set_link(self, state: str) -> None:
        """Take the interface ``down``, or ``up``, as quickly as a plug is pulled."""
        self.machine.run("nice", "-n", str(AHEAD), "ip", "link", "set", self.interface, state)


class Rack:
    """Open vSwitch number ``0..49`` with bare bridges."""

    def __init__(self, lab: Lab, number: int = 0) -> None:
        self.number = number
        self.name = f"rack{number}"
        self.datapath = lab.datapath
        self.daemon = lab.fabric.daemon
        self.address = lab.fabric.address("management", FIRST + number)
        self.machine = lab.machine(self.name, FIRST + number)
        self.ovs = Ovs(self.machine, lab.directory.path / self.name)
        self.ovs.start()
        if (
            self.ovs.switch is not None
        ):  # switches have a processor of their own, which the other programs here have not
            os.setpriority(os.PRIO_PROCESS, self.ovs.switch.pid, AHEAD)
        self.bridges: list[str] = []
        self._sockets: Counter[str] = Counter()

    def add(self, *names: str) -> None:
        """Make bridges; they connect to nobody yet, and forward nothing."""
        words: list[str] = []
        for name in names:
            self.bridges.append(name)
            number = self.number * PER_RACK + len(self.bridges)
            settings = (f"datapath_type={self.datapath}", "fail_mode=secure")
            identity = (f"other_config:datapath-id={number:016x}", "other_config:disable-in-band=true")
            words += ["--", "add-br", name, "--", "set", "Bridge", name, *settings, *identity]
        self.ovs.vsctl(*words[1:])

    def connect(self, *names: str) -> None:
        """Have bridges, or all of them, connect to the daemon, and try each second where it does not answer."""
        words: list[str] = []
        for name in names or self.bridges:
            words += ["--", "set-controller", name, f"tcp:{self.daemon}:6653"]
            words += ["--", "set", "Controller", name, "max_backoff=1000"]
        self.ovs.vsctl(*words[1:])

    def join(self) -> None:
        """Hand the database to the daemon too, as hosts are joined: it looks after the wires then."""
        identity = (f"external_ids:system-id={self.name}", f"external_ids:netloom-encap-ip={self.address}")
        self.ovs.vsctl("set", "Open_vSwitch", ".", *identity, "--", "set-manager", f"tcp:{self.daemon}:6640")

    def socket(self, bridge: str) -> Socket:
        """The next free interface of a bridge; whoever asks makes it."""
        self._sockets[bridge] += 1
        return Socket(self.ovs, bridge, bridge, f"{bridge}-eth{self._sockets[bridge]}")

    def flows(self, bridge: str) -> list[str]:
        """The flows of a bridge without what only counts, sorted."""
        lines = self.ovs.ofctl("dump-flows", bridge, "--no-stats").splitlines()
        return sorted(line.strip() for line in lines if "actions=" in line)
