"""Blocks of addresses as flows match them."""

from __future__ import annotations

from functools import lru_cache

from controller.addresses import block
from controller.flow.fields import Masked


@lru_cache(1 << 14)
def matched(cidr: str) -> Masked:
    """The addresses of a block, or a lone address, as the value of a match on a field of its IP version."""
    found = block(cidr)
    return Masked(int(found.network_address), int(found.netmask))
