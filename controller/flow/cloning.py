"""What is done to a copy of a packet alone: whatever comes of it, the packet itself goes on as it was.

What a ``ct`` inside brings along ends with the copy as well: Open vSwitch 3.1 hands on pieces of datagrams that were
never completed with whatever packet it tracks next.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from controller.errors import Bug
from controller.flow import openflow as of
from controller.flow.fields import CACHED

if TYPE_CHECKING:
    from controller.flow.actions import Action


@dataclass(frozen=True, slots=True)
class Clone:
    """Do this to a copy of the packet, which ends here; what the actions write is forgotten with it."""

    actions: tuple[Action, ...]
    wire: bytes


@lru_cache(CACHED)
def clone(*actions: Action) -> Clone:
    """NXAST_CLONE (ovs-actions(7), ``clone``). ``Bug`` where a copy is made of a copy, which nobody needs."""
    if any(isinstance(action, Clone) for action in actions):
        raise Bug("a clone inside of a clone")
    body = b"".join([action.wire for action in actions])
    head = struct.pack("!HHIH6x", of.EXPERIMENTER, of.SHORTEST_NICIRA + len(body), of.NICIRA, of.CLONE)
    return Clone(actions, head + body)
