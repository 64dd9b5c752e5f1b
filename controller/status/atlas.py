"""What status and answers read of the atlas, which finds links and chooses paths; and an atlas that knows nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from topology.map import Map

if TYPE_CHECKING:
    from controller.links import LinkFigures
    from topology.paths import Question


class Figures(Protocol):
    """What is measured of links."""

    def of(self, link: str) -> LinkFigures | None:
        """Of one link, by its name; None where nothing is."""


class Paths(Protocol):
    """What has become of path policies."""

    def status(self, policy: str) -> dict[str, Any]:
        """Of one, by its key: path, backup, figures, what became of each demand, conditions; {} of one unknown."""

    def compute(self, ground: Map, question: Question) -> dict[str, Any]:
        """The same figures for a path that nobody takes, or ``reason`` and ``message``."""


class Atlas(Protocol):
    """The links and bridges that there are, with what is known of each."""

    @property
    def map(self) -> Map:
        """What paths are looked for on."""

    @property
    def figures(self) -> Figures:
        """What is measured."""

    @property
    def steering(self) -> Paths:
        """What is chosen."""

    def draining(self, name: str) -> dict[str, Any]:
        """How far a link or bridge in maintenance is: ``drained``, ``reason`` and ``message``."""


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Nothing is measured."""

    def of(self, _link: str) -> LinkFigures | None:
        """Nothing."""
        return None


@dataclass(frozen=True, slots=True)
class Unsteered:
    """No path is chosen."""

    def status(self, _policy: str) -> dict[str, Any]:
        """Nothing."""
        return {}

    def compute(self, _ground: Map, _question: Question) -> dict[str, Any]:
        """There is none."""
        return {"placed": False, "reason": "Unexplored", "message": "nothing is known of any link"}


@dataclass(frozen=True, slots=True)
class Unexplored:
    """An atlas of nothing."""

    map: Map = field(default_factory=Map)
    figures: Unmeasured = Unmeasured()
    steering: Unsteered = Unsteered()

    def draining(self, _name: str) -> dict[str, Any]:
        """Nothing goes there."""
        return {"drained": True, "reason": "Unused", "message": "nothing goes there"}
