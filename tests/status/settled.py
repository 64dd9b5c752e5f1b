"""A core whose switches confirm at once, or not at all, in one thread."""

from __future__ import annotations

import queue
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from apps import registry
from controller.compiler.compiler import Rules
from controller.core import Core, Reporter, World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.compiler.ownership import Subject
    from controller.entities import Entity


@dataclass(slots=True)
class Switch:
    """A bridge that confirms at once, or nothing while it is ``away`` or ``slow``."""

    inbox: Any
    away: bool = False
    slow: bool = False
    in_sync: bool = True
    refusals: dict[int, str] = field(default_factory=dict)
    dpid: int = 0xD
    peer: str = "192.0.2.1:6653"
    flow_mods: int = 0

    @property
    def connection(self) -> Switch | None:
        return None if self.away else self

    def confirmed(self, turn: int) -> int:
        """The last turn that it has confirmed."""
        return -1 if self.away or self.slow else turn

    def run(self) -> None:
        """Nothing comes from a wire."""


class Hub:
    """What the core needs of green threads where there is one thread."""

    Queue = queue.Queue

    @staticmethod
    def sleep(_seconds: float) -> None:
        """Nobody else waits."""

    @staticmethod
    def spawn(_function: Any) -> None:
        """Nothing runs beside the test."""


class Nobody:
    """Hears what the core has to tell, and minds bugs only."""

    def bug(self, where: str, key: str, error: Exception) -> None:
        """There must be none."""
        raise AssertionError(f"{where} {key}") from error

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """It can be read."""

    def ready(self, subjects: list[Subject]) -> None:
        """They can be asked."""


def idle(reporter: Reporter) -> Core:
    """A core that has compiled nothing."""
    rules = Rules(registry.INDEXES, registry.RELATIONS, registry.FEATURES)
    made: Any = Core(rules, Hub, reporter, lambda _chassis, inbox: Switch(inbox))  # type: ignore[arg-type, return-value]
    return cast("Core", made)


def confirmed(world: Iterable[Entity]) -> Core:
    """A core that has compiled a world, and whose switches have confirmed it."""
    return after(idle(Nobody()), world)


def after(core: Core, puts: Iterable[Entity], *gone: tuple[type, str]) -> Core:
    """The core when a change has been compiled, and confirmed as far as it is."""
    core.advance(World(list(puts), list(gone)))
    core.settle()
    return core


def entity(core: Core, kind: type, key: str) -> Any:
    return core.compiler.store.get(kind, key)


def conditions(status: dict[str, Any]) -> dict[str, tuple[bool, str]]:
    return {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}


def reason(status: dict[str, Any]) -> str:
    return conditions(status)["Ready"][1]
