"""A wire that can be made slow, or silent: a process that carries every frame between two interfaces, both ways.

Run as ``relay.py ONE OTHER ORDER`` in their namespace; says ``carrying`` once frames pass. The file ``ORDER`` holds the
delay in milliseconds, or ``silent``: frames are lost then, while both interfaces stay up. It is read again at SIGHUP.
"""

import errno
import select
import signal
import socket
import sys
import time
from collections import deque
from pathlib import Path

ETH_P_ALL = 0x0003
PACKET_OUTGOING = 4
FRAME = 65536
BUFFER = 8 << 20
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
OUT_OF_ORDER = (errno.ENETDOWN, errno.ENETUNREACH, errno.ENOBUFS, errno.EMSGSIZE, errno.ENXIO)


class Relay:
    """Two interfaces, what is on its way between them, and how long that takes."""

    def __init__(self, one: str, other: str, order: Path) -> None:
        self.order = order
        self.ends = _end(one), _end(other)
        self.flying: deque[tuple[float, socket.socket, bytes]] = deque()
        self.delay: float | None = 0.0
        self.obey()

    def obey(self, *_: object) -> None:
        """Read the delay, in milliseconds; None in place of it where frames are to be lost."""
        words = self.order.read_text().strip()
        self.delay = None if words == "silent" else float(words) / 1000

    def carry(self) -> None:
        """Carry frames until killed; they stay in order, even where the delay becomes less."""
        other = {self.ends[0]: self.ends[1], self.ends[1]: self.ends[0]}
        while True:
            wait = max(0.0, self.flying[0][0] - time.monotonic()) if self.flying else None
            for ready in select.select(self.ends, [], [], wait)[0]:
                frame = _taken(ready)
                if frame is not None and self.delay is not None:
                    self.flying.append((time.monotonic() + self.delay, other[ready], frame))
            self.release()

    def release(self) -> None:
        """Hand out what has been on its way for long enough; an interface that is down loses it, as any NIC does."""
        while self.flying and self.flying[0][0] <= time.monotonic():
            _, end, frame = self.flying.popleft()
            try:
                end.send(frame)
            except OSError as error:
                if error.errno not in OUT_OF_ORDER:
                    raise


def _end(interface: str) -> socket.socket:
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    end.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BUFFER)
    end.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    end.bind((interface, ETH_P_ALL))
    return end


def _taken(end: socket.socket) -> bytes | None:
    """A frame that came in; None for one that this process sent itself, or where the interface went down."""
    try:
        frame, address = end.recvfrom(FRAME)
    except OSError as error:
        if error.errno != errno.ENETDOWN:
            raise
        return None
    return None if address[2] == PACKET_OUTGOING else frame


if __name__ == "__main__":
    relay = Relay(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    signal.signal(signal.SIGHUP, relay.obey)
    print("carrying", flush=True)
    relay.carry()
