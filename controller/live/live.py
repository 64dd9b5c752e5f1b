"""Live: all that follows what happens on switches, made once and told of every change."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from controller.live.answers import Answers
from controller.live.connections import Connections
from controller.live.decisions import Decisions
from controller.live.rules import RuleNames

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.live.answers import Switches
    from controller.store import Store


class Live:
    """The parts; ``publish`` tells an event of a type about a subject."""

    def __init__(
        self, store: Store, switches: Switches, publish: Callable[[str, str, dict[str, object]], None]
    ) -> None:
        self.answers = Answers(switches)
        self.names = RuleNames(store)
        self.decisions = Decisions(store, self.names, publish, time.monotonic)
        self.connections = Connections(store, self.names, switches, self.answers)

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """The world has changed."""
        self.names.compiled(changed)
