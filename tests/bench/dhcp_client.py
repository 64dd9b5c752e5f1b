"""A DHCP client as small as one can be, on a tap that it holds itself: a thousand of them cost next to nothing."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mininet_scenarios.hypervisor import Hypervisor

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP_NO_PI = 0x0002 | 0x1000
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
REQUESTED, KIND, SERVER, END = 50, 53, 54, 255
CLIENT_PORT, SERVER_PORT = 68, 67
OPTIONS_AT = 14 + 20 + 8 + 240
COOKIE = b"\x63\x82\x53\x63"
NOBODY, EVERYBODY = bytes(4), b"\xff" * 4


@dataclass(slots=True)
class Client:
    """One machine: the file of its tap, its MAC, and when it was given an address (``time.monotonic``)."""

    tap: int
    mac: bytes
    began: float = 0.0
    leased: float = 0.0

    def begin(self) -> None:
        """Ask for an address, anew."""
        self.began, self.leased = time.monotonic(), 0.0
        self.ask()

    def ask(self) -> None:
        """Ask whoever is there."""
        os.write(self.tap, message(self.mac, DISCOVER))

    def take(self) -> None:
        """Read one frame, and go on if it is an answer."""
        frame = os.read(self.tap, 2048)
        told = options(frame)
        kind = told.get(KIND, b"\0")[0]
        if kind == OFFER:
            offered = frame[14 + 20 + 8 + 16 :][:4]
            os.write(self.tap, message(self.mac, REQUEST, (REQUESTED, offered), (SERVER, told[SERVER])))
        elif kind == ACK and not self.leased:
            self.leased = time.monotonic()


def message(mac: bytes, kind: int, *more: tuple[int, bytes]) -> bytes:
    """A broadcast of a client that has no address yet (RFC 2131); its transaction is named by its MAC."""
    said = b"".join(struct.pack("!BB", code, len(value)) + value for code, value in ((KIND, bytes([kind])), *more))
    head = struct.pack("!BBBB4sHH", 1, 1, 6, 0, mac[2:], 0, 0) + NOBODY * 4 + mac.ljust(16, b"\0") + bytes(192)
    body = head + COOKIE + said + bytes([END])
    datagram = struct.pack("!HHHH", CLIENT_PORT, SERVER_PORT, 8 + len(body), 0) + body
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0, NOBODY, EVERYBODY)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return b"\xff" * 6 + mac + b"\x08\x00" + ip + datagram


def checksum(header: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def options(frame: bytes) -> dict[int, bytes]:
    """The options of a server's message; none if the frame is something else."""
    if len(frame) <= OPTIONS_AT or frame[12:14] != b"\x08\x00" or frame[34:38] != struct.pack("!HH", 67, 68):
        return {}
    found, at = {}, OPTIONS_AT
    while at + 1 < len(frame) and frame[at] != END:
        length = frame[at + 1]
        found[frame[at]] = frame[at + 2 : at + 2 + length]
        at += 2 + length
    return found


def taps(host: Hypervisor, names: Iterable[str]) -> list[int]:
    """Taps of these names in a host's namespace, up; the files by which their frames are read and written."""
    made = os.open("/proc/self/ns/net", os.O_RDONLY)
    theirs = os.open(f"/proc/{host.machine.pid}/ns/net", os.O_RDONLY)
    enter(theirs)
    try:
        return [tap(name) for name in names]
    finally:
        enter(made)
        os.close(made)
        os.close(theirs)


def enter(namespace: int) -> None:
    """Have this thread work in a network namespace; raises OSError."""
    if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "cannot enter the namespace")


def tap(name: str) -> int:
    """A tap in this thread's namespace, up."""
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP_NO_PI))
    with socket.socket() as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sH22x", name.encode(), 0x1043))  # SIOCSIFFLAGS: up and running
    return file
