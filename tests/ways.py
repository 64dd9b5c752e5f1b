"""Groups as a switch reads them (OpenFlow 1.5.1, 7.3.4.3): their buckets, and which of them acts on a packet."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from controller.flow import actions as act
from controller.flow import fields as f
from controller.flow.codec import Unknown, flow_actions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from controller.flow.groups import Group
    from tests.packets import Packet

SELECT, FAST_FAILOVER = 1, 3
APPLY_ACTIONS, WATCH_PORT = 4, 1
HEAD = 8


@dataclass(frozen=True, slots=True)
class Way:
    """A bucket: its number, the port that has to be alive if there is one, and what it does."""

    number: int
    watch: int | None
    actions: tuple[act.Action, ...]


@lru_cache(1 << 14)
def ways(group: Group) -> tuple[Way, ...]:
    """The buckets of a group, from their bytes."""
    return tuple(_ways(group.wire))


def _ways(wire: bytes) -> Iterator[Way]:
    at = 0
    while at < len(wire):
        length, actions, number = struct.unpack_from("!HHI", wire, at)
        end = at + HEAD + actions
        told = struct.pack("!HH4x", APPLY_ACTIONS, HEAD + actions) + wire[at + HEAD : end]
        does = tuple(one for one in flow_actions(told) if not isinstance(one, Unknown))
        assert isinstance(does[-1], act.Output | act.Resubmit), "a bucket that sends nothing on"
        assert all(isinstance(one, act.SetField) for one in does[:-1]), (
            "a bucket that does what Open vSwitch leaves out"
        )
        watch = [number for kind, number in _properties(wire[end : at + length]) if kind == WATCH_PORT]
        yield Way(number, watch[0] if watch else None, does)
        at += length


def _properties(wire: bytes) -> Iterator[tuple[int, int]]:
    for at in range(0, len(wire), 8):
        kind, length, value = struct.unpack_from("!HHI", wire, at)
        assert length == 8
        yield kind, value


def chosen(group: Group, packet: Packet, dead: Collection[int]) -> Way | None:
    """The bucket that acts on a packet while these ports are dead; of a select group by highest random weight."""
    alive = [way for way in ways(group) if way.watch not in dead]
    if group.kind == FAST_FAILOVER:
        assert all(way.watch is not None for way in alive), "a bucket that Open vSwitch would not take"
        return alive[0] if alive else None
    assert group.kind == SELECT
    told = f"{packet.get(f.NSH_C2, 0)} {group.method.hex()} "
    return max(alive, key=lambda way: blake2b(f"{told}{way.number}".encode()).digest(), default=None)
