"""Questions to a daemon of Open vSwitch by its control socket (ovs-appctl(8)), whose answers may be very long.

What comes is handed on line by line as it comes: a switch with a million connections costs no more memory than one
with ten.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from controller.errors import DatabaseError
from ovsdb.address import connected, parse

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 18
_LONGEST_HEAD = 1 << 16
_BEGIN, _NEWLINE, _END = b'"result":"', b"\\n", b'"'


def lines(control: Path, method: str, params: list[str], timeout: float) -> Iterator[bytes]:
    """Yield blocks of whole lines of the answer, which holds no quotes. Raises DatabaseError.

    ``timeout`` is in seconds, for each piece of it.
    """
    sock = connected(parse(f"unix:{control}"), None, timeout)
    try:
        sock.sendall(json.dumps({"id": 0, "method": method, "params": params}).encode())
        held = _head(sock)
        while True:
            block, _, held = held.rpartition(_NEWLINE)
            if block:
                yield block.replace(_NEWLINE, b"\n") + b"\n"
            if _END in held:
                return
            held += _received(sock)
    except OSError as error:
        raise DatabaseError(f"{control}: {error}") from error
    finally:
        sock.close()


def switch(directory: Path) -> Path:
    """The control socket of the ovs-vswitchd whose files are in ``directory``. Raises DatabaseError."""
    for control in sorted(directory.glob("ovs-vswitchd*.ctl")):
        try:
            list(lines(control, "version", [], 1.0))
        except DatabaseError:
            continue  # left behind by one that was killed
        return control
    raise DatabaseError(f"no ovs-vswitchd answers in {directory}")


def _head(sock: socket.socket) -> bytes:
    """What follows the beginning of the result."""
    held = _received(sock)
    while _BEGIN not in held:
        try:
            reply = json.loads(held)
        except ValueError:
            if len(held) > _LONGEST_HEAD:
                raise DatabaseError("an answer without a result") from None
            held += _received(sock)
            continue
        raise DatabaseError(f"ovs-vswitchd refused: {reply.get('error') if isinstance(reply, dict) else reply}")
    return held.partition(_BEGIN)[2]


def _received(sock: socket.socket) -> bytes:
    chunk = sock.recv(_CHUNK)
    if not chunk:
        raise DatabaseError("ovs-vswitchd closed the connection")
    return chunk
