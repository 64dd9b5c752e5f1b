"""Tracks laid for a path: the numbers that frames on it carry, and the detours that switches take by themselves.

A number is made of what the track is, so that a path that is chosen again gets the number that it had, and a changed
one another: frames on the way finish on the old one.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from controller.links import TRACKS, Track

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

Content = tuple[tuple[str, ...], tuple[int, ...], int]


class Numbers:
    """Which numbers are taken, and by what."""

    def __init__(self) -> None:
        self._taken: dict[int, Content] = {}

    def take(self, tracks: Iterable[Track]) -> None:
        """They stand already, under their numbers."""
        for track in tracks:
            self._taken[track.number] = track.bridges, track.detours, track.then

    def keep(self, numbers: Collection[int]) -> None:
        """All others are free again."""
        self._taken = {number: content for number, content in self._taken.items() if number in numbers}

    def track(self, bridges: tuple[str, ...], detours: tuple[int, ...], then: int) -> Track:
        """The track, under the number that its content has, or the next one where another has that."""
        content, salt = (bridges, detours, then), 0
        while self._taken.setdefault(number := _number(content, salt), content) != content:
            salt += 1
        return Track(str(number), number, bridges, detours, then)


def followed(number: int, find: Callable[[int], Track | None]) -> Iterator[Track]:
    """A track and those that follow it, as far as ``find`` knows them by their numbers."""
    while (track := find(number)) is not None:
        yield track
        number = track.then


def _number(content: Content, salt: int) -> int:
    digest = blake2b(repr((content, salt)).encode(), digest_size=4).digest()
    return TRACKS | int.from_bytes(digest) % TRACKS


def laid(numbers: Numbers, path: Sequence[str], detours: Sequence[Sequence[str]] = ()) -> tuple[Track, ...]:
    """All tracks for a path, that which it begins with first; ``detours`` are paths to its end, () for none.

    There is one for each step, from where the step begins, or none at all.
    """
    others: list[Track] = []
    aside = []
    for detour in detours or [()] * (len(path) - 1):
        around = laid(numbers, detour) if detour else ()
        others += around
        aside.append(around[0].number if around else 0)
    chain: tuple[Track, ...] = ()
    for begin, end in reversed(pieces(path)):
        then = chain[0].number if chain else 0
        chain = (numbers.track(tuple(path[begin : end + 1]), tuple(aside[begin:end]), then), *chain)
    return (*chain, *{track.number: track for track in others}.values())


def pieces(path: Sequence[str]) -> list[tuple[int, int]]:
    """Where a path is to be cut so that no piece meets a bridge twice: first and last place of each."""
    found, begin = [], 0
    for at in range(1, len(path)):
        if path[at] in path[begin:at]:
            found.append((begin, at - 1))
            begin = at - 1
    return [*found, (begin, len(path) - 1)]
