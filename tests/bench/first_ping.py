"""From a ``PUT`` of a port to the first ping that it answers, from a machine on another host.

The port's interface is plugged in long before; another machine pings it every quarter of a millisecond, as nobody would
who does not measure. What is measured is all there is between an orchestrator's request and packets: HTTP, judgement,
the intent database's disk, compiling, both switches' bundles, and their caches of what was dropped until now.
"""

from __future__ import annotations

import select
import socket
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mininet_scenarios import rest, tenants
from mininet_scenarios.lab import Lab
from mininet_scenarios.tenants import NETWORK, Guest
from mininet_scenarios.wire import socket_in
from tests.bench.client import Client
from tests.bench.echo import reply_of, request
from tests.bench.figure import Figure, median, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mininet_scenarios.vm import Vm

SAMPLES = 100
WARM_UP = 10
INTERVAL = 0.00025
DEADLINE = 5
SETTLED = 0.03
TENANT = "acme"
PORT = f"/projects/{TENANT}/ports/target"
ETH_P_IP = 0x0800


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds from the request's first byte: until the port answered a ping, and until the daemon answered."""

    ping: float
    answer: float


def measure() -> Iterator[Figure]:
    """Two hosts, a machine on each; the port of the second comes and goes."""
    with Lab() as lab:
        daemon = lab.start_daemon()
        here, there = lab.hypervisor("hv1"), lab.hypervisor("hv2")
        lab.join(here, there)
        prober, target = Guest("prober", here, 1), Guest("target", there, 2)
        tenants.ask(daemon.rest, TENANT, prober)
        vms = tenants.boot(lab, TENANT, prober, target)
        tenants.wait_ready(daemon.rest, TENANT, "prober")
        client = Client(daemon)
        asked = rest.port(TENANT, "target", NETWORK, target.nic.mac, vms[1].ipv4)
        samples = [_sample(client, asked, vms) for _ in range(WARM_UP + SAMPLES)][WARM_UP:]
    pings = [sample.ping * 1000 for sample in samples]
    yield Figure("PUT of a port to first ping, median", median(pings), "ms", bound=8)
    yield Figure("PUT of a port to first ping, 95th percentile", percentile(pings, 95), "ms", bound=14)
    yield Figure("of that: until the PUT is answered, median", median([s.answer * 1000 for s in samples]), "ms")


def _sample(client: Client, asked: dict[str, object], vms: list[Vm]) -> Sample:
    """One port's coming; it is gone again, and everybody knows, when this returns."""
    source, target = vms
    with closing(socket_in(source.machine.pid, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))) as wire:
        wire.bind(("eth0", ETH_P_IP))
        wire.settimeout(0)
        _until_silent(wire, source, target)
        started = time.monotonic()
        client.send("PUT", PORT, asked)
        sample = _watch(wire, client, started, (source, target))
    client.call("DELETE", f"{PORT}?wait=10")
    return sample


def _until_silent(wire: socket.socket, source: Vm, target: Vm) -> None:
    """Ping until nothing has answered for a while, so that the switches remember that they drop this."""
    last = time.monotonic()
    while (now := time.monotonic()) < last + SETTLED:
        wire.send(request(source, target, 0))
        if reply_of(wire, target):
            last = now
        time.sleep(max(0.0, now + INTERVAL - time.monotonic()))


def _watch(wire: socket.socket, client: Client, started: float, vms: tuple[Vm, Vm]) -> Sample:
    """Ping until the answer comes; then take the daemon's, which may have come before."""
    answered, pinged, number = 0.0, 0.0, 0
    due = started
    while not (answered and pinged):
        now = time.monotonic()
        if now > started + DEADLINE:
            raise TimeoutError(f"no ping within {DEADLINE} s of the PUT")
        if now >= due and not pinged:
            number += 1
            wire.send(request(*vms, number))
            due = now + INTERVAL
        waiting = [client.socket] if not answered else []
        ready = select.select([wire, *waiting], [], [], max(0.0, due - now))[0]
        if client.socket in ready:
            client.answer()
            answered = time.monotonic()
        if wire in ready and reply_of(wire, vms[1]):
            pinged = pinged or time.monotonic()
    return Sample(pinged - started, answered - started)
