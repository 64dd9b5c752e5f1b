"""A host with an Open vSwitch and an agent of its own, a machine behind it on each kind of network, and one outside."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.ovsdb.private_ovs import PrivateOvs

if TYPE_CHECKING:
    from pathlib import Path

LINK_IDS = {
    "netloom-link": "true",
    "netloom-addresses": "169.254.64.1/18 fd6e:6574:6c6f::1/64",
}
OWN = "nlh0123456789"
OWN_IDS = {"netloom-network": "acme/own", "netloom-addresses": "10.77.0.1/24 fd77::1/64"}
AS_DAEMON = """
import sys
from controller import green
green.patch()
from controller.agent.main import main
sys.exit(main(sys.argv[1], "", "info"))
"""


class Guest:
    """A network namespace with one link."""

    def __init__(self, name: str) -> None:
        self.namespace = f"nlt-{os.getpid()}-{name}"
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *argv: str) -> str:
        command = ["ip", "netns", "exec", self.namespace, *argv]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def address(self, device: str, *addresses: str) -> None:
        self.run("ip", "link", "set", device, "up")
        for address in addresses:
            self.run("ip", "address", "add", address, "dev", device, *(["nodad"] if ":" in address else []))

    def reaches(self, address: str, seconds: float = 0.3) -> bool:
        argv = ["ip", "netns", "exec", self.namespace, "ping", "-c", "1", "-W", f"{seconds:g}", address]
        return subprocess.run(argv, check=False, capture_output=True).returncode == 0

    def popen(self, *argv: str, **options: Any) -> subprocess.Popen[str]:
        command = ["ip", "netns", "exec", self.namespace, *argv]
        return subprocess.Popen(command, text=True, **options)

    def end(self) -> None:
        subprocess.run(["ip", "netns", "del", self.namespace], check=True)


class HostLab:
    """br-int only learns here: what the bridge does with packets is not what is tested."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ovs = PrivateOvs(directory / "ovs", "hv")
        self.host = Host(self.ovs.namespace)
        self.door, self.guest, self.outside = Guest("door"), Guest("guest"), Guest("outside")
        self.agent: subprocess.Popen[str] | None = None
        self.host.run("ip", "link", "set", "lo", "up")
        self.ovs.vsctl("add-br", "br-int", "--", "set", "bridge", "br-int", "datapath_type=netdev")
        self.ovs.vsctl("--no-wait", "set", "open_vswitch", ".", "external_ids:system-id=hv")
        wire(self.outside, "eth0", self.host, "uplink")
        self.host.address("uplink", "192.0.2.1/24", "2001:db8::1/64")
        self.outside.address("eth0", "192.0.2.9/24", "2001:db8::9/64")
        for machine, name in ((self.door, "vm-door"), (self.guest, "vm-guest")):
            wire(machine, "eth0", self.host, name)
            machine.run("ethtool", "-K", "eth0", "tx", "off")
            self.host.run("ip", "link", "set", name, "up")
            self.ovs.vsctl("add-port", "br-int", name)
        self.door.address("eth0", "169.254.64.7/18", "fd6e:6574:6c6f::7/64")
        self.guest.address("eth0", "10.77.0.10/24", "fd77::10/64")
        for machine, gateways in (
            (self.door, ("169.254.64.1", "fd6e:6574:6c6f::1")),
            (self.guest, ("10.77.0.1", "fd77::1")),
        ):
            for gateway in gateways:
                machine.run("ip", *(["-6"] if ":" in gateway else []), "route", "add", "default", "via", gateway)

    def order(self, name: str, external_ids: dict[str, str]) -> None:
        ids = [f'external_ids:{key}="{value}"' for key, value in external_ids.items()]
        add = ["--may-exist", "add-port", "br-int", name, "--", "set", "interface", name, "type=internal"]
        self.ovs.vsctl(*add, "--", "clear", "interface", name, "external_ids", "--", "set", "interface", name, *ids)

    def withdraw(self, name: str) -> None:
        self.ovs.vsctl("del-port", name)

    def start_agent(self, *, as_daemon: bool = False) -> None:
        command = [sys.executable, "-m", "controller", "agent", "--db", self.ovs.address]
        command = [sys.executable, "-c", AS_DAEMON, self.ovs.address] if as_daemon else command
        with (self.directory / "agent.log").open("a") as log:
            self.agent = self.host.popen(*command, stdout=log, stderr=log)

    def stop_agent(self) -> int:
        assert self.agent is not None
        self.agent.terminate()
        return self.agent.wait(20)

    def answer(self, name: str) -> str:
        found = self.ovs.vsctl("--if-exists", "get", "interface", name, "external_ids:netloom-state")
        return found.strip('"')

    def wait_answer(self, name: str, start: str) -> None:
        self.ovs.wait_for(lambda: self.answer(name).startswith(start))

    def ruleset(self) -> str:
        return self.host.run("nft", "list", "ruleset")

    def knob(self, path: str) -> str:
        return self.host.run("cat", f"/proc/sys/{path}").strip()

    def end(self) -> None:
        if self.agent is not None and self.agent.poll() is None:
            self.stop_agent()
        self.ovs.stop()
        for machine in (self.door, self.guest, self.outside):
            machine.end()


class Host(Guest):
    """The namespace that Open vSwitch is in."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace


def wire(one: Guest, its_name: str, other: Guest, other_name: str) -> None:
    ends = [["name", its_name, "netns", one.namespace], ["name", other_name, "netns", other.namespace]]
    subprocess.run(["ip", "link", "add", *ends[0], "type", "veth", "peer", *ends[1]], check=True)
