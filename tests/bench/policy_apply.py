"""A hundred policies over a thousand ports on two hosts: until confirmed, one member more, and what they cost a host.

Each policy lets five of ten groups, five hundred ports, use ten ports of another group. A port of a known group that is
plugged in on one host must change no rule on the other.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from apps.policy_tables import WHO
from mininet_scenarios import rest
from mininet_scenarios.lab import Lab
from tests.bench import precedence, scale
from tests.bench.client import Client
from tests.bench.figure import Figure, median
from tests.bench.policy_size import RULE_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from mininet_scenarios.hypervisor import Hypervisor

PORTS, GROUPS, POLICIES, PEERS, SERVICES = 1_000, 10, 100, 5, 10
SPARE = 40
SAMPLES = 20


def measure() -> Iterator[Figure]:
    """The ports first, then the policies in one document, then one member after the other."""
    with Lab() as lab:
        client = scale.grown_lab(lab)
        hosts = list(lab.hypervisors.values())
        assert lab.daemon is not None
        assert lab.daemon.process is not None
        network = rest.network(scale.TENANT, scale.NETWORK, scale.BLOCK)
        network["spec"]["encap"] = "geneve"
        client.call("POST", f"/apply?wait={scale.WAIT}", [network])
        scale.plug_ports(hosts, range(PORTS + SPARE))
        with precedence.over_switches(lab.daemon.process.pid):
            scale.apply(client, [_member(number) for number in range(PORTS)])
            time.sleep(scale.REST)
            seconds = scale.apply(client, [_policy(number) for number in range(POLICIES)])
            yield Figure(f"{POLICIES} policies over {PORTS:,} ports, until all is confirmed", seconds, "s", bound=2)
            yield from _sizes(hosts[0])
            yield from _one_more(client, hosts)


def _sizes(host: Hypervisor) -> Iterator[Figure]:
    rules = sum(scale.flows(host, f"table={table.number}") for table in RULE_TABLES)
    who = scale.flows(host, f"table={WHO.number}")
    yield Figure("policy flows on a host", rules + who, "flows", bound=3_000)
    yield Figure("of these, who has which address", who, "flows")
    yield Figure("all flows on a host", scale.flows(host), "flows")


def _one_more(client: Client, hosts: list[Hypervisor]) -> Iterator[Figure]:
    """Members of groups that there are, plugged in on the second host; what of it the first host notices."""
    samples, changed, known = [], 0, 0
    for number in range(PORTS + 1, PORTS + SPARE, scale.HOSTS):
        before = _policy_flows(hosts[0])
        path = f"/projects/{scale.TENANT}/ports/vm-{number}?wait={scale.WAIT}"
        samples.append(client.seconds("PUT", path, _member(number)) * 1000)
        after = _policy_flows(hosts[0])
        who = {line for line in before ^ after if f"table={WHO.number}," in line}
        changed, known = changed + len(before ^ after) - len(who), known + len(who)
        time.sleep(scale.REST)
    yield Figure("one member more, until Ready, median", median(samples), "ms", bound=20)
    yield Figure("policy flows that it changes on the other host", changed / len(samples), "flows", bound=0)
    yield Figure("likewise of who has which address", known / len(samples), "flows", bound=0)


def _policy_flows(host: Hypervisor) -> set[str]:
    tables = [f"table={table.number}," for table in (*RULE_TABLES, WHO)]
    return {line for line in host.flows().splitlines() if any(table in line for table in tables)}


def _member(number: int) -> dict[str, Any]:
    return scale.port(number) | {"labels": {"group": f"g{number // scale.HOSTS % GROUPS}"}}


def _policy(number: int) -> dict[str, Any]:
    """For one group: five others, and ten ports that no mask holds together."""
    peers = [{"labels": {"group": f"g{(number + step) % GROUPS}"}} for step in range(1, PEERS + 1)]
    ports = [1_000 + 100 * number + 3 * step for step in range(SERVICES)]
    rule = {"name": "in", "action": "allow", "from": peers, "protocol": "tcp", "ports": ports}
    spec = {"applied_to": {"labels": {"group": f"g{number % GROUPS}"}}, "ingress": [rule]}
    return rest.resource("Policy", scale.TENANT, f"policy-{number}", spec)
