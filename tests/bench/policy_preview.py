"""A dry run of one changed policy among ten thousand, over ten thousand ports: how long who asked waits for the answer.

The daemon is a real one, asked by REST; the answer says which flows and which services of whom would change. The ports
are plugged in nowhere, so that its hosts take nothing of this machine; ``policy_size`` counts what flows cost.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mininet_scenarios import rest
from mininet_scenarios.lab import Lab
from tests.bench import scale
from tests.bench.client import Client
from tests.bench.figure import Figure, median, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

TENANTS, SORTS, MACHINES, POLICIES_OF_A_SORT = 20, 50, 10, 10
SAMPLES = 30
DRY = "/apply?dry_run=true"
Spec = dict[str, "Any"]


def measure() -> Iterator[Figure]:
    """Tenant by tenant until all stand; then changes that are only looked at."""
    with Lab() as lab:
        client = Client(lab.start_daemon())
        started = time.monotonic()
        for tenant in (f"p{number}" for number in range(TENANTS)):
            client.call("POST", "/apply", [rest.project(tenant), rest.network(tenant, scale.NETWORK, scale.BLOCK)])
            client.call("POST", "/apply", [_port(tenant, number) for number in range(SORTS * MACHINES)])
            every = ((at, number) for at in range(SORTS) for number in range(POLICIES_OF_A_SORT))
            client.call("POST", f"/apply?wait={scale.WAIT}", [_policy(tenant, *one) for one in every])
        seconds = time.monotonic() - started
        ports, policies = TENANTS * SORTS * MACHINES, TENANTS * SORTS * POLICIES_OF_A_SORT
        yield Figure(f"{ports:,} ports and {policies:,} policies by REST, until compiled", seconds, "s")
        for what, change in (("with other ports", {"ports": [99]}), ("that applies to others", {"moved": 1})):
            samples = [_looked(client, number, change) for number in range(SAMPLES)]
            name = f"a dry run of one policy {what}"
            yield Figure(f"{name}, median", median(samples), "ms", bound=200)
            yield Figure(f"{name}, of a hundred the slowest but one", percentile(samples, 99), "ms", bound=200)


def _looked(client: Client, number: int, change: dict[str, Any]) -> float:
    """Milliseconds until it is told what a change would do; it must do something."""
    document = [_policy(f"p{number % TENANTS}", number % SORTS, 2, **change)]
    started = time.monotonic()
    answer = client.call("POST", DRY, document)
    milliseconds = (time.monotonic() - started) * 1000
    if not any(answer["reachability"].values()):
        raise RuntimeError(f"nothing would change: {answer}")
    return milliseconds


def _port(tenant: str, number: int) -> Spec:
    return rest.resource("Port", tenant, f"vm-{number}", scale.port(number)["spec"]) | {"labels": _labels(number)}


def _labels(sort: int) -> dict[str, str]:
    return {"app": f"a{sort % SORTS}"}


def _policy(tenant: str, at: int, number: int, moved: int = 0, ports: list[int] | None = None) -> Spec:
    peers = [{"labels": _labels(at + number + 1)}, {"labels": _labels(at + 2 * number + 3)}]
    wanted: list[Any] = [*ports] if ports else [80 + number, f"8000-{8001 + number}"]
    rule = {"name": "in", "action": "allow", "from": peers, "protocol": "tcp", "ports": wanted}
    spec = {"applied_to": {"labels": _labels(at + moved)}, "ingress": [rule]}
    return rest.resource("Policy", tenant, f"a{at}-{number}", spec)
