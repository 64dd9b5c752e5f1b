"""A bell that rings when the kernel's network settings changed, whoever changed them, so that they are mended."""

from __future__ import annotations

import select
import socket
import threading
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 65_536
_NETFILTER = 12
_GROUP_TABLES = 7  # NFNLGRP_NFTABLES
_GROUPS = (1, 5, 9, 24, 25)  # links, addresses of both IP versions, and their settings (netconf)
_GLANCE = 1.0
_JOIN_SECONDS = 5.0
_log = structlog.get_logger("agent")


class Doorbell:
    """Rings ``ring`` in a thread of its own, until ``stop``; what is said is not looked at."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._stopping = threading.Event()
        self._sockets = [
            _listening(socket.NETLINK_ROUTE, _GROUPS),
            _listening(_NETFILTER, (_GROUP_TABLES,)),
        ]
        self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)

    def start(self) -> None:
        """Listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()
        self._thread.join(_JOIN_SECONDS)
        for sock in self._sockets:
            sock.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            ready, _, _ = select.select(self._sockets, [], [], _GLANCE)
            for sock in ready:
                _drain(sock)
            if ready:
                self._ring()


def _drain(sock: socket.socket) -> None:
    """Take what there is; where more was said than the kernel keeps, that is news as well."""
    try:
        sock.recv(_CHUNK)
    except OSError as error:
        _log.debug("kernel_news_lost", reason=str(error))


def _listening(protocol: int, groups: tuple[int, ...]) -> socket.socket:
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
    sock.bind((0, sum(1 << (group - 1) for group in groups)))
    return sock
