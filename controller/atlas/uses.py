"""What ports are for, by what intent and hosts say of them: wires end only where nothing else is known to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.courses import Middlebox
from controller.derived import Endpoint
from controller.entities import Chassis, Interface
from ovsdb.own_ports import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.southbound.ports import PortDescription
    from controller.store import Store
    from topology.sides import Place, Use


class Uses:
    """Reads the store; of endpoints it remembers where they were."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._endpoints: dict[str, Endpoint] = {}
        self._at: dict[Place, set[str]] = {}

    def compiled(self, changed: set[tuple[Any, ...]]) -> Iterator[tuple[str, int | None]]:
        """Which ports may be for something else now: the chassis, and the port, None where it may be any of them."""
        for read in changed:
            if read[0] != "get":
                continue
            if read[1] is Endpoint:
                yield from self._moved(read[2])
            elif read[1] in {Interface, Middlebox}:
                plugged: Interface | Middlebox | None = self._store.get(read[1], read[2])
                if plugged is not None:
                    yield plugged.chassis, plugged.ofport
            elif read[1] is Chassis:
                yield read[2], None

    def of(self, chassis: str, port: PortDescription) -> Use:
        """What a port is for."""
        place = chassis, port.number
        known: Chassis | None = self._store.get(Chassis, chassis)
        taken = {*known.tunnels, *known.segments} if known is not None else set()
        if NAME.fullmatch(port.name) or port.number in {number for _, number in taken}:
            return "other"
        interface: Interface | None = self._store.get(Interface, f"{chassis}/{port.name}")
        if (
            self._at.get(place)
            or self._store.count(Middlebox, "place", place)
            or (interface is not None and interface.iface_id)
        ):
            return "bound"
        return "open"

    def machines(self, place: Place) -> tuple[str, ...]:
        """The MACs of the machines that are bound to a port."""
        return tuple(self._endpoints[key].mac for key in self._at.get(place, ()))

    def _moved(self, key: str) -> Iterator[Place]:
        """An endpoint came, went, or is plugged in elsewhere."""
        before, now = self._endpoints.pop(key, None), self._store.get(Endpoint, key)
        if before is not None:
            place = before.chassis, before.ofport
            self._at[place].discard(key)
            if not self._at[place]:
                del self._at[place]
            yield place
        if now is not None:
            self._endpoints[key] = now
            self._at.setdefault((now.chassis, now.ofport), set()).add(key)
            yield now.chassis, now.ofport
