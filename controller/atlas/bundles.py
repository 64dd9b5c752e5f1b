"""Bundles: wires by the link that they are of, and by the bridges at which they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.links import link_name
from topology.wires import ends

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from controller.links import Wire


class Bundles:
    """All wires that are known, up or down."""

    def __init__(self) -> None:
        self._links: dict[str, dict[str, Wire]] = {}
        self._ports: dict[str, set[int]] = {}

    def put(self, wire: Wire) -> None:
        """A wire came or changed."""
        self._links.setdefault(link_name(*wire.ends), {})[wire.key] = wire
        for chassis, port in ends(wire):
            self._ports.setdefault(chassis, set()).add(port)

    def drop(self, wire: Wire) -> None:
        """A wire went."""
        name = link_name(*wire.ends)
        if self._links.get(name, {}).pop(wire.key, None) is None:
            return
        if not self._links[name]:
            del self._links[name]
        for chassis, port in ends(wire):
            self._ports[chassis].discard(port)
            if not self._ports[chassis]:
                del self._ports[chassis]

    def up(self, link: str) -> list[Wire]:
        """The wires of a link that are."""
        return [wire for wire in self._links.get(link, {}).values() if wire.up]

    def ports(self, chassis: str) -> AbstractSet[int]:
        """The ports of a bridge that end wires."""
        return self._ports.get(chassis, set())

    def chassis(self) -> frozenset[str]:
        """The bridges that have wires."""
        return frozenset(self._ports)

    def links(self) -> tuple[tuple[str, tuple[str, str]], ...]:
        """All links, with their ends."""
        return tuple((name, next(iter(wires.values())).ends) for name, wires in sorted(self._links.items()))
