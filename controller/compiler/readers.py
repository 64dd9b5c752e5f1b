"""Who read what: the nodes to run again when an answer changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.compiler.engine import Node

Read = tuple[Any, ...]


class Readers:
    """Nodes by what they read; one reader alone, as most are, is kept without a set around it."""

    def __init__(self) -> None:
        self._nodes: dict[Read, Node | set[Node]] = {}

    def of(self, read: Read) -> Iterable[Node]:
        """Who asked this."""
        found = self._nodes.get(read)
        if found is None:
            return ()
        return found if isinstance(found, set) else (found,)

    def add(self, node: Node, reads: Iterable[Read]) -> None:
        """The node asked these as well."""
        for read in reads:
            readers = self._nodes.get(read)
            if readers is None:
                self._nodes[read] = node
            elif isinstance(readers, set):
                readers.add(node)
            else:
                self._nodes[read] = {readers, node}

    def drop(self, node: Node, reads: Iterable[Read]) -> None:
        """The node asks these no more."""
        for read in reads:
            readers = self._nodes.get(read)
            if isinstance(readers, set):
                readers.discard(node)
                if not readers:
                    del self._nodes[read]
            elif readers == node:
                del self._nodes[read]

    def remembered(self) -> dict[Read, set[Node]]:
        """All of it, for whoever looks whether a reader was forgotten or kept in vain."""
        return {read: set(nodes) if isinstance(nodes, set) else {nodes} for read, nodes in self._nodes.items()}
