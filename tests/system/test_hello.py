"""Mininet looks by telnet whether a controller listens, and dies or hangs over what it does not take for text."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mininet_scenarios.daemon import Daemon

pytestmark = pytest.mark.system


NUMBER_FOLLOWS, PROMPT = chr(1), chr(127)
"""What Mininet reads in its shells' output."""


def test_a_hello_is_text(daemon: Daemon) -> None:
    for _ in range(20):
        with socket.create_connection((daemon.address, 6653), 5) as session:
            hello = session.recv(64).decode("utf-8")
            assert hello.isascii()
            assert NUMBER_FOLLOWS not in hello
            assert PROMPT not in hello
