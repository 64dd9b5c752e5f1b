"""The path that a question asks for, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from controller.links import Wanted


@dataclass(frozen=True, slots=True)
class Question:
    """Which way from one bridge to another; ``rate`` is what it would carry, in Mbit/s (for objective load)."""

    source: str
    target: str
    wanted: Wanted = Wanted()
    rate: float = 0.0
