"""The free addresses of a network: the lowest is given first, and one that was freed rests before it is given again.

Who was told of an address, by DNS or by ARP, has time to forget it. Time is an argument: seconds on any one clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from controller.intent.blocks import Span, numbered, text


@dataclass(slots=True)
class Pool:
    """The free addresses of one span, lowest first, in O(log n) each.

    Every address below ``high`` is taken, or in ``freed`` (a heap, with some that were taken again).
    """

    span: Span
    high: int
    freed: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, span: Span) -> Pool:
        """A pool that has not looked at any address yet."""
        return cls(span, span.lowest)

    def forget(self, taken: Callable[[str], bool]) -> None:
        """Pass over the lowest addresses, as far as they were taken meanwhile."""
        while self.high <= self.span.highest and taken(self._text(self.high)):
            self.high += 1
        while self.freed and taken(self._text(self.freed[0])):
            heappop(self.freed)

    @property
    def empty(self) -> bool:
        """Whether nothing is left, of a pool that has just passed over what is taken."""
        return not self.freed and self.high > self.span.highest

    def copy(self) -> Pool:
        """A pool of its own for one draft."""
        return Pool(self.span, self.high, self.freed.copy())

    def lowest(self, taken: Callable[[str], bool]) -> str | None:
        """The lowest free address, which the pool then forgets; None if there is none."""
        while self.freed:
            found = self._text(heappop(self.freed))
            if not taken(found):
                return found
        while self.high <= self.span.highest:
            found = self._text(self.high)
            self.high += 1
            if not taken(found):
                return found
        return None

    def release(self, address: str) -> None:
        """Remember that an address is free again; addresses of other spans are not this pool's."""
        version, number = numbered(address)
        if version != self.span.version or not self.span.lowest <= number < self.high:
            return
        heappush(self.freed, number)
        if len(self.freed) > self.high - self.span.lowest:
            self.freed = list(set(self.freed))
            heapify(self.freed)

    def _text(self, number: int) -> str:
        return text(self.span.version, number)


class Quarantine:
    """Addresses that rest after they were freed, for ``seconds`` each."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._since: dict[str, dict[str, float]] = {}
        self._order: deque[tuple[float, str, str]] = deque()

    def begin(self, space: str, address: str, now: float) -> None:
        """Let an address rest from now on."""
        self._since.setdefault(space, {})[address] = now
        self._order.append((now, space, address))

    def end(self, space: str, address: str) -> None:
        """Somebody has the address again, by name."""
        resting = self._since.get(space)
        if resting is not None and resting.pop(address, None) is not None and not resting:
            del self._since[space]

    def ended(self, now: float) -> Iterator[tuple[str, str]]:
        """The spaces and addresses that have rested for long enough; each is told once."""
        while self._order and self._order[0][0] + self.seconds <= now:
            since, space, address = self._order.popleft()
            if self._since.get(space, {}).get(address) == since:
                self.end(space, address)
                yield space, address

    def holds(self, space: str, address: str) -> bool:
        """Whether an address rests."""
        return address in self._since.get(space, ())

    def count(self, space: str) -> int:
        """How many addresses of a space rest."""
        return len(self._since.get(space, ()))
