"""Ranges of port numbers as the fewest values with masks that cover them exactly."""

from __future__ import annotations

from functools import lru_cache

from controller.flow.fields import Masked

PORT_BITS = 16


@lru_cache(1 << 12)
def prefixes(low: int, high: int) -> tuple[int | Masked, ...]:
    """The numbers from ``low`` to ``high``, both included, as at most 30 values for matches on a 16-bit field."""
    found: list[int | Masked] = []
    while low <= high:
        size = low & -low or 1 << PORT_BITS
        while low + size - 1 > high:
            size >>= 1
        mask = (1 << PORT_BITS) - size
        found.append(low if size == 1 else Masked(low, mask))
        low += size
    return tuple(found)
