"""What answers about links, bridges and paths is put together of, what announces them, and what forgets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.announcing import Announcing
from controller.gone_chassis import GoneChassis
from controller.port_table import PortTable
from controller.status.fabric import Fabric
from controller.status.links import Links

if TYPE_CHECKING:
    from controller.atlas.cartography import Cartography
    from controller.host_states import HostStates
    from controller.reports import Reports
    from controller.switchboard import Switchboard
    from topology.graph import Topology


def surveyed(
    reports: Reports, maps: Cartography, topology: Topology, states: HostStates, switchboard: Switchboard
) -> Fabric:
    """The answers; they follow what is reported and what switches say of their ports from now on."""
    core, atlas = reports.core, maps.atlas
    table = PortTable(maps.scouts.probing.role)
    switchboard.watchers.append(table.ports)
    reports.followers.append(GoneChassis(core.compiler.store, switchboard.watchers).compiled)
    links = Links(core.compiler.store, atlas, topology.tunnels, states.watches, maps.care)
    fabric = Fabric(core, atlas, links, topology, table)
    Announcing(fabric, reports).begin()
    return fabric
