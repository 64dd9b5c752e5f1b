"""Telling: what the atlas works out goes to the compiler, and into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.core import World
from controller.inventory import News

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.core import Core
    from topology.fabric import Turn


class Telling:
    """``under_way`` is how many turns are told and not compiled; ``after`` seconds later the core looks round again."""

    def __init__(self, core: Core, hub: Any, remember: Callable[[News], None], after: float) -> None:
        self.under_way = 0
        self._core = core
        self._hub = hub
        self._remember = remember
        self._after = after

    def at_once(self, turn: Turn) -> None:
        """Have it compiled before anything else; only the core's own greenlet may ask for that."""
        self._remember(News(turn.puts, turn.deletes))
        self._core.advance(World(turn.puts, turn.deletes))

    def tell(self, turn: Turn, *, urgent: bool) -> None:
        """Have it compiled soon; where it is ``urgent``, switches are to hear of it at once then."""
        self.under_way += 1
        self._remember(News(turn.puts, turn.deletes))
        self._core.hasten(World(turn.puts, turn.deletes, urgent=urgent))
        self._core.ask(self._arrived, ahead=True)

    def _arrived(self) -> None:
        """Whoever waits for something to be drained is to look again when that may be so."""
        self.under_way -= 1
        self._hub.spawn_after(self._after, self._core.poke)
