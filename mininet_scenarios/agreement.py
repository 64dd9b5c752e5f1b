"""Whether switches hold what the daemon says that they should: by cookies, which it makes of what a flow says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.rest import Rest

COOKIE = re.compile(r"cookie=(0x[0-9a-f]+)")


def settled(client: Rest, hosts: Iterable[Hypervisor]) -> bool:
    """Whether each host's bridge holds exactly the flows that the daemon wants there."""
    return all(installed(host) == wanted(client, host) for host in hosts)


def installed(host: Hypervisor) -> list[int]:
    """The cookies of the flows that the bridge holds, sorted."""
    return sorted(int(found, 16) for found in COOKIE.findall(host.flows()))


def wanted(client: Rest, host: Hypervisor) -> list[int]:
    """The cookies of the flows that the daemon wants there, sorted."""
    return sorted(int(flow["cookie"], 16) for flow in client.get(f"/flows?chassis={host.name}")["items"])
