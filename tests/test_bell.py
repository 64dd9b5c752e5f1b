"""A bell is heard once for all the news there is, and keeps one timer for what is to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controller.bell import Bell
from tests.atlas.country import Idle, Queue

if TYPE_CHECKING:
    from collections.abc import Callable


class Hub:
    """A hub in which time passes as a test says."""

    Queue = Queue

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def spawn_after(self, seconds: float, function: Callable[[], None]) -> None:
        self.timers.append((self.now + seconds, function))

    def passes(self, seconds: float) -> None:
        """Time goes by, and what is due happens."""
        self.now += seconds
        due, self.timers = ([one for one in self.timers if (one[0] <= self.now) is ripe] for ripe in (True, False))
        for _, function in due:
            function()


def heard(bell: Bell) -> bool:
    """Whether there is news."""
    try:
        bell.wait()
    except Idle:
        return False
    return True


def test_all_news_that_nobody_has_heard_is_heard_once() -> None:
    bell = Bell(Hub())
    bell.ring()
    bell.ring()
    assert (heard(bell), heard(bell)) == (True, False)


def test_who_asks_again_for_the_same_time_keeps_one_timer() -> None:
    hub = Hub()
    bell = Bell(hub)
    for _ in range(10):
        bell.ring_by(30.0, hub.now)
        hub.passes(1.0)
    assert len(hub.timers) == 1
    hub.passes(20.0)
    assert (heard(bell), hub.timers) == (True, [])


@pytest.mark.parametrize(("first", "second"), [(30.0, 5.0), (5.0, 30.0)])
def test_it_rings_by_the_earliest_time_and_for_later_ones_once_it_is_asked_again(first: float, second: float) -> None:
    hub = Hub()
    bell = Bell(hub)
    bell.ring_by(first, hub.now)
    bell.ring_by(second, hub.now)
    hub.passes(5.0)
    assert heard(bell)
    bell.ring_by(30.0, hub.now)
    hub.passes(25.0)
    assert heard(bell)


def test_what_is_overdue_rings_at_once_each_time() -> None:
    hub = Hub()
    bell = Bell(hub)
    for _ in range(2):
        bell.ring_by(0.0, hub.now)
        hub.passes(0.0)
        assert heard(bell)
