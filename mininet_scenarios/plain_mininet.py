"""Plain Mininet, as ``mn --controller=remote`` makes it: a switch without a manager joins by connecting.

Nothing on it says whose ports its interfaces are, so the ports' ``binding`` names switch and interface.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mininet_scenarios import rest
from mininet_scenarios.command import CommandFailed, says, until
from mininet_scenarios.machine import end
from mininet_scenarios.ovs import Ovs
from mininet_scenarios.probe import PING
from mininet_scenarios.story import play
from mininet_scenarios.tenants import wait_ready

if TYPE_CHECKING:
    import subprocess

    from mininet_scenarios.lab import Lab
    from mininet_scenarios.machine import Machine
    from mininet_scenarios.story import Story


def tell(story: Story, lab: Lab) -> None:
    """Mininet first, intent second, and the other way round."""
    story.step("Start the daemon, and Mininet with one OVSSwitch and two hosts")
    client = lab.start_daemon().rest
    machine = lab.machine("mn")
    ovs = Ovs(machine, lab.directory.path / "mn")
    ovs.start()
    mininet, pids = start_mininet(lab, machine, ovs)
    lab.wait_chassis("s1")
    story.check("s1 is connected to the daemon", held=True, evidence=ovs.vsctl("get-controller", "s1").strip())
    story.check("and forwards nothing, as nobody asked for it", not reaches(pids, "h1", "10.0.0.2"))

    story.step("Ask for two ports, bound to s1-eth1 and s1-eth2 by name")
    ports = [bound(name, number) for number, name in enumerate(("h1", "h2"), 1)]
    client.apply(rest.project("lab"), rest.network("lab", "net", "10.0.0.0/24"), *ports)
    wait_ready(client, "lab", "h1", "h2")
    story.check("h1 reaches h2", reaches(pids, "h1", "10.0.0.2"))
    story.check("h2 reaches h1", reaches(pids, "h2", "10.0.0.1"))

    story.step("Take h2's port back")
    client.delete("/projects/lab/ports/h2")
    until(lambda: not reaches(pids, "h1", "10.0.0.2"), 10, "h1 reaches h2 no more")
    story.check("h1 reaches h2 no more", held=True)

    story.step("Stop Mininet and start it again: the intent is still there")
    client.apply(*ports)
    end(mininet, 20)
    story.check("Mininet stops by itself", mininet.returncode == 0, f"exit code {mininet.returncode}")
    _, pids = start_mininet(lab, machine, ovs)
    until(lambda: reaches(pids, "h1", "10.0.0.2"), 15, "h1 reaches h2 again")
    story.check("h1 reaches h2 again", held=True)


def start_mininet(lab: Lab, machine: Machine, ovs: Ovs) -> tuple[subprocess.Popen[str], dict[str, int]]:
    """Run ``bare_switch.py`` beside ``ovs``; its process, and those of Mininet's hosts by name."""
    output = lab.directory.path / "mininet.out"
    program = str(Path(__file__).with_name("bare_switch.py"))
    arguments = (lab.fabric.daemon, lab.datapath)
    child = machine.spawn(sys.executable, program, *arguments, output=output, environment=ovs.environment)
    until(lambda: child.poll() is not None or "{" in output.read_text(), 30, "Mininet starts")
    said = output.read_text()
    if child.poll() is not None:
        raise CommandFailed(f"Mininet ended: {said}")
    return child, json.loads(said[said.index("{") :])


def bound(name: str, number: int) -> dict[str, Any]:
    """The port of Mininet's host ``name``, whose interface is the switch's ``number``-th."""
    port = rest.port("lab", name, "net", f"02:00:00:00:00:{number:02x}", f"10.0.0.{number}")
    port["spec"]["binding"] = {"chassis": "s1", "interface": f"s1-eth{number}"}
    return port


def reaches(pids: dict[str, int], host: str, address: str) -> bool:
    """Whether an address answers a Mininet host within two seconds."""
    return says("bytes from", "mnexec", "-a", str(pids[host]), *PING, address)


if __name__ == "__main__":
    sys.exit(play(tell))
