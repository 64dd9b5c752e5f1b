"""A stream of datagrams, one a millisecond, that tells its receiver what was lost, came twice, or out of turn.

Run as ``datagrams.py receive PORT`` and ``datagrams.py send ADDRESS PORT [SOURCE_PORT]`` until SIGTERM. A datagram is
its number and the time at which it was sent, by the clock that all namespaces of a machine share.
"""

import json
import os
import signal
import socket
import statistics
import struct
import sys
import time

DATAGRAM = struct.Struct("!qq56x")
INTERVAL = 0.001
BUFFER = 8 << 20
SO_RCVBUFFORCE = 33
AHEAD = -15  # of programs with a higher number, by nice(2): a millisecond is to be one


def send(address: str, port: int, source: int) -> None:
    """Send a datagram every millisecond until told to end, then say how many there were."""
    going = [True]
    signal.signal(signal.SIGTERM, lambda *_: going.clear())
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as stream:
        stream.bind(("", source))
        number = 0
        due = time.monotonic()
        while going:
            stream.sendto(DATAGRAM.pack(number, time.monotonic_ns()), (address, port))
            number += 1
            due += INTERVAL
            time.sleep(max(0.0, due - time.monotonic()))
    print(f"sent {number}", flush=True)


class Seen:
    """What arrived so far; times in milliseconds."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.twice = 0
        self.misordered = 0
        self.latest = -1
        self.last = 0
        self.gap = 0.0
        self.behind = 0.0
        self.delays: list[float] = []
        self.newest = 0

    def take(self, number: int, sent: int, now: int) -> None:
        """Count one; ``sent`` and ``now`` are in nanoseconds."""
        self.delays.append((now - sent) / 1e6)
        if self.last:
            self.gap = max(self.gap, (now - self.last) / 1e6)
        self.last = now
        if number in self.numbers:
            self.twice += 1
            return
        self.numbers.add(number)
        if number < self.latest:
            self.misordered += 1
            self.behind = max(self.behind, (self.newest - sent) / 1e6)
        else:
            self.latest, self.newest = number, sent

    def told(self) -> str:
        """As JSON; ``behind`` is by how much the most belated was sent before one that overtook it."""
        figures = {
            "arrived": len(self.numbers),
            "first": min(self.numbers, default=0),
            "twice": self.twice,
            "misordered": self.misordered,
            "behind": round(self.behind, 1),
            "gap": round(self.gap, 1),
            "delay": round(statistics.median(self.delays), 2) if self.delays else None,
        }
        return json.dumps(figures)


def receive(port: int) -> None:
    """Take what comes, over either version of IP, until told to end and nothing comes; then say what was seen."""
    going = [True]
    signal.signal(signal.SIGTERM, lambda *_: going.clear())
    seen = Seen()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as here:
        here.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        here.bind(("::", port))
        here.settimeout(0.2)
        print("listening", flush=True)
        while True:
            try:
                content = here.recv(2048)
            except TimeoutError:
                if going:
                    continue
                break
            number, sent = DATAGRAM.unpack(content)
            seen.take(number, sent, time.monotonic_ns())
            if len(seen.numbers) == 100:
                print("flowing", flush=True)
    print(seen.told(), flush=True)


if __name__ == "__main__":
    os.setpriority(os.PRIO_PROCESS, 0, AHEAD)
    if sys.argv[1] == "receive":
        receive(int(sys.argv[2]))
    else:
        send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 0)
