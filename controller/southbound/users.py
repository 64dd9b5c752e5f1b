"""The flows that use what a switch must have before them, meters or groups: wherever they stand or are on their way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.southbound.wire import ANY_COOKIE

if TYPE_CHECKING:
    from controller.flow.flow import Flow, Slot


@dataclass(frozen=True, slots=True)
class _Use:
    """What a flow uses, by number; ``goes_on`` where it goes on without."""

    cookie: int
    numbers: tuple[int, ...]
    goes_on: bool


class Users:
    """Who uses what, by slot, and how many use each."""

    def __init__(self) -> None:
        self._uses: dict[Slot, _Use] = {}
        self._counts: Counter[int] = Counter()

    def use(self, number: int) -> bool:
        """Whether a flow uses this."""
        return number in self._counts

    def beyond(self, there: set[int]) -> set[int]:
        """What is used and not among these."""
        return self._counts.keys() - there

    def going_on(self, numbers: set[int]) -> dict[Slot, tuple[int, ...]]:
        """Where flows stand that would go on without any of these, with which of them."""
        if not numbers:
            return {}
        uses = {slot: tuple(numbers.intersection(use.numbers)) for slot, use in self._uses.items() if use.goes_on}
        return {slot: found for slot, found in uses.items() if found}

    def holds(self, flow: Flow) -> bool:
        """Whether a flow that is taken back is the one that stands in its slot."""
        use = self._uses.get(flow.slot)
        return use is not None and flow.cookie in {use.cookie, ANY_COOKIE}

    def stands(self, flow: Flow, numbers: tuple[int, ...], *, goes_on: bool = False) -> None:
        """The flow takes its slot, and uses these."""
        if self._uses:  # most bridges have few that use anything, and very many others
            self.goes(flow.slot)
        if numbers:
            self._uses[flow.slot] = _Use(flow.cookie, numbers, goes_on)
            self._counts.update(numbers)

    def goes(self, slot: Slot) -> None:
        """Nothing stands there any more."""
        use = self._uses.pop(slot, None)
        if use is None:
            return
        for number in use.numbers:
            self._counts[number] -= 1
            if not self._counts[number]:
                del self._counts[number]
