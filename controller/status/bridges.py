"""Bridges as they are listed: the switch, its flows, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.entities import Chassis
from controller.links import BridgeSettings

if TYPE_CHECKING:
    from controller.core import Core
    from controller.port_table import PortTable
    from controller.status.atlas import Atlas


def bridge_rows(core: Core, atlas: Atlas, table: PortTable) -> list[dict[str, object]]:
    """All that have connected, by the names of their chassis."""
    return [_row(core, atlas, table, key) for key in sorted(core.bridges)]


def bridge_row(core: Core, atlas: Atlas, table: PortTable, key: str) -> dict[str, object] | None:
    """One; None where there is none of that name and nothing is said of one."""
    store = core.compiler.store
    if key in core.bridges or store.get(Chassis, key) is not None or store.get(BridgeSettings, key) is not None:
        return _row(core, atlas, table, key)
    return None


def _row(core: Core, atlas: Atlas, table: PortTable, key: str) -> dict[str, object]:
    bridge = core.bridges.get(key)
    connection = bridge.connection if bridge is not None else None
    said = core.compiler.store.get(BridgeSettings, key) or BridgeSettings(key)
    return {
        "chassis": key,
        "name": key,
        "dpid": f"{connection.dpid:016x}" if connection else None,
        "peer": connection.peer if connection else None,
        "in_sync": bridge is not None and bridge.in_sync,
        "flows": core.compiler.catalogue.count(key),
        "flow_mods": bridge.flow_mods if bridge is not None else 0,
        "refusals": sorted(set(bridge.refusals.values())) if bridge is not None else [],
        "ports": table.rows(key),
        "labels": dict(said.labels),
        "maintenance": said.maintenance,
        "drained": said.maintenance and bool(atlas.draining(key)["drained"]),
    }
