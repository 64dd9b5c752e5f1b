"""A real Open vSwitch that tracks as many connections as a test wants: its datapath and ports are dummies, no more."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
from typing import TYPE_CHECKING

from tests.ovsdb.private_ovs import PrivateOvs

if TYPE_CHECKING:
    from pathlib import Path

SERVER = (198 << 24) + (51 << 16) + (100 << 8) + 1
_BATCH = 8  # a dummy port holds no more packets than a few
_ETHERNET = bytes.fromhex("0200000000020200000000010800")
FLOWS = (
    "in_port=1,ip,nw_src=10.1.0.0/16,actions=ct(commit,zone=2,nat(src=192.0.2.10-192.0.2.13:1024-65535)),output:2",
    "in_port=1,ip,nw_dst=192.0.2.20,actions=ct(commit,zone=3,nat(dst=10.1.0.20)),output:2",
    "in_port=1,ip,nw_src=10.2.0.0/16,actions=ct(commit,zone=2),output:2",
    "in_port=1,ip,nw_src=10.3.0.0/16,actions=ct(commit,zone=4000,nat(src=192.0.2.99)),output:2",
)


class TrackingSwitch(PrivateOvs):
    """Packets that ``send`` injects are translated by ``FLOWS``."""

    def __init__(self, directory: Path, name: str) -> None:
        super().__init__(directory, name, switch=False)
        dummies = ["--enable-dummy=override", "--disable-system"]
        self.switch = self.started("ovs-vswitchd", [self.address, *dummies], ["ip", "netns", "exec", self.namespace])
        ports = ["--", "add-port", "br", "p1", "--", "set", "interface", "p1", "type=dummy", "ofport_request=1"]
        self.vsctl("add-br", "br", "--", "set", "bridge", "br", "datapath_type=dummy", *ports)
        for flow in FLOWS:
            subprocess.run(["ovs-ofctl", "add-flow", f"unix:{self.directory}/br.mgmt", flow], check=True)

    def started(self, program: str, arguments: list[str], prefix: list[str]):  # type: ignore[no-untyped-def]  # noqa: ANN201
        return super().started(program, arguments, ["env", f"OVS_RUNDIR={self.directory}", *prefix])

    def send(self, *packets: bytes) -> None:
        """Let packets come in by port 1; some of many may be lost, as on any port."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(f"{self.directory}/ovs-vswitchd.ctl")
            for first in range(0, len(packets), _BATCH):
                batch = ["p1", *(packet.hex() for packet in packets[first : first + _BATCH])]
                control.sendall(json.dumps({"id": 0, "method": "netdev-dummy/receive", "params": batch}).encode())
                assert b'"error":null' in control.recv(65536)

    def tracked(self) -> int:
        """How many connections there are."""
        control = f"{self.directory}/ovs-vswitchd.ctl"
        command = ["ovs-appctl", "-t", control, "dpctl/ct-stats-show", "dummy@ovs-dummy"]
        shown = subprocess.run(command, check=True, capture_output=True)
        return int(shown.stdout.split(b"Total:")[1].split()[0])


def packet(source: str, destination: int | str, sport: int, dport: int, protocol: int = 17) -> bytes:
    """An Ethernet frame with UDP (17), a TCP SYN (6) or an ICMP echo request (1)."""
    src, dst = _number(source), _number(destination)
    match protocol:
        case 17:
            payload = struct.pack("!HHHH", sport, dport, 8, 0)
        case 6:
            payload = _summed(struct.pack("!HHIIBBHHH", sport, dport, 1, 0, 5 << 4, 2, 1000, 0, 0), 16, src, dst, 6)
        case _:
            payload = struct.pack("!BBHHH", 8, 0, (0xF7FF - sport) % 0xFFFF, sport, 0)
    header = struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0, src, dst)
    return _ETHERNET + header[:10] + struct.pack("!H", _checksum(header)) + header[12:] + payload


def _number(address: int | str) -> int:
    return address if isinstance(address, int) else struct.unpack("!I", socket.inet_aton(address))[0]


def _summed(payload: bytes, place: int, src: int, dst: int, protocol: int) -> bytes:
    sum_ = _checksum(struct.pack("!IIBBH", src, dst, 0, protocol, len(payload)) + payload)
    return payload[:place] + struct.pack("!H", sum_) + payload[place + 2 :]


def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return 0xFFFF ^ ((total >> 16) + (total & 0xFFFF))
