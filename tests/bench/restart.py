"""What a daemon that starts again costs the switches, which should be nothing; and how soon it mends what others touch.

The network has 5,000 ports on two hosts. The daemon is killed, not asked; flow changes are counted by the switches.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from apps.pipeline import DESTINATION
from mininet_scenarios.command import until
from mininet_scenarios.lab import Lab
from mininet_scenarios.ovs import Received
from tests.bench import scale
from tests.bench.client import Client
from tests.bench.figure import Figure, median

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mininet_scenarios.daemon import Daemon
    from mininet_scenarios.hypervisor import Hypervisor

PORTS = 5_000
RESTARTS = 3
DRIFTS = 30
SECONDS = 60
POLL = 0.005


def measure() -> Iterator[Figure]:
    """Restarts first, then flows that somebody deletes."""
    with Lab() as lab:
        client = scale.grown_lab(lab)
        hosts = list(lab.hypervisors.values())
        scale.plug_ports(hosts, range(PORTS))
        scale.apply(client, scale.world(range(PORTS)))
        assert lab.daemon is not None
        received = [Received(host.ovs) for host in hosts]
        seconds = [_restart(lab.daemon) for _ in range(RESTARTS)]
        changes = sum(counter.changes() for counter in received)
        name = f"restart at {PORTS:,} ports"
        yield Figure(f"{name}, flow-mods sent by {RESTARTS} of them", changes, "flow-mods", bound=0)
        yield Figure(f"{name}, from start to in sync, median", median(seconds), "s")
        mended = [_drift(hosts[0], number) for number in range(DRIFTS)]
        yield Figure("a flow that somebody deleted is back, median", median(mended), "ms", bound=1000)


def _restart(daemon: Daemon) -> float:
    """Seconds from the start of the process until it says that every switch holds what it should."""
    daemon.kill()
    started = time.monotonic()
    daemon.start(SECONDS)
    until(partial(_in_sync, Client(daemon)), SECONDS, "all switches are in sync", POLL)
    return time.monotonic() - started


def _in_sync(client: Client) -> bool:
    """Whether both hosts are, with all of their ports."""
    rows = client.call("GET", "/chassis")["items"]
    return all(row["in_sync"] for row in rows) and sum(row["ports"] for row in rows) == PORTS


def _drift(host: Hypervisor, number: int) -> float:
    """Milliseconds from the return of ``del-flows`` until one port is a destination again, asked every few."""
    flow = f"table={DESTINATION.number},dl_dst={scale.port(number)['spec']['mac']}"
    before = scale.flows(host, flow)
    host.ovs.ofctl("del-flows", "br-int", flow)
    started = time.monotonic()
    until(lambda: scale.flows(host, flow) == before, SECONDS, "the flow is back", POLL)
    return (time.monotonic() - started) * 1000
