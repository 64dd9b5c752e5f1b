"""What the core has yet to take in: what links and their ways tell goes ahead of all else, which stays in order.

Whoever changes hundreds of things at once keeps nobody waiting whose way has failed.
"""

from __future__ import annotations

from collections import deque
from typing import Any


class Intake:
    """For the one greenlet of the framework's hub that takes; whoever puts never waits."""

    def __init__(self, hub: Any) -> None:
        self._tokens = hub.Queue()
        self._ahead: deque[Any] = deque()
        self._others: deque[Any] = deque()

    def put(self, item: Any, *, ahead: bool = False) -> None:
        """One more; those that go ahead are taken in their order too."""
        (self._ahead if ahead else self._others).append(item)
        self._tokens.put(None)

    def get(self) -> Any:
        """The next, as soon as there is one."""
        self._tokens.get()
        return (self._ahead or self._others).popleft()

    def qsize(self) -> int:
        """How many there are."""
        return int(self._tokens.qsize())
