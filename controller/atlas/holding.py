"""Holding: who moves to a track of which a bridge cannot be told yet stays where it is, as long as that leads on."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from controller.links import Placed, Track
from topology.tracks import followed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from controller.atlas.mapping import Place
    from controller.entities import Entity
    from topology.map import Map

Standing = dict["Place", "Entity"]


def held(stood: Standing, wanted: Standing, ground: Map, deaf: Collection[str]) -> Standing:
    """What stays as it stood, tracks and placements; () for ``deaf`` bridges leaves nothing behind."""
    found: Standing = {}
    for (kind, key), old in stood.items() if deaf else ():
        new = wanted.get((kind, key))
        if not isinstance(old, Placed) or not isinstance(new, Placed) or new.track == old.track:
            continue
        if not _passed(new.track, wanted).isdisjoint(deaf) and _leads_on(old.track, stood, ground):
            found[kind, key] = old
            found |= {(Track, track.key): track for track in reached(old.track, stood)}
    return found


def reached(number: int, known: Mapping[Place, Any]) -> Iterator[Track]:
    """All tracks that packets on this one may come to take."""
    find, due, seen = _numbered(known), {number}, set[int]()
    while due - seen:
        seen.add(each := (due - seen).pop())
        track = find(each)
        if track is not None:
            due.update(track.leads)
            yield track


def _leads_on(number: int, known: Mapping[Place, Any], ground: Map) -> bool:
    """Whether nothing of a track, and of those that follow it, is missing."""
    chain = list(followed(number, _numbered(known)))
    steps = (step for track in chain for step in pairwise(track.bridges))
    return bool(chain) and all(ground.edge(*step) is not None for step in steps)


def _passed(number: int, known: Mapping[Place, Any]) -> set[str]:
    return {bridge for track in followed(number, _numbered(known)) for bridge in track.bridges}


def _numbered(known: Mapping[Place, Any]) -> Callable[[int], Track | None]:
    """Tracks by their numbers."""
    return lambda number: known.get((Track, str(number)))
