"""Taking connections in, a bounded number at a time: one that is slow, silent or hostile holds up no other."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import structlog

from controller.errors import DatabaseError
from ovsdb.address import Address, Tls, listening, secured

if TYPE_CHECKING:
    from collections.abc import Callable

_HANDSHAKE_TIMEOUT = 10.0
_JOIN_TIMEOUT = 5.0
_PAUSE = 0.1
_log = structlog.get_logger("ovsdb")


class Acceptor:
    """Listens until ``stop``; each connection is served in a thread of its own, at most ``most`` at a time."""

    def __init__(
        self, address: Address, tls: Tls | None, served: Callable[[socket.socket, str], None], most: int
    ) -> None:
        self._address = address
        self._tls = tls
        self._served = served
        self._places = threading.BoundedSemaphore(most)
        self._socket = listening(address)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ovsdb-acceptor", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The TCP port, also where 0 was asked for; 0 for a path."""
        return 0 if self._address.scheme == "unix" else int(self._socket.getsockname()[1])

    def stop(self) -> None:
        """Take no more connections in."""
        self._stopping.set()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        finally:
            self._thread.join(_JOIN_TIMEOUT)
            self._socket.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, name = self._socket.accept()
            except OSError as error:  # stopped, the peer gave up already, or no descriptors are left
                if not self._stopping.wait(_PAUSE):
                    _log.warning("accept_failed", port=self._address.port, reason=str(error))
                continue
            if not self._places.acquire(blocking=False):
                _log.warning("connection_refused", peer=str(name), reason="too many sessions")
                sock.close()
                continue
            threading.Thread(target=self._serve, args=(sock, _shown(name)), daemon=True).start()

    def _serve(self, sock: socket.socket, peer: str) -> None:
        try:
            sock.settimeout(_HANDSHAKE_TIMEOUT)
            if self._address.scheme == "unix":
                self._served(sock, peer)
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._served(secured(sock, self._tls, server_side=True) if self._address.scheme == "ssl" else sock, peer)
        except (OSError, DatabaseError) as error:
            _log.warning("connection_ended", peer=peer, reason=str(error))
        finally:
            self._places.release()


def _shown(name: object) -> str:
    match name:
        case (str(host), int(port), *_):
            return f"{host}:{port}"
    return "unix"
