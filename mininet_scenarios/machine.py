"""A Mininet node whose network namespace has a name, so that it outlives its shell where a lab is kept."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Protocol

from mininet.node import Node

from mininet_scenarios.command import run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mininet_scenarios.rundir import RunDirectory


class Station(Protocol):
    """Whoever has a place on a network: a virtual machine, or a machine outside."""

    name: str
    machine: Machine


class Machine(Node):  # type: ignore[misc]  # Mininet has no types
    """A network namespace with a shell; ``netns`` is what ``ip netns exec`` calls it."""

    def __init__(self, name: str, directory: RunDirectory) -> None:
        super().__init__(name)
        self.directory = directory
        self.children: list[subprocess.Popen[str]] = []
        self.netns = directory.namespace(name)
        run("ip", "netns", "attach", self.netns, str(self.pid))
        run("ip", "-netns", self.netns, "link", "set", "lo", "up")

    def run(self, *argv: str) -> str:
        """Run a command in this namespace to its end and return its output; raises ``CommandFailed``."""
        return run("ip", "netns", "exec", self.netns, *argv, env=self.directory.environment)

    def spawn(self, *argv: str, output: Path, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command in this namespace, its output in the file ``output``; it ends with the machine."""
        with output.open("w") as log:
            child: subprocess.Popen[str] = self.popen(
                list(argv),
                env={**self.directory.environment, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.children.append(child)
        return child

    def end(self) -> None:
        """End what was started here, then the shell; the namespace's name goes with the run directory's sweep."""
        for child in self.children:
            end(child)
        self.terminate()


def assign(machine: Machine, interface: str, *addresses: str) -> None:
    """Give an interface its addresses, at once: nobody has to wait until they are found to be nobody else's."""
    for address in addresses:
        machine.run("ip", "address", "add", address, "dev", interface, *(("nodad",) if ":" in address else ()))


def end(child: subprocess.Popen[str], seconds: float = 5) -> None:
    """Ask a child to end, insist after ``seconds``, and reap it."""
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
