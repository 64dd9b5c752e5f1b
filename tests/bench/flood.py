"""``python flood.py PID INTERFACE MAC KIND``: frames that reach for the daemon, thousands a second, until it is ended.

They go out of an interface in the network namespace of process PID. It ends by itself after a minute.
"""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from mininet_scenarios.wire import socket_in
from tests.bench.leases import DISCOVER, message

RATE = 5000
BURST = 50
SECONDS = 60
NO_ADDRESS, SOMEBODY = bytes(4), bytes((10, 0, 0, 77))
SOMEBODY6 = bytes.fromhex("fd000000000000000000000000000077")


def frames(mac: bytes) -> dict[str, bytes]:
    """One of each kind: DHCP, an ARP probe, a neighbour solicitation without an address, LLDP."""
    probe = b"\0\1\x08\0\6\4\0\1" + mac + NO_ADDRESS + bytes(6) + SOMEBODY
    solicitation = b"\x87\0\0\0" + bytes(4) + SOMEBODY6
    packet = b"\x60\0\0\0" + len(solicitation).to_bytes(2, "big") + b"\x3a\xff" + bytes(16)
    packet += bytes.fromhex("ff0200000000000000000001ff000077") + solicitation
    return {
        "dhcp": message(0, DISCOVER),
        "arp": b"\xff" * 6 + mac + b"\x08\x06" + probe,
        "nd": b"\x33\x33\xff\0\0\x77" + mac + b"\x86\xdd" + packet,
        "lldp": b"\x01\x80\xc2\0\0\x0e" + mac + b"\x88\xcc" + bytes(46),
    }


def main(pid: str, interface: str, mac: str, kind: str) -> None:
    """Send bursts at the rate."""
    wire = socket_in(int(pid), socket.AF_PACKET, socket.SOCK_RAW, 0)
    wire.bind((interface, 0))
    frame = frames(bytes.fromhex(mac.replace(":", "")))[kind]
    ending = due = time.monotonic()
    ending += SECONDS
    while due < ending:
        for _ in range(BURST):
            wire.send(frame)
        due += BURST / RATE
        time.sleep(max(0, due - time.monotonic()))


if __name__ == "__main__":
    main(*sys.argv[1:])
