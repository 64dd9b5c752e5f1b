"""A lab: fabric, hypervisors, virtual machines and the daemon, made for one story and gone when it is told.

It is a context manager; what it made goes in reverse order, after an exception, Ctrl-C and SIGTERM too. Labs run side
by side: each takes the first free number, from which its addresses and names come.
"""

from __future__ import annotations

import signal
from contextlib import ExitStack
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from mininet_scenarios import rundir
from mininet_scenarios.command import run, until
from mininet_scenarios.daemon import Daemon
from mininet_scenarios.fabric import Fabric
from mininet_scenarios.hypervisor import Hypervisor, usable_datapath
from mininet_scenarios.machine import Machine
from mininet_scenarios.outside import Outside
from mininet_scenarios.rest import Refused
from mininet_scenarios.vm import Kind, Nic, Vm

if TYPE_CHECKING:
    from mininet_scenarios.daemon import Settings
    from mininet_scenarios.hypervisor import Datapath
    from mininet_scenarios.rest import Rest


class Lab:
    """What a story is played in; ``keep`` leaves everything running at the end."""

    def __init__(self, *, framework: str = "os_ken", datapath: Datapath | None = None, keep: bool = False) -> None:
        self.framework = framework
        self.datapath: Datapath = datapath or usable_datapath()
        self.keep = keep
        self.hypervisors: dict[str, Hypervisor] = {}
        self.daemon: Daemon | None = None
        self._made = ExitStack()

    def __enter__(self) -> Self:
        """Take a lab number and lay the wires."""
        with ExitStack() as undo:
            undo.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, _stop))
            # Where this is not allowed, as in an unprivileged container, Mininet would wait for its shell for ever.
            run("unshare", "--net", "--mount", "true")
            self.directory = rundir.take()
            undo.callback(self.directory.release)
            undo.callback(self.directory.sweep)
            self.fabric = Fabric(self.directory)
            undo.callback(self.fabric.end)
            self.fabric.lay()
            self._made = undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Take all away, unless it is to be kept and nothing went wrong."""
        if self.keep and kind is None:
            self.directory.keep()
            return
        self._made.close()

    @property
    def client(self) -> Rest:
        """A client of the daemon, with the administrator's token."""
        if self.daemon is None:
            raise RuntimeError("no daemon was started in this lab")
        return self.daemon.rest

    def start_daemon(self, settings: Settings = MappingProxyType({})) -> Daemon:
        """Start the daemon with an empty intent database and further settings; it is ready when this returns."""
        daemon = self.daemon = Daemon(self.directory, self.fabric.daemon, self.framework, settings)
        self._made.callback(daemon.stop)
        daemon.start()
        return daemon

    def hypervisor(self, name: str) -> Hypervisor:
        """A new host, its Open vSwitch running, joined to nothing."""
        host = Hypervisor(name, 10 + len(self.hypervisors), self.fabric, self.datapath)
        self._made.callback(host.end)
        self.hypervisors[name] = host
        host.start()
        return host

    def outside(self, *segments: str) -> Outside:
        """The world outside, with its physical networks."""
        outside = Outside(self.directory, self.datapath)
        self._made.callback(outside.end)
        for segment in segments:
            outside.lay(segment)
        return outside

    def machine(self, name: str, number: int = 9) -> Machine:
        """A machine on the management segment only, without an Open vSwitch; ``number`` gives its address there."""
        machine = self.station(name)
        self.fabric.plug(machine, "management")
        machine.run("ip", "address", "add", f"{self.fabric.address('management', number)}/24", "dev", "management")
        return machine

    def station(self, name: str) -> Machine:
        """A machine without any interface yet."""
        machine = Machine(name, self.directory)
        self._made.callback(machine.end)
        return machine

    def join(self, *hosts: Hypervisor) -> None:
        """Join hosts to the daemon with the one command of the manual, and wait until it holds them."""
        for host in hosts:
            host.join(f"tcp:{self.fabric.daemon}:6640")
        self.wait_joined(*hosts)

    def wait_joined(self, *hosts: Hypervisor, seconds: float = 30) -> None:
        """Wait until the daemon holds the hosts' switches, and they the flows that it wants there."""
        self.wait_chassis(*(host.name for host in hosts), seconds=seconds)

    def wait_chassis(self, *chassis: str, seconds: float = 30) -> None:
        """The same by the chassis' names, which bare switches have too."""
        until(lambda: in_sync(self.daemon).issuperset(chassis), seconds, f"the daemon holds {', '.join(chassis)}")

    def last_words(self) -> str:
        """The end of the daemon's log, for a person who asks what went wrong."""
        return self.daemon.last_words() if self.daemon else ""

    def vm(self, name: str, host: Hypervisor, nic: Nic, kind: Kind = "veth") -> Vm:
        """A new machine on ``host``; ``plug`` puts it on the network."""
        vm = Vm(name, host, nic, kind)
        self._made.callback(vm.end)
        return vm


def in_sync(daemon: Daemon | None) -> set[str]:
    """The hosts that the daemon holds; none while it cannot say."""
    try:
        chassis = daemon.rest.get("/chassis")["items"] if daemon else []
    except (Refused, OSError):
        return set()
    return {one["name"] for one in chassis if one["connected"] and one["in_sync"]}


def _stop(number: int, frame: object) -> None:
    """Let SIGTERM unwind as Ctrl-C does, so that what was made is taken away."""
    del frame
    raise SystemExit(128 + number)
