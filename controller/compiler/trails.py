"""Whose tracks are: the path policies whose packets take one, as a detour too; and the bridges that they pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.links import Demand, Placed, Track
from controller.store import Index

if TYPE_CHECKING:
    from controller.store import Store


def policies_on(track: str, store: Store) -> frozenset[str]:
    """The keys of the policies that have a track (its key), be it as a detour of one, or as what follows it."""
    found: set[str] = set()
    known, ahead = {track}, [track]
    while ahead:
        standing = store.get(Track, ahead.pop())
        if standing is None:
            continue
        found |= store.groups(Placed, "track", standing.number)
        users = set(store.where(Track, "leads", standing.number)) - known
        known |= users
        ahead += users
    return frozenset(found)


def bridges_of(policy: str, store: Store) -> frozenset[str]:
    """The bridges that packets of a policy (its key) pass, or would where something fails."""
    placements = (store.get(Placed, key) for key in store.where(Placed, "policy", policy))
    ahead = {placed.track for placed in placements if placed is not None}
    known: set[int] = set()
    found: set[str] = set()
    while ahead:
        number = ahead.pop()
        known.add(number)
        for key in store.where(Track, "number", number):
            track = store.get(Track, key)
            if track is not None:
                found.update(track.bridges)
                ahead |= set(track.leads) - known
    return frozenset(found)


INDEXES: dict[type, tuple[Index, ...]] = {
    Demand: (Index("policy", lambda demand: (demand.policy,)),),
    Track: (Index("leads", lambda track: track.leads),),
    Placed: (
        Index("policy", lambda placed: (placed.policy,)),
        Index("track", lambda placed: (placed.track,), group=lambda placed: placed.policy),
    ),
}
