"""News of links and ways goes ahead of all else that the core has yet to take in, in its own order."""

from __future__ import annotations

from queue import Queue
from typing import Any

from controller.intake import Intake


class Hub:
    """Queues for one greenlet, which is the test."""

    Queue = Queue


def test_what_goes_ahead_is_taken_first_and_everything_else_in_order() -> None:
    intake = Intake(Hub)
    for item, ahead in (("many", False), ("down", True), ("more", False), ("routes", True)):
        intake.put(item, ahead=ahead)
    taken: list[Any] = [intake.get(), intake.get()]
    intake.put("up", ahead=True)
    assert intake.qsize() == 3
    assert taken + [intake.get() for _ in range(3)] == ["down", "routes", "up", "many", "more"]
