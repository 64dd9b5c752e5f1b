"""Long work in steps, so that others run between them, and who does it may leave it off where something presses."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

Steps = Generator[None, None, T]
"""Yields after each piece of the work (about as much as to look for one path); returns what it comes to."""


def finished(steps: Steps[T]) -> T:
    """What work comes to that nobody else waits for."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
