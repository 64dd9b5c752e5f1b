"""One network that grows over two hosts, from nothing to ten thousand ports, all of them plugged in.

What counts to users: how long a large document takes until every port is Ready, how long one port more takes in a
network of any size, how many flows a port costs the other hosts, and what memory the daemon needs for all of it.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from mininet_scenarios import rest
from mininet_scenarios.lab import Lab
from tests.bench import precedence, switches_alone
from tests.bench.client import Client
from tests.bench.figure import Figure, median
from tests.bench.plugs import plug
from tests.bench.spent import memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from mininet_scenarios.hypervisor import Hypervisor

TENANT, NETWORK = "acme", "net"
BLOCK = "10.0.0.0/16"
SIZES = (100, 1_000, 5_000, 10_000)
SAMPLES = 30
SPARE = 40  # a multiple of four, as the sizes are: interfaces come in pairs on two hosts
WAIT = 60
REST = 0.2
HOSTS = 2


def measure() -> Iterator[Figure]:
    """Grow step by step; the growth from nothing to 5,000 in one document is the one that is timed."""
    with Lab() as lab:
        client = grown_lab(lab)
        hosts = list(lab.hypervisors.values())
        assert lab.daemon is not None
        assert lab.daemon.process is not None
        steps = _Steps(client, hosts, lab.daemon.process.pid)
        for size in SIZES[:2]:
            steps.grow(range(size))
            steps.one_more(size)
        client.call("POST", f"/apply?prune=load=bench&wait={WAIT}", world(range(0)))
        yield Figure("5,000 ports in one apply, until all are Ready", steps.grow(range(SIZES[2])), "s", bound=8)
        steps.one_more(SIZES[2])
        before = flows(hosts[0])
        elsewhere = range(SIZES[2] + 1, SIZES[3], HOSTS)
        steps.grow(elsewhere)
        added = (flows(hosts[0]) - before) / len(elsewhere)
        yield Figure("flows of a port on each other chassis", added, "flows", bound=3)
        steps.grow(range(SIZES[2], SIZES[3], HOSTS))
        steps.one_more(SIZES[3])
        yield from steps.figures()
        without = one_more(client, SIZES[3])
        yield Figure("one more port at 10,000, without precedence over the switches", without, "ms")
        for what, field in (("now", "VmRSS"), ("at most", "VmHWM")):
            used = memory(lab.daemon.process.pid, field)
            yield Figure(f"memory of the daemon at 10,000 ports, {what}", used, "MB", bound=400)


class _Steps:
    """The growth so far: interfaces that are plugged, and how long one more port took at each size."""

    def __init__(self, client: Client, hosts: list[Hypervisor], daemon: int) -> None:
        self._client, self._hosts, self._daemon = client, hosts, daemon
        self._plugged = 0
        self._more: dict[int, float] = {}
        self._floor: dict[int, tuple[float, float]] = {}

    def grow(self, numbers: range) -> float:
        """Plug in what is not yet, and some more; then seconds of the apply of these ports."""
        wanted = numbers[-1] + 1 + SPARE
        if wanted > self._plugged:
            plug_ports(self._hosts, range(self._plugged, wanted))
            self._plugged = wanted
        return apply(self._client, world(numbers))

    def one_more(self, size: int) -> None:
        """Take the samples at this size, and what the switches alone need."""
        with precedence.over_switches(self._daemon):
            self._more[size] = one_more(self._client, size)
            self._floor[size] = switches_alone.milliseconds(self._hosts)

    def figures(self) -> Iterator[Figure]:
        """Each size's, then the growth."""
        least, *_, most = SIZES
        for size in SIZES:
            answered, again = self._floor[size]
            yield Figure(f"one more port at {size:,}, until Ready, median", self._more[size], "ms", bound=12)
            yield Figure(f"the same bundles without us at {size:,}, answered", answered, "ms")
            yield Figure(f"the same bundles without us at {size:,}, digested", again, "ms")
        name = f"one more port, at {most:,} against {least:,}"
        yield Figure(name, self._more[most], "ms", bound=1.5, baseline=self._more[least])


def grown_lab(lab: Lab) -> Client:
    """The daemon and two hosts, nothing asked for but the network."""
    daemon = lab.start_daemon()
    lab.join(*(lab.hypervisor(f"hv{number}") for number in range(HOSTS)))
    client = Client(daemon)
    client.call("POST", f"/apply?wait={WAIT}", world(range(0)))
    return client


def plug_ports(hosts: Sequence[Hypervisor], numbers: range) -> None:
    """Plug in the ports of these numbers, every second one on the second host."""
    for turn, host in enumerate(hosts):
        plug(host, [f"{TENANT}/vm-{number}" for number in numbers[turn::HOSTS]])


def world(numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The tenant, its network, and the ports of these numbers."""
    return [rest.project(TENANT), rest.network(TENANT, NETWORK, BLOCK), *map(port, numbers)]


def port(number: int) -> dict[str, Any]:
    """Port ``0..65000`` with the MAC and the address that its number makes."""
    high, low = divmod(number + 256, 256)
    asked = rest.port(TENANT, f"vm-{number}", NETWORK, f"02:00:00:00:{high:02x}:{low:02x}", f"10.0.{high}.{low}")
    return asked | {"labels": {"load": "bench"}}


def apply(client: Client, document: Sequence[dict[str, Any]]) -> float:
    """Seconds from a document to its answer, which comes when all of it is Ready; raises ``RuntimeError`` if not."""
    started = time.monotonic()
    answer = client.call("POST", f"/apply?wait={WAIT}", document)
    seconds = time.monotonic() - started
    if answer["unconfirmed"]:
        raise RuntimeError(f"{len(answer['unconfirmed'])} are not Ready after {WAIT} s")
    return seconds


def one_more(client: Client, size: int) -> float:
    """Median milliseconds from the PUT of one more port until it is Ready.

    Each is taken away again, and the switches come to rest before the next.
    """
    samples = []
    for number in range(size, size + SAMPLES):
        path = f"/projects/{TENANT}/ports/vm-{number}?wait={WAIT}"
        started = time.monotonic()
        answer = client.call("PUT", path, port(number))
        samples.append((time.monotonic() - started) * 1000)
        if not ready(answer):
            raise RuntimeError(f"port {number} is not Ready after {WAIT} s")
        client.call("DELETE", path)
        time.sleep(REST)
    return median(samples)


def ready(port: dict[str, Any]) -> bool:
    """Whether the daemon says so of a port."""
    return any(one["type"] == "Ready" and one["status"] for one in port["status"]["conditions"])


def flows(host: Hypervisor, match: str = "") -> int:
    """How many flows its integration bridge holds, of those that a match in ovs-ofctl's words selects."""
    counted = re.search(r"flow_count=(\d+)", host.ovs.ofctl("dump-aggregate", "br-int", match))
    return int(counted[1]) if counted else 0
