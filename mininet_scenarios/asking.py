"""Datagrams that ask a machine for services, over and over, each from a port of its own: every one begins anew.

Run as ``asking.py serve PORT...`` at who is asked and as ``asking.py ask NAME ADDRESS,PORT...`` at who asks, until
SIGTERM. Both then print a line for each datagram: its words, when (monotonic seconds), and whether it was answered.
"""

from __future__ import annotations

import selectors
import signal
import socket
import sys
import time
from collections import deque

INTERVAL = 0.08  # seconds between two datagrams to one service
PATIENCE = 1.0
FIRST, PORTS = 10_000, 50_000
going = [True]


def serve(ports: list[int]) -> list[str]:
    """Answer every datagram with itself."""
    selector = selectors.DefaultSelector()
    for port in ports:
        here = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        here.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        here.bind(("::", port))
        selector.register(here, selectors.EVENT_READ, here)
    print("listening", flush=True)
    seen = []
    while going:
        for key, _ in selector.select(0.2):
            word, peer = key.data.recvfrom(100)
            seen.append(f"{word.decode()} {time.monotonic():.4f} 1")
            key.data.sendto(word, peer)
    return seen


def ask(name: str, services: list[tuple[str, int]]) -> list[str]:
    """Ask for one service after the other, evenly in time."""
    selector = selectors.DefaultSelector()
    open_: deque[tuple[float, socket.socket]] = deque()
    asked: list[tuple[str, float]] = []
    answered: set[str] = set()
    due, number = time.monotonic(), 0
    while going or open_:
        now = time.monotonic()
        if going and now >= due:
            address, port = services[number % len(services)]
            word = f"{name}:{number}:{address},{port}"
            open_.append((now + PATIENCE, begin(selector, FIRST + number % PORTS, address, port, word)))
            asked.append((word, now))
            number += 1
            due += INTERVAL / len(services)
        take(selector, max(0.0, min(due, now + 0.05) - time.monotonic()) if going else 0.05, answered)
        while open_ and open_[0][0] < now:
            old = open_.popleft()[1]
            selector.unregister(old)
            old.close()
    return [f"{word} {moment:.4f} {int(word in answered)}" for word, moment in asked]


def begin(selector: selectors.BaseSelector, own: int, address: str, port: int, word: str) -> socket.socket:
    """Send a datagram from a port of one's own that nothing was sent from for long."""
    here = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    here.settimeout(0)
    here.bind(("", own))
    here.connect((address, port))
    here.send(word.encode())
    selector.register(here, selectors.EVENT_READ, here)
    return here


def take(selector: selectors.BaseSelector, seconds: float, answered: set[str]) -> None:
    """Read what comes back; an error is no answer."""
    for key, _ in selector.select(seconds):
        try:
            answered.add(key.data.recv(100).decode())
        except OSError:  # refused, or prohibited: that is what a rule that rejects says
            continue


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: going.clear())
    if sys.argv[1] == "serve":
        lines = serve([int(port) for port in sys.argv[2:]])
    else:
        pairs = [pair.rsplit(",", 1) for pair in sys.argv[3:]]
        lines = ask(sys.argv[2], [(address, int(port)) for address, port in pairs])
    print("\n".join(lines), flush=True)
