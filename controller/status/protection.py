"""Protection: whether switches would go round what fails on the paths of a policy by themselves, and in time.

They do where a port goes down, and where BFD watches the wire also when that falls silent. Tunnels have no port that
they could watch.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from controller.links import Link, Placed, Track, Wire, link_name, wire_name
from topology.tracks import followed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from controller.store import Store

TUNNEL = "nobody watches tunnels"
NO_PORT = "the way round it begins with no wire"


def gaps(store: Store, policy: str, why: Callable[[Wire], str | None]) -> tuple[str, ...]:
    """What of the guarded steps of a policy (key) is not gone round in time, each once, with the reason in brackets.

    ``why`` says of a wire why silence there would not be noticed, None where it would. () where all is watched, and
    where no step can be gone round at all.
    """
    return tuple(dict.fromkeys(gap for step in _steps(store, policy) for gap in _gaps(store, *step, why)))


def _steps(store: Store, policy: str) -> Iterator[tuple[str, str, int]]:
    """The steps that have a way round: from where to where, and the number of that."""
    placed = (store.get(Placed, key) for key in store.where(Placed, "policy", policy))
    for number in sorted({each.track for each in placed if each is not None}):
        for track in followed(number, lambda each: _track(store, each)):
            for (here, then), detour in zip(pairwise(track.bridges), track.detours, strict=False):
                if detour:
                    yield here, then, detour


def _gaps(store: Store, here: str, then: str, detour: int, why: Callable[[Wire], str | None]) -> Iterator[str]:
    link: Link | None = store.get(Link, link_name(here, then))
    if link is None:
        yield f"{link_name(here, then)} ({TUNNEL})"
        return
    if not any(_ports(store, *step) for step in _beginning(store, here, detour)):
        yield f"{link.key} ({NO_PORT})"
    for ports in link.wires:
        wire: Wire | None = store.get(Wire, wire_name(link.ends, ports))
        reason = why(wire) if wire is not None else "its wire is not known"
        if reason is not None:
            yield f"{link.key} ({reason})"


def _beginning(store: Store, here: str, detour: int) -> Iterator[tuple[str, str]]:
    """The steps by which a way round leaves a bridge."""
    track = _track(store, detour)
    yield from (step for step in pairwise(track.bridges if track is not None else ()) if step[0] == here)


def _track(store: Store, number: int) -> Track | None:
    return next((store.get(Track, key) for key in store.where(Track, "number", number)), None)


def _ports(store: Store, one: str, other: str) -> tuple[int, ...]:
    """The ports by which wires lead from one bridge to another."""
    link: Link | None = store.get(Link, link_name(one, other))
    return link.ports(one) if link is not None else ()
