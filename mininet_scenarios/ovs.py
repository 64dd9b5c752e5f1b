"""An Open vSwitch of one's own: ovsdb-server and ovs-vswitchd in a namespace, with their files in one directory.

Both are children that are killed, ended and started again by their handles, so that no other Open vSwitch of the
machine notices.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from mininet_scenarios.command import until
from mininet_scenarios.machine import end

if TYPE_CHECKING:
    import subprocess

    from mininet_scenarios.machine import Machine

SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")
RECEIVED = re.compile(r"\|vconn\|DBG\|(?:tcp|ssl):\S+ received: (OFPT_\w+)")
CHANGES = ("OFPT_FLOW_MOD", "OFPT_GROUP_MOD", "OFPT_METER_MOD", "OFPT_BUNDLE_ADD_MESSAGE")


class Ovs:
    """Open vSwitch on ``machine``, keeping its files in ``directory``."""

    def __init__(self, machine: Machine, directory: Path) -> None:
        directory.mkdir(parents=True)
        self.machine = machine
        self.directory = directory
        self.environment = {"OVS_RUNDIR": str(directory), "OVS_LOGDIR": str(directory), "OVS_DBDIR": str(directory)}
        self.database: subprocess.Popen[str] | None = None
        self.switch: subprocess.Popen[str] | None = None
        machine.run("ovsdb-tool", "create", str(directory / "conf.db"), str(SCHEMA))

    def start(self) -> None:
        """Start both daemons; when this returns, they take orders."""
        self.start_database()
        self.vsctl("--no-wait", "init")
        self.start_switch()

    def start_database(self) -> None:
        """Start ovsdb-server on the database as it was left."""
        socket = self.directory / "db.sock"
        self.database = self._spawn(
            "ovsdb-server",
            str(self.directory / "conf.db"),
            f"--remote=punix:{socket}",
            "--remote=db:Open_vSwitch,Open_vSwitch,manager_options",
        )
        until(lambda: self._answers("ovsdb-server"), 10, "ovsdb-server answers")

    def start_switch(self) -> None:
        """Start ovs-vswitchd, which takes its bridges from the database."""
        self.switch = self._spawn("ovs-vswitchd", f"unix:{self.directory / 'db.sock'}")
        until(lambda: self._answers("ovs-vswitchd"), 10, "ovs-vswitchd answers")

    def kill_database(self) -> None:
        """End ovsdb-server with SIGKILL."""
        _kill(self.database)

    def kill_switch(self) -> None:
        """End ovs-vswitchd with SIGKILL: its flows, groups and connections are gone."""
        _kill(self.switch)

    def stop_switch(self) -> None:
        """End ovs-vswitchd as a package upgrade does."""
        if self.switch is not None:
            end(self.switch)

    def vsctl(self, *argv: str) -> str:
        """Run ovs-vsctl against this database."""
        return self.machine.run("ovs-vsctl", "--timeout=20", f"--db=unix:{self.directory / 'db.sock'}", *argv)

    def ofctl(self, command: str, bridge: str, *argv: str) -> str:
        """Run ovs-ofctl, in OpenFlow 1.5, against a bridge of this switch."""
        target = f"unix:{self.directory / bridge}.mgmt"
        return self.machine.run("ovs-ofctl", "-O", "OpenFlow15", command, target, *argv)

    def appctl(self, *argv: str, target: str = "ovs-vswitchd") -> str:
        """Run ovs-appctl against ``target``, a daemon of this switch."""
        return self.machine.run("ovs-appctl", "-t", str(self.directory / f"{target}.ctl"), *argv)

    def _spawn(self, program: str, *argv: str) -> subprocess.Popen[str]:
        control = self.directory / f"{program}.ctl"
        control.unlink(missing_ok=True)
        log = f"--log-file={self.directory / program}.log"
        arguments = (f"--unixctl={control}", "--no-chdir", "-vconsole:emer", log, *argv)
        output = self.directory / f"{program}.out"
        return self.machine.spawn(program, *arguments, output=output, environment=self.environment)

    def _answers(self, program: str) -> bool:
        control = self.directory / f"{program}.ctl"
        return control.exists() and bool(self.appctl("version", target=program))


class Received:
    """What the switch received from controllers since this was made, message by message, from its own log."""

    def __init__(self, ovs: Ovs) -> None:
        ovs.appctl("vlog/set", "vconn:file:dbg")
        ovs.appctl("vlog/disable-rate-limit", "vconn")
        self._log = ovs.directory / "ovs-vswitchd.log"
        self._start = self._log.stat().st_size

    def messages(self) -> Counter[str]:
        """How many of each OpenFlow message type; a bundled message counts as ``OFPT_BUNDLE_ADD_MESSAGE``."""
        with self._log.open(errors="replace") as log:
            log.seek(self._start)
            return Counter(found[1] for line in log if (found := RECEIVED.search(line)))

    def changes(self) -> int:
        """How many messages would change flows, groups or meters."""
        messages = self.messages()
        return sum(messages[kind] for kind in CHANGES)


def _kill(child: subprocess.Popen[str] | None) -> None:
    if child is not None:
        child.kill()
        child.wait()
