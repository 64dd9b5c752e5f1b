"""Who sends a packet never waits for a slow switch; what there is no room for is dropped, and said to be."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest

from controller.southbound.outbox import ROOM, Outbox

if TYPE_CHECKING:
    from collections.abc import Callable


class Slow:
    """A switch that takes what it is sent when the test says so."""

    def __init__(self) -> None:
        self.beside: deque[Callable[[], object]] = deque()
        self.taken: list[bytes] = []
        self.outbox = Outbox(self.taken.append, self.beside.append)

    def run(self) -> None:
        """Let everything that was spawned come to its end."""
        while self.beside:
            self.beside.popleft()()


def test_packets_go_in_their_order() -> None:
    slow = Slow()
    assert [slow.outbox.offer(bytes((number,))) for number in range(3)] == [True] * 3
    assert slow.taken == []
    slow.run()
    assert slow.taken == [b"\0", b"\1", b"\2"]
    assert slow.outbox.offer(b"more")
    slow.run()
    assert slow.taken[-1] == b"more"


def test_what_there_is_no_room_for_is_dropped() -> None:
    slow = Slow()
    for _ in range(ROOM):
        assert slow.outbox.offer(b"x")
    assert not slow.outbox.offer(b"one more")
    slow.run()
    assert slow.taken == [b"x"] * ROOM
    assert slow.outbox.offer(b"one more")


def test_one_packet_that_cannot_be_sent_stops_no_later_one() -> None:
    taken, beside = [], deque[object]()

    def send(data: bytes) -> None:
        if data == b"bad":
            raise OSError("gone")
        taken.append(data)

    outbox = Outbox(send, beside.append)
    outbox.offer(b"bad")
    with pytest.raises(OSError, match="gone"):
        beside.popleft()()  # type: ignore[operator]
    outbox.offer(b"good")
    beside.popleft()()  # type: ignore[operator]
    assert taken == [b"good"]
