"""Figures: what is measured of links, smoothed: how long packets take, what is sent, what could be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.links import LinkFigures

if TYPE_CHECKING:
    from topology.sides import Timed


class Figures:
    """By the names of links."""

    def of(self, link: str) -> LinkFigures | None:
        """Of one link; None where nothing is known of it."""

    def timed(self, timed: Timed) -> None:
        """A probe took so long."""
