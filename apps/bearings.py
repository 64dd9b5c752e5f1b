"""Bearings: each chassis has a number of its own, by which frames and registers name it, the same after every restart.

A relation only. The number is made of the chassis' name alone; where names fall together they are told apart by their
order, so that another chassis' coming changes a number in one case of a million.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from controller.entities import Chassis
from controller.errors import Bug
from controller.links import TRACKS, Bearing
from controller.store import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View

RANK_BITS = 2
"""So many chassis, as a power of two, may have names of one hash."""
_PLACES = (TRACKS >> 1 >> RANK_BITS) - 1


def place(name: str) -> int:
    """A hash of a name, from 1 on, so that no number is 0."""
    return 1 + int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big") % _PLACES


def bearings(chassis: Chassis, view: View) -> Iterator[Bearing]:
    """The chassis' number; ``Bug`` where too many names have one hash, which takes names made for it."""
    alike = [one.key for one in view.where(Chassis, "bearing", place(chassis.key))]
    rank = alike.index(chassis.key)
    if rank >> RANK_BITS:
        raise Bug(f"the names of {len(alike)} chassis have the same hash: {', '.join(alike)}")
    yield Bearing(chassis.key, place(chassis.key) << RANK_BITS | rank)


INDEXES: dict[type, tuple[Index, ...]] = {Chassis: (Index("bearing", lambda chassis: (place(chassis.key),)),)}
