"""Raw frames at a machine's own interface: sent as a hostile guest would, and watched as a victim would see them."""

from __future__ import annotations

import ctypes
import os
import select
import socket
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from mininet_scenarios.machine import Station

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 0x0003
PACKET_OUTGOING = 4
RECEIVE_BUFFER = 8 << 20
SO_RCVBUFFORCE = 33


class Wire:
    """A raw socket on a machine's interface; it sees every frame that comes in, whatever its destination."""

    def __init__(self, vm: Station, interface: str = "eth0") -> None:
        self.vm = vm
        self._socket = socket_in(vm.machine.pid, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        self._socket.bind((interface, ETH_P_ALL))
        self._socket.settimeout(0)

    def __enter__(self) -> Self:
        """Watch from here on."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self.close()

    def close(self) -> None:
        """Stop watching."""
        self._socket.close()

    def fileno(self) -> int:
        """For ``select``."""
        return self._socket.fileno()

    def send(self, frame: bytes) -> None:
        """Send a frame as it stands, 14 bytes and more."""
        self._socket.send(frame)

    def received(self) -> list[bytes]:
        """The frames that came in since last asked."""
        frames: list[bytes] = []
        while True:
            try:
                frame, address = self._socket.recvfrom(65536)
            except BlockingIOError:
                return frames
            if address[2] != PACKET_OUTGOING:
                frames.append(frame)


def collect(wires: list[Wire], quiet: float = 0.3, at_most: float = 5) -> dict[str, list[bytes]]:
    """All frames that come in at each machine, by its name, until none came for ``quiet`` seconds."""
    frames: dict[str, list[bytes]] = {wire.vm.name: [] for wire in wires}
    end = time.monotonic() + at_most
    while time.monotonic() < end:
        ready = select.select(wires, [], [], quiet)[0]
        if not ready:
            break
        for wire in ready:
            frames[wire.vm.name] += wire.received()
    return frames


def socket_in(pid: int, family: int, kind: int, protocol: int = 0) -> socket.socket:
    """A socket that belongs to the network namespace of process ``pid``, for use in this one."""
    made: list[socket.socket] = []
    thread = threading.Thread(target=_make_in, args=(pid, (family, kind, protocol), made))
    thread.start()
    thread.join()
    if not made:
        raise OSError(f"no socket in the namespace of process {pid}")
    return made[0]


def _make_in(pid: int, what: tuple[int, int, int], made: list[socket.socket]) -> None:
    """Run in a thread of its own, which stays in the namespace it entered and ends there."""
    namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter the namespace of process {pid}")
        made.append(socket.socket(*what))
    finally:
        os.close(namespace)
