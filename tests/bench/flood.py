"""``python flood.py PID INTERFACE MAC KIND``: frames that reach for the daemon, as fast as a process can send them.

They go out of an interface in the network namespace of process PID, each for another address or transaction than those
before. It ends by itself after a minute, and says how many it sent when it is ended.
"""

from __future__ import annotations

import signal
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from mininet_scenarios.wire import socket_in
from tests.bench.leases import DISCOVER, message

DIFFERENT = 4096
SECONDS = 60
NO_ADDRESS = bytes(4)


def frames(kind: str, mac: bytes) -> list[bytes]:
    """Different ones of a kind: DHCP, ARP probes, neighbour solicitations without an address, LLDP."""
    match kind:
        case "dhcp":
            return [message(number, DISCOVER, hardware=mac) for number in range(DIFFERENT)]
        case "arp":
            return [_arp(mac, number) for number in range(DIFFERENT)]
        case "nd":
            return [_solicitation(mac, number) for number in range(DIFFERENT)]
        case "lldp":
            return [b"\x01\x80\xc2\0\0\x0e" + mac + b"\x88\xcc" + bytes(46)]
        case _:
            raise ValueError(f"no such flood: {kind}")


def _arp(mac: bytes, number: int) -> bytes:
    """A probe (RFC 5227) for an address of the network's."""
    target = bytes((10, 1)) + number.to_bytes(2, "big")
    return b"\xff" * 6 + mac + b"\x08\x06\0\1\x08\0\6\4\0\1" + mac + NO_ADDRESS + bytes(6) + target


def _solicitation(mac: bytes, number: int) -> bytes:
    """Whether an IPv6 address is free (RFC 4862, 5.4.2)."""
    target = bytes.fromhex("fd00") + bytes(10) + number.to_bytes(4, "big")
    group = bytes.fromhex("ff02") + bytes(9) + b"\x01\xff" + target[13:]
    told = b"\x87\0\0\0" + bytes(4) + target
    packet = b"\x60\0\0\0" + len(told).to_bytes(2, "big") + b"\x3a\xff" + bytes(16) + group + told
    return b"\x33\x33\xff" + target[13:] + mac + b"\x86\xdd" + packet


def main(pid: str, interface: str, mac: str, kind: str) -> None:
    """Send for a minute, or until told to end."""
    wire = socket_in(int(pid), socket.AF_PACKET, socket.SOCK_RAW, 0)
    wire.bind((interface, 0))
    signal.signal(signal.SIGTERM, _end)
    different = frames(kind, bytes.fromhex(mac.replace(":", "")))
    started = time.monotonic()
    sent = 0
    try:
        while time.monotonic() < started + SECONDS:
            for frame in different:
                wire.send(frame)
                sent += 1
    finally:
        sys.stdout.write(f"{sent / (time.monotonic() - started)}\n")


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main(*sys.argv[1:])
