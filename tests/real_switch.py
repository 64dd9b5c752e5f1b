"""A real Open vSwitch of a test's own, with one bridge, and an OpenFlow client that speaks our bytes to it."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controller.southbound import inbound, wire
from tests.worlds import TUNNELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from controller.flow.flow import Flow

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
HELLO, ECHO_REQUEST, ECHO_REPLY = 0, 2, 3
SECONDS = 10
IDENTITY = "{class=0x6e6c,type=0x01,len=4}->tun_metadata0"
"""Which Geneve option carries identities, as ovs-ofctl says it."""


class RealSwitch:
    """ovsdb-server and ovs-vswitchd (userspace datapath) in a network namespace; bridge ``br`` with tunnel ports."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.namespace = f"nlr-{os.getpid()}"
        self.namespaced = ["ip", "netns", "exec", self.namespace]
        self.daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start both daemons, and make the bridge."""
        directory = self.directory
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        subprocess.run(["ovsdb-tool", "create", f"{directory}/conf.db", SCHEMA], check=True)
        self.daemons.append(
            self._started("ovsdb-server", f"{directory}/conf.db", f"--remote=punix:{directory}/db.sock")
        )
        self.vsctl("--no-wait", "init")
        self.daemons.append(self._started("ovs-vswitchd", f"unix:{directory}/db.sock", "--enable-dummy"))
        self.vsctl("add-br", "br", "--", "set", "bridge", "br", "datapath_type=netdev", "fail_mode=secure")
        for encap, ofport in TUNNELS:
            options = [f"type={encap}", "options:remote_ip=flow", "options:local_ip=flow", "options:key=flow"]
            self.vsctl("add-port", "br", encap, "--", "set", "interface", encap, *options, f"ofport_request={ofport}")
        self.ofctl("add-tlv-map", IDENTITY)

    def _started(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        control = f"{self.directory}/{program}.ctl"
        quiet = ["--no-chdir", "-vconsole:off", "-vsyslog:off", f"--log-file={self.directory}/{program}.log"]
        environment = {**os.environ, "OVS_RUNDIR": str(self.directory)}
        command = [*self.namespaced, program, *arguments, f"--unixctl={control}", *quiet]
        process = subprocess.Popen(command, env=environment)
        deadline = time.monotonic() + SECONDS
        while not Path(control).exists():
            assert process.poll() is None, f"{program} ended"
            assert time.monotonic() < deadline, f"{program} does not start"
            time.sleep(0.005)
        return process

    def vsctl(self, *arguments: str) -> str:
        command = ["ovs-vsctl", f"--db=unix:{self.directory}/db.sock", f"--timeout={SECONDS}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def ofctl(self, command: str, *arguments: str, bridge: str = "br") -> str:
        """Somebody else at the bridge."""
        whole = ["ovs-ofctl", "-O", "OpenFlow15", command, f"unix:{self.directory}/{bridge}.mgmt", *arguments]
        return subprocess.run(whole, check=True, capture_output=True, text=True).stdout

    def trace(self, flow: str) -> str:
        """What the switch says it would do with a packet."""
        return self.appctl("ofproto/trace", "br", flow)

    def appctl(self, *words: str) -> str:
        """What ovs-vswitchd itself is told, and says: as by ovs-appctl, which would have to be started each time."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(SECONDS)
            control.connect(f"{self.directory}/ovs-vswitchd.ctl")
            control.sendall(json.dumps({"method": words[0], "params": words[1:], "id": 0}).encode())
            answer = _answered(control)
        assert answer["error"] is None, answer["error"]
        return str(answer["result"])

    def forget_derived(self) -> None:
        """Let it forward by its flows as they are: it goes on for a while by what it derived from those before."""
        self.appctl("revalidator/purge")

    def go_round(self) -> None:
        """Let ovs-vswitchd forward by the state of ports that it has just seen.

        It answers one command in each round of its main loop: it looks at its ports in the round after it saw a change,
        and forwards by what it found from the next one on.
        """
        for _ in range(3):
            self.appctl("version")

    def client(self, bridge: str = "br") -> Client:
        """A new OpenFlow session with the bridge."""
        return Client(self.directory / f"{bridge}.mgmt")

    def stop(self) -> None:
        """End what was started, the last first."""
        for daemon in reversed(self.daemons):
            daemon.terminate()
            daemon.wait(SECONDS)
        subprocess.run(["ip", "netns", "del", self.namespace], check=True)


def _answered(control: socket.socket) -> dict[str, Any]:
    """One JSON object, as soon as it is whole."""
    said = b""
    while chunk := control.recv(1 << 20):
        said += chunk
        if said.endswith(b"}"):
            with suppress(ValueError):  # it was the end of an inner one
                return dict(json.loads(said))
    raise EOFError(f"ovs-vswitchd hung up after {said!r}")


class Client:
    """Sends bytes; gives the flow messages that come back."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(SECONDS)
        self._socket.connect(str(path))
        self.send(struct.pack("!BBHI", wire.VERSION, HELLO, 8, 1))

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def received(self) -> Iterator[inbound.Received]:
        """Whatever is about flows, as it comes."""
        for message in self.messages():
            found = inbound.received(message)
            if found is not None:
                yield found

    def messages(self) -> Iterator[bytes]:
        """All that comes, but for questions whether we are there, which are answered."""
        while True:
            head = self._exactly(8)
            kind, length = struct.unpack_from("!xBH", head)
            message = head + self._exactly(length - 8)
            if kind == ECHO_REQUEST:
                self.send(struct.pack("!BB", wire.VERSION, ECHO_REPLY) + message[2:])
            else:
                yield message

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            assert more, "the switch closed the connection"
            data += more
        return data

    def flows(self) -> tuple[wire.FlowEvent, ...]:
        """Every flow that the bridge has."""
        self.send(wire.monitor_request(1, 2))
        events: list[wire.FlowEvent] = []
        for message in self.received():
            assert isinstance(message, wire.FlowReport)
            events += message.events
            if not message.more:
                return tuple(events)
        raise AssertionError

    def change(self, puts: Sequence[Flow], deletes: Sequence[Flow]) -> list[wire.Refusal]:
        """Make a change in one bundle; what the switch refused of it."""
        self.send(b"".join(wire.bundle(1, 0x100, puts, deletes)))
        last, refusals = 0x100 + len(puts) + len(deletes) + 1, []
        for message in self.received():
            if isinstance(message, wire.Refusal) and 0x100 <= message.xid <= last:
                refusals.append(message)
            if isinstance(message, wire.BundleReply | wire.Refusal) and message.xid == last:
                return refusals
        raise AssertionError

    def close(self) -> None:
        self._socket.close()
