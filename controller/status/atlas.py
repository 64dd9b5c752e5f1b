"""What status and answers read of the atlas, which knows the links and chooses paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from controller.links import LinkFigures
    from topology.map import Map
    from topology.paths import Question


class Figures(Protocol):
    """What is measured of links."""

    def of(self, link: str) -> LinkFigures | None:
        """Of one link, by its name; None where nothing is."""


class Paths(Protocol):
    """What has become of path policies."""

    def status(self, policy: str) -> dict[str, Any]:
        """Of one, by its key: path, backup, figures, what became of each demand, conditions."""

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

    def placed(self, policy: str) -> bool:
        """Whether what is chosen for a path policy (key) is for what it asks for now, and has been compiled."""

    def done(self) -> bool:
        """Whether all that was heard is worked out, told and compiled."""

    def draining(self, name: str) -> dict[str, Any]:
        """How far a link or bridge in maintenance is: ``drained``, ``reason`` and ``message``."""
