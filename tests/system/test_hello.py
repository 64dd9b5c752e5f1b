"""Mininet looks by telnet whether a controller listens, and dies where the hello that it prints is not text."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mininet_scenarios.daemon import Daemon

pytestmark = pytest.mark.system


def test_a_hello_is_text(daemon: Daemon) -> None:
    for _ in range(20):
        with socket.create_connection((daemon.address, 6653), 5) as session:
            assert session.recv(64).decode("utf-8").isascii()
