"""``python flood.py PID INTERFACE MAC KIND``: frames that a switch hands to the daemon, thousands a second, until ended.

It ends by itself after a minute.
"""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from mininet_scenarios.wire import socket_in

RATE = 5000
BURST = 50
SECONDS = 60


def frames(mac: bytes) -> dict[str, bytes]:
    """One of each kind."""
    from tests.bench.leases import DISCOVER, _message

    probe = b"\0\1\x08\0\6\4\0\1" + mac + bytes(4) + bytes(6) + bytes((10, 0, 0, 77))
    target = bytes.fromhex("fe80000000000000000000fffe000077")
    return {
        "dhcp": _message(0, DISCOVER),
        "arp": b"\xff" * 6 + mac + b"\x08\x06" + probe,
        "nd": b"\x33\x33\xff\0\0\x77" + mac + b"\x86\xdd" + b"\x60\0\0\0\0\x18\x3a\xff" + bytes(16) + target,
        "lldp": b"\x01\x80\xc2\0\0\x0e" + mac + b"\x88\xcc" + bytes(46),
    }


def main() -> None:
    """Send bursts at the rate."""
