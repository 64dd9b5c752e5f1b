"""Live: all that follows what happens on switches, made once and told of every change."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from controller.live.decisions import Decisions
from controller.live.rules import RuleNames

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.services.outcome import Facts


class Live:
    """The parts; ``publish`` tells an event of a type about a subject."""

    def __init__(self, facts: Facts, publish: Callable[[str, str, dict[str, object]], None]) -> None:
        self.names = RuleNames(facts)
        self.decisions = Decisions(facts, self.names, publish, time.monotonic)

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """The world has changed."""
        self.names.compiled(changed)
