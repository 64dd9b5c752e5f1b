"""A bridge of Open vSwitch itself whose ports are wires that tests hold the other end of."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING

from controller.flow.actions import instructions, output
from controller.flow.fields import ETH_TYPE
from controller.flow.flow import EVERYWHERE, Flow, encoded_match
from controller.southbound.beside import group_mod
from controller.southbound.difference import difference
from controller.southbound.metering import meters_used
from tests.real_switch import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.real_switch import RealSwitch

BRIDGE = "wires"
BELL_TYPE, BELL_PORT = 0x88B5, 999
BELL = Flow(EVERYWHERE, 0, 0xFFFF, encoded_match({ETH_TYPE: BELL_TYPE}), instructions((output(BELL_PORT),)), 1)
"""What is sent after a packet comes out after all that became of it."""
BELL_FRAME = bytes(12) + struct.pack("!H46x", BELL_TYPE)
PCAP_HEADER, RECORD_HEADER = 24, 16
SECONDS = 10


class Wires:
    """Sends frames into ports, and gives what comes out of all of them."""

    def __init__(self, switch: RealSwitch, ports: Iterable[int]) -> None:
        self._switch = switch
        self._ports = {port: switch.directory / f"wire{port}.pcap" for port in (*ports, BELL_PORT)}
        self._meters: set[int] = set()
        self._read = dict.fromkeys(self._ports, PCAP_HEADER)

    def start(self) -> None:
        """Make the bridge."""
        words = ["add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=dummy", "fail_mode=secure"]
        for port, file in self._ports.items():
            file.unlink(missing_ok=True)  # Open vSwitch would go on in what an earlier bridge has left
            words += ["--", "add-port", BRIDGE, f"wire{port}", "--", "set", "interface", f"wire{port}", "type=dummy"]
            words += [f"ofport_request={port}", f"options:tx_pcap={file}"]
        self._switch.vsctl(*words)
        self._switch.ofctl("add-tlv-map", IDENTITY, bridge=BRIDGE)

    def stop(self) -> None:
        """Take the bridge away."""
        self._switch.vsctl("del-br", BRIDGE)

    def hold(self, flows: Sequence[Flow]) -> None:
        """Bring the bridge to these flows, without any connection."""
        for number in {number for flow in flows for number in meters_used(flow.instructions)} - self._meters:
            self._switch.ofctl("add-meter", f"meter={number},pktps,band=type=drop,rate=1000000", bridge=BRIDGE)
            self._meters.add(number)
        client = self._switch.client(BRIDGE)
        client.send(b"".join(group_mod(group) for flow in flows for group in flow.groups))
        assert client.change(*difference(client.flows(), [*flows, BELL])) == []
        client.close()
        self._switch.forget_derived()
        self.forget()

    def forget(self) -> None:
        """No connection is known any more."""
        self._switch.ofctl("ct-flush", bridge=BRIDGE)

    def cut(self, *ports: int) -> None:
        """Just these ports are dead from now on."""
        for port in self._ports:
            state = "down" if port in ports else "up"
            self._switch.appctl("netdev-dummy/set-admin-state", f"wire{port}", state)
        self._switch.go_round()

    def send(self, port: int, frame: bytes) -> list[tuple[int, bytes]]:
        """Send a frame; what came out, and of which ports."""
        self._switch.appctl("netdev-dummy/receive", f"wire{port}", frame.hex(), BELL_FRAME.hex())
        deadline = time.monotonic() + SECONDS
        while not self._out(BELL_PORT):
            assert time.monotonic() < deadline, "the packet never came through"
            time.sleep(0.001)
        return [(port, frame) for port in self._ports for frame in self._out(port)]

    def _out(self, port: int) -> list[bytes]:
        """What has come out of a port since it was asked last; half a record waits for its other half."""
        with self._ports[port].open("rb") as file:
            file.seek(self._read[port])
            data = file.read()
        at, frames = 0, []
        while at + RECORD_HEADER <= len(data):
            (length,) = struct.unpack_from("<I", data, at + 8)
            end = at + RECORD_HEADER + length
            if end > len(data):
                break
            frames.append(data[at + RECORD_HEADER : end])
            at = end
        self._read[port] += at
        return frames
