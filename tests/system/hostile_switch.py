"""A peer on the OpenFlow port that says what a test makes it say."""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass
from typing import Self

HELLO, ERROR, ECHO_REQUEST, ECHO_REPLY, FEATURES_REQUEST, FEATURES_REPLY = 0, 1, 2, 3, 5, 6
MULTIPART_REQUEST, MULTIPART_REPLY = 18, 19
PORT_DESCRIPTION, FLOW_MONITOR = 13, 16
LOCAL = 0xFFFFFFFE
HEADER = struct.Struct("!BBHI")


def message(kind: int, body: bytes = b"", xid: int = 1, version: int = 6, length: int | None = None) -> bytes:
    """An OpenFlow message; ``length`` is what its header claims, by default the truth."""
    return HEADER.pack(version, kind, HEADER.size + len(body) if length is None else length, xid) + body


def features(dpid: int) -> bytes:
    """The body of OFPT_FEATURES_REPLY."""
    return struct.pack("!QIBB2xII", dpid, 0, 254, 0, 0x4F, 0)


def port(number: int, name: bytes) -> bytes:
    """One ofp_port of OpenFlow 1.5."""
    return struct.pack("!IH2x6s2x16sII", number, 40, b"\x02\0\0\0\0\1", name, 0, 0)


def multipart(kind: int, body: bytes, xid: int, flags: int = 0) -> bytes:
    """OFPT_MULTIPART_REPLY."""
    return message(MULTIPART_REPLY, struct.pack("!HH4x", kind, flags) + body, xid)


@dataclass
class Peer:
    """One connection; reads whole messages."""

    address: tuple[str, int]
    seconds: float = 5.0

    def __enter__(self) -> Self:
        """Connect."""
        self.socket = socket.create_connection(self.address, self.seconds)
        self.buffer = b""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.socket.close()

    def send(self, *messages: bytes) -> None:
        """Send what may be refused: whoever has hung up already does not mind."""
        try:
            self.socket.sendall(b"".join(messages))
        except ConnectionError:
            return

    def receive(self) -> tuple[int, int, bytes] | None:
        """Kind, xid and body of the next message; None once the daemon has hung up."""
        while len(self.buffer) < HEADER.size or len(self.buffer) < self._length():
            chunk = self._chunk()
            if not chunk:
                return None
            self.buffer += chunk
        length = self._length()
        taken, self.buffer = self.buffer[:length], self.buffer[length:]
        _, kind, _, xid = HEADER.unpack_from(taken)
        return kind, xid, taken[HEADER.size :]

    def until(self, wanted: int) -> tuple[int, bytes]:
        """The xid and body of the next message of a kind; raises EOFError."""
        while (got := self.receive()) is not None:
            if got[0] == wanted:
                return got[1], got[2]
        raise EOFError(f"hung up before message {wanted} came")

    def shake_hands(self, dpid: int, name: bytes = b"stranger") -> int:
        """Say who we are, as a switch of one port does; the xid of the daemon's first request afterwards."""
        self.send(message(HELLO))
        self.send(message(FEATURES_REPLY, features(dpid), self.until(FEATURES_REQUEST)[0]))
        xid, _ = self.until(MULTIPART_REQUEST)
        self.send(multipart(PORT_DESCRIPTION, port(LOCAL, name), xid))
        return self.until(MULTIPART_REQUEST)[0]

    def ended(self, seconds: float) -> bool:
        """Whether the daemon hangs up within so many seconds."""
        self.socket.settimeout(seconds)
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                if not self._chunk():
                    return True
        except TimeoutError:
            return False
        return False

    def _length(self) -> int:
        return max(HEADER.size, int.from_bytes(self.buffer[2:4], "big"))

    def _chunk(self) -> bytes:
        try:
            return self.socket.recv(65536)
        except ConnectionError:
            return b""
