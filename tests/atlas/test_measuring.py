"""Switches are asked side by side, not too many at once, and those that do not answer cost the others nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from controller.atlas.measuring import MOST_AT_ONCE, Measuring
from controller.errors import SwitchError
from controller.settings import Topology

if TYPE_CHECKING:
    from collections.abc import Callable


class Enough(Exception):
    """The test has seen enough rounds."""


class Rounds:
    """A hub whose greenlets run when somebody sleeps; the loop ends at the ``last`` pause between rounds."""

    def __init__(self, last: int) -> None:
        self.waiting: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self.most = 0
        self.pauses: list[float] = []
        self._last = last

    def spawn(self, call: Callable[..., None], *arguments: Any) -> None:
        self.waiting.append((call, arguments))
        self.most = max(self.most, len(self.waiting))

    def sleep(self, seconds: float) -> None:
        waiting, self.waiting = self.waiting, []
        for call, arguments in waiting:
            call(*arguments)
        self.pauses.append(seconds)
        if len([pause for pause in self.pauses if pause >= 1]) == self._last:
            raise Enough


class Switches:
    """Answers for all but those that are dumb; ``told`` is what figures and rates got."""

    def __init__(self, names: list[str], dumb: frozenset[str] = frozenset()) -> None:
        self.names, self.dumb = frozenset(names), dumb
        self.told: list[tuple[str, str]] = []
        self.fresh = [True]

    def ask(self, chassis: str, *_: object) -> Any:
        if chassis in self.dumb:
            raise SwitchError(f"{chassis} did not say")
        return chassis

    def measuring(self, rounds: Rounds) -> Measuring:
        counts: Any = SimpleNamespace(distance=self.ask, ports=self.ask, ask=self.ask)
        figures: Any = SimpleNamespace(
            wires=SimpleNamespace(chassis=lambda: self.names),
            news=lambda: bool(self.fresh and self.fresh.pop()),
            returned=lambda chassis, _: self.told.append(("distance", chassis)),
            counted=lambda chassis, _: self.told.append(("ports", chassis)),
        )
        rates: Any = SimpleNamespace(
            table=28,
            sources=lambda: frozenset({"s1"}),
            counted=lambda chassis, _: self.told.append(("demands", chassis)),
            known=lambda: {"acme/fast|s1|s2": 8.0},
        )
        return Measuring(figures, rates, counts, Topology(), rounds)


def test_every_switch_is_asked_and_the_dumb_ones_tell_nothing() -> None:
    switches, rounds, measured = Switches(["s1", "s2", "s3"], frozenset({"s2"})), Rounds(2), list[dict[str, float]]()
    with pytest.raises(Enough):
        switches.measuring(rounds).loads(measured.append)
    assert sorted(switches.told) == [("demands", "s1"), ("ports", "s1"), ("ports", "s3")]
    assert measured == [{"acme/fast|s1|s2": 8.0}]


def test_what_is_known_for_the_first_time_is_told_at_once() -> None:
    switches, rounds, measured = Switches(["s1", "s2"]), Rounds(3), list[dict[str, float]]()
    with pytest.raises(Enough):
        switches.measuring(rounds).distances(measured.append)
    assert switches.told.count(("distance", "s1")) == 3
    assert len(measured) == 1


def test_not_all_of_very_many_switches_are_asked_at_once() -> None:
    switches, rounds = Switches([f"s{number}" for number in range(1, 401)]), Rounds(1)
    with pytest.raises(Enough):
        switches.measuring(rounds).distances(lambda _: None)
    assert len(switches.told) == 400
    assert rounds.most <= MOST_AT_ONCE
    assert rounds.pauses[-1] > Topology().probe_interval
