"""Live: all that follows what happens on switches, made once and told of every change."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from controller.live.answers import Answers
from controller.live.connections import Connections
from controller.live.cutting import Cutting
from controller.live.decisions import Decisions
from controller.live.rules import RuleNames

if TYPE_CHECKING:
    from controller.live.answers import Switches
    from controller.live.cutting import Hands
    from controller.store import Store


class Live:
    """The parts; ``news`` is a queue of the framework's hub."""

    def __init__(self, store: Store, switches: Switches, hands: Hands, news: Any) -> None:
        self.answers = Answers(switches)
        self.names = RuleNames(store)
        self.decisions = Decisions(store, self.names, hands.publish, time.monotonic)
        self.connections = Connections(store, self.names, switches, self.answers)
        self.cutting = Cutting(store, self.names, self.connections, hands, news)

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """The world has changed."""
        self.names.compiled(changed)
        self.cutting.compiled(changed)
