"""Connections that stay open, so that one can see whether they live on."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Self

from mininet_scenarios import exchange

if TYPE_CHECKING:
    from mininet_scenarios.vm import Vm


class Talk:
    """A TCP connection of a machine to a witness, on which one question after the other is asked; raises OSError."""

    def __init__(self, source: Vm, target: Vm, port: int = 80, *, version: int = 4) -> None:
        self.source, self.target = source, target
        self.address = target.ipv4 if version == 4 else target.ipv6
        self.port = port
        self._connection = HTTPConnection(self.address, port)
        self._connection.sock = exchange.held(source, self.address, port)
        self.source_address: str
        self.source_port: int
        self.source_address, self.source_port = self._connection.sock.getsockname()[:2]

    def __enter__(self) -> Self:
        """Keep it open from here on."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self._connection.close()

    def __str__(self) -> str:
        return f"{self.source.name}>{self.target.name}:{self.port}"

    def lives(self, seconds: float = 1) -> bool:
        """Whether a question is answered on it within ``seconds``; once it was not, it is dead for good."""
        if self._connection.sock is None:
            return False
        self._connection.sock.settimeout(seconds)
        try:
            self._connection.request("GET", "/")
            with closing(self._connection.getresponse()) as answer:
                return answer.read().startswith(f"{self.target.name} saw ".encode())
        except (OSError, HTTPException):
            return False
