"""Boards of demands, each where it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from topology.board import Board

if TYPE_CHECKING:
    from collections.abc import Sequence

    from topology.board import Load
    from topology.dijkstra import Mesh


def filled(net: Mesh, loads: Sequence[Load]) -> Board:
    """A board with every demand on the first path that it may take, or on the routes."""
    board = Board(net, loads)
    for _ in board.begin():
        continue
    return board
