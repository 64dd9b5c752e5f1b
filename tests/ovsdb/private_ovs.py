"""An Open vSwitch of a test's own: its daemons, files and network namespace, and none of the machine's."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

from ovsdb.address import connected, parse
from ovsdb.operations import outcome
from ovsdb.process import Process
from ovsdb.session import Limits, Listener, Session

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


class PrivateOvs:
    """ovsdb-server in the test's namespace, so that it reaches us by TCP; ovs-vswitchd in one of its own."""

    def __init__(self, directory: Path, name: str, *, switch: bool = True) -> None:
        directory.mkdir()
        self.directory = directory
        self.namespace = f"nlt-{os.getpid()}-{name}"
        self.address = f"unix:{directory}/db.sock"
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        subprocess.run(["ovsdb-tool", "create", f"{directory}/conf.db", SCHEMA], check=True)
        self.server = self.started_server()
        self.wait_for((directory / "db.sock").exists)
        self.vsctl("--no-wait", "init")
        self.vsctl("--no-wait", "set", "open_vswitch", ".", f"external_ids:system-id={name}")
        self.switch = self.started_switch() if switch else None

    def started_server(self) -> Process:
        remotes = [f"--remote=punix:{self.directory}/db.sock", "--remote=db:Open_vSwitch,Open_vSwitch,manager_options"]
        return self.started("ovsdb-server", [f"{self.directory}/conf.db", *remotes], [])

    def started_switch(self) -> Process:
        return self.started("ovs-vswitchd", [self.address], ["ip", "netns", "exec", self.namespace])

    def started(self, program: str, arguments: list[str], prefix: list[str]) -> Process:
        files = [f"--{kind}={self.directory}/{program}.{end}" for kind, end in (("pidfile", "pid"), ("unixctl", "ctl"))]
        quiet = [f"--log-file={self.directory}/{program}.log", "-vconsole:off", "-vsyslog:off"]
        return Process.started([*prefix, program, *arguments, *files, *quiet], self.directory / f"{program}.out")

    def vsctl(self, *arguments: str) -> str:
        command = ["ovs-vsctl", f"--db={self.address}", "--retry", "--timeout=10", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def column(self, table: str, record: str, column: str) -> str:
        return self.vsctl("--bare", "get", table, record, column).strip('"')

    def transact(self, *operations: dict[str, Any]) -> None:
        session = Session(connected(parse(self.address), None, 5), Listener(print, print), Limits())
        session.start()
        outcome(session.request("transact", ["Open_vSwitch", *operations], 30), operations)
        session.close("done")
        session.join(5)

    def wait_for(self, condition: Any, timeout: float = 10.0) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, "it did not come about in time"
            time.sleep(0.005)

    def stop(self) -> None:
        for process in (self.switch, self.server):
            if process is not None:
                process.stop(5)
                process.close()
        subprocess.run(["ip", "netns", "del", self.namespace], check=True)
