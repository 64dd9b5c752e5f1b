"""Readiness: a resource is ready when every bridge that needs its flows has confirmed them, and not before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from controller.compiler.ownership import Subject


@dataclass(slots=True)
class _Waiting:
    turn: int
    since: float


class Readiness:
    """Which resources wait for which turn, and since when the others are ready. Times are seconds since 1970."""

    def __init__(self) -> None:
        self._waiting: dict[Subject, _Waiting] = {}
        self._ready: dict[Subject, float] = {}

    @property
    def waiting(self) -> int:
        """How many resources wait."""
        return len(self._waiting)

    def touch(self, subjects: Iterable[Subject], turn: int, now: float) -> None:
        """The flows of these changed in this turn."""
        for subject in subjects:
            self._ready.pop(subject, None)
            waiting = self._waiting.get(subject)
            if waiting is None:
                self._waiting[subject] = _Waiting(turn, now)
            else:
                waiting.turn = turn

    def forget(self, subjects: Iterable[Subject]) -> None:
        """These have no flows any more."""
        for subject in subjects:
            self._ready.pop(subject, None)
            self._waiting.pop(subject, None)

    def ready(self, subject: Subject) -> bool:
        """Whether everything it asked for has been confirmed."""
        return subject in self._ready

    def waits(self, subject: Subject) -> bool:
        """Whether something it asked for has not been confirmed."""
        return subject in self._waiting

    def since(self, subject: Subject, otherwise: float) -> float:
        """Since when it has been as it is."""
        waiting = self._waiting.get(subject)
        return waiting.since if waiting else self._ready.get(subject, otherwise)

    def settle(
        self, confirmed: Mapping[str, int], chassis_of: Callable[[Subject], Iterable[str]], now: float
    ) -> list[Subject]:
        """Those that have just become ready, given the last turn each chassis confirmed."""
        done = []
        for subject, waiting in self._waiting.items():
            if all(confirmed.get(chassis, -1) >= waiting.turn for chassis in chassis_of(subject)):
                done.append(subject)
        for subject in done:
            del self._waiting[subject]
            self._ready[subject] = now
        return done
