"""The table of ports: what each switch says of its ports, and what was found to be behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.inventory import LARGEST_PORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.links import Role
    from controller.southbound.ports import PortDescription


class PortTable:
    """What each switch said last; ``role`` says of a chassis' port what it turned out to be, None while unknown."""

    def __init__(self, role: Callable[[str, int], Role | None]) -> None:
        self._role = role
        self._there: dict[str, tuple[PortDescription, ...]] = {}

    def ports(self, chassis: str, there: Iterable[PortDescription]) -> None:
        """All ports of a chassis' switch, as they are now; its own, by which its host would speak, is none of them."""
        found = tuple(port for port in there if port.number < LARGEST_PORT)
        if found:
            self._there[chassis] = found
        else:
            self._there.pop(chassis, None)

    def rows(self, chassis: str) -> list[dict[str, object]]:
        """Each with its number, interface, state, speed (Mbit/s) and role: link, host or shared."""
        return [
            {
                "port": port.number,
                "interface": port.name,
                "state": "up" if port.up else "down",
                "speed_mbps": port.speed,
                "role": self._role(chassis, port.number),
            }
            for port in sorted(self._there.get(chassis, ()), key=lambda port: port.number)
        ]
