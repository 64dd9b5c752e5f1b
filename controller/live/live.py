"""Live: all that follows what happens on switches, made once and told of every change."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from controller.live.answers import Answers, InTurn
from controller.live.connections import Connections
from controller.live.cutting import Cutting
from controller.live.decisions import Decisions
from controller.live.observed import Samples
from controller.live.recommending import Recommender
from controller.live.rules import RuleNames
from controller.live.statistics import Statistics

if TYPE_CHECKING:
    from controller.live.answers import Switches
    from controller.live.marking import Hands
    from controller.live.statistics import Counts, Tables
    from controller.store import Store


class Live:
    """The parts; ``news`` is a queue of the framework's hub, ``tables`` say where rules are counted."""

    def __init__(  # noqa: PLR0917 - the parts of a daemon, put together once
        self, store: Store, switches: Switches, counts: Counts, tables: Tables, hands: Hands, news: Any
    ) -> None:
        switches = InTurn(switches)
        self.answers = Answers(switches)
        self.names = RuleNames(store)
        self.samples = Samples()
        self.decisions = Decisions(store, self.names, hands.publish, self.samples, time.monotonic)
        self.connections = Connections(store, self.names, switches, self.answers)
        self.recommender = Recommender(store, self.connections, self.samples)
        self.statistics = Statistics(store, counts, tables, time.time)
        self.cutting = Cutting(store, self.names, self.connections, hands, news)

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """The world has changed."""
        self.names.compiled(changed)
        self.cutting.compiled(changed)
