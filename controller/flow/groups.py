"""Groups: of several ways for a packet the one that its hash picks, or the first that is alive.

A switch knows by itself which of its ports are alive (the cable, or BFD where that runs), so that a group changes over
without anybody being asked. A group's number is made of what it does: bridges that do the same have the same group, a
flow names it, and whoever sends the flow knows what group to make first.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from controller.errors import Bug
from controller.flow import openflow as of
from controller.flow.fields import CACHED, NSH_C2, encoded

if TYPE_CHECKING:
    from controller.flow.actions import Action

SELECT, FAILOVER = 1, 3
"""OFPGT_SELECT and OFPGT_FF."""
NUMBER_BITS = 28
_TAG = 4
"""What stands before these bits in every number that is ours."""
_MOST_SALTS = 4
_WEIGHT, _WATCH_PORT = 0, 1
_BUCKET_IDS = 0xFFFF_FF00
_NETRONOME, _SELECTION_METHOD = 0x154D, 1
_CACHED = 1 << 12
LONGEST = 65_000
"""Bytes of buckets that fit a group-mod."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One way: what is written into the packet, then one output or resubmit. ``watch``: the port it depends on."""

    watch: int | None
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Group:
    """A group under its number: its kind, its ``buckets``, their bytes, and those of how one of them is picked."""

    number: int
    kind: int
    buckets: tuple[Bucket, ...]
    wire: bytes
    method: bytes


@dataclass(frozen=True, slots=True)
class ToGroup:
    """Let a group act on the packet, then go on; what its buckets write is forgotten."""

    number: int
    wire: bytes
    group: Group | None


_known: WeakValueDictionary[int, Group] = WeakValueDictionary()
"""Groups that somebody has, so that no two have one number."""


@lru_cache(_CACHED)
def select(buckets: tuple[Bucket, ...], seed: int = 0) -> Group:
    """OFPGT_SELECT: of those that are alive the one that a hash over ``NSH_C2`` picks (ovs-ofctl(8), Group Syntax).

    One bucket more or less moves only what it must. Bridges with other seeds pick otherwise: what one of them has
    parted, the next can part again. ``Bug`` where a bucket does what none can.
    """
    words = struct.pack("!II4x16sQ", _NETRONOME, _SELECTION_METHOD, b"hash", seed)
    method = words + encoded(NSH_C2, NSH_C2.all_ones)
    head = struct.pack("!HH", of.EXPERIMENTER, 4 + len(method))
    weight = struct.pack("!HHHH", _WEIGHT, 8, 1, 0)
    wire = b"".join(_bucket(bucket, number, weight) for number, bucket in _numbered(buckets).items())
    return _made(SELECT, buckets, wire, head + method + bytes(-(4 + len(method)) % 8))


@lru_cache(_CACHED)
def failover(buckets: tuple[Bucket, ...]) -> Group:
    """OFPGT_FF: the first bucket whose port is alive; ``Bug`` where one watches none, or does what none can."""
    if any(bucket.watch is None for bucket in buckets):
        raise Bug("a group that fails over has a bucket that watches no port")
    return _made(FAILOVER, buckets, b"".join(_bucket(bucket, place) for place, bucket in enumerate(buckets)), b"")


@lru_cache(_CACHED)
def group(which: Group) -> ToGroup:
    """OFPAT_GROUP."""
    return ToGroup(which.number, to_group(which.number).wire, which)


@lru_cache(CACHED)
def to_group(number: int) -> ToGroup:
    """OFPAT_GROUP as a switch tells of it: by number."""
    return ToGroup(number, struct.pack("!HHI", of.GROUP, 8, number), None)


def ours(bits: int) -> int:
    """The number of a group of ours by the lowest ``NUMBER_BITS`` bits of it."""
    return _TAG << NUMBER_BITS | bits % (1 << NUMBER_BITS)


def is_ours(number: int) -> bool:
    """Whether netloom gives numbers like this one."""
    return number >> NUMBER_BITS == _TAG


def numbered_for(number: int, kind: int, wire: bytes, method: bytes) -> bool:
    """Whether netloom would give this number to such a group."""
    return any(_number(kind, wire, method, salt) == number for salt in range(_MOST_SALTS))


def _number(kind: int, wire: bytes, method: bytes, salt: int) -> int:
    content = b"%d %d %d " % (kind, salt, len(wire)) + wire + method
    return ours(int.from_bytes(blake2b(content, digest_size=4).digest(), "big"))


def _made(kind: int, buckets: tuple[Bucket, ...], wire: bytes, method: bytes) -> Group:
    """The group of this content; another number than its first where another group has that."""
    if not buckets or len(wire) > LONGEST:
        raise Bug(f"a group of {len(buckets)} buckets: it has none, or more than an OpenFlow message holds")
    for salt in count():
        number = _number(kind, wire, method, salt)
        known = _known.get(number)
        if known is None:
            made = _known[number] = Group(number, kind, buckets, wire, method)
            return made
        if (known.kind, known.wire, known.method) == (kind, wire, method):
            return known
    raise AssertionError


def _numbered(buckets: tuple[Bucket, ...]) -> dict[int, Bucket]:
    """Each bucket under a number of its own, which it has among others as well: the switch hashes that."""
    found: dict[int, Bucket] = {}
    for bucket in buckets:
        content = b"".join(action.wire for action in bucket.actions)
        number = int.from_bytes(blake2b(content, digest_size=4).digest(), "big") % _BUCKET_IDS
        while number in found:
            number = (number + 1) % _BUCKET_IDS
        found[number] = bucket
    return found


def _bucket(bucket: Bucket, number: int, weight: bytes = b"") -> bytes:
    """ofp_bucket of OpenFlow 1.5 (7.3.4.3)."""
    actions = b"".join(action.wire for action in bucket.actions)
    watch = b"" if bucket.watch is None else struct.pack("!HHI", _WATCH_PORT, 8, bucket.watch)
    length = 8 + len(actions) + len(weight) + len(watch)
    return struct.pack("!HHI", length, len(actions), number) + actions + weight + watch
