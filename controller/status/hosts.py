"""What networks need of their hosts' own kernels, as a condition: whether every host has done its part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.derived import Endpoint
from controller.entities import Network
from controller.host_states import LINK
from controller.status.conditions import condition

if TYPE_CHECKING:
    from controller.core import Core
    from controller.host_states import HostStates


def with_hosts(
    status: dict[str, object], core: Core, states: HostStates, key: str, started: float
) -> dict[str, object]:
    """A network's status with the condition HostsReady, if its mode needs something of hosts."""
    network: Network | None = core.compiler.store.get(Network, key)
    if network is None or network.mode not in {"nat", "host-only"}:
        return status
    serves = LINK if network.mode == "nat" else key
    hosts = sorted(core.compiler.store.groups(Endpoint, "network", key))
    troubles = [f"chassis {host}: {trouble}" for host in hosts if (trouble := states.trouble(host, serves))]
    message = "; ".join(troubles) or "every host that has a port of it has done its part"
    since = core.readiness.since(("Network", key), started)
    found = condition("HostsReady", "Waiting" if troubles else "Done", message, since, holds=not troubles)
    before = status["conditions"]
    return status | {"conditions": [*(before if isinstance(before, list) else []), found]}
