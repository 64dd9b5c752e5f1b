"""DHCP for a crowd: how long a thousand machines wait that start at once, and how long one beside another that floods.

Each machine asks as a client does, again after a second without an answer, then two, then four.
"""

from __future__ import annotations

import heapq
import re
import select
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mininet_scenarios import rest
from mininet_scenarios.lab import Lab
from tests.bench import crowd
from tests.bench.client import Client
from tests.bench.figure import Figure, median, percentile
from tests.bench.spent import cpu

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence

    Wires = Sequence[socket.socket]

TENANT = "acme"
MACHINES = 1000
CROWDED = range(crowd.ALONE, crowd.ALONE + MACHINES)
NETWORKS = {"few": ("10.1.0.0/16", range(crowd.ALONE)), "many": ("10.0.0.0/16", CROWDED)}
SAMPLES = 30
FLOODER = 0
FILLING = 1.0  # seconds in which a flood fills what it can fill
WAIT = 60
PATIENCE = 1.0
DEADLINE = 30.0
AT_ONCE, BREATH = 16, 0.001
FLOOD = Path(__file__).with_name("flood.py")
FLOODS = ("dhcp", "arp", "nd", "lldp")
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
_BOOTP = struct.Struct("!BBBBIHH16s16s192s4s")
_UDP_AT, _BOOTP_AT, _OPTIONS_AT = 34, 42, 282
_IP = struct.Struct("!BBHHHBBH4s4s")


def measure() -> Iterator[Figure]:
    """A crowd at once, then one by one, alone and beside a flood."""
    with Lab() as lab:
        daemon = lab.start_daemon()
        host = lab.hypervisor("hv1")
        lab.join(host)
        client = Client(daemon)
        wires = crowd.settle(host, [f"{TENANT}/vm-{number}" for number in range(CROWDED.stop)])
        client.call("POST", f"/apply?wait={WAIT}", _world())
        assert daemon.process is not None
        before = cpu(daemon.process.pid)
        crowded = leases(wires, CROWDED)
        used = cpu(daemon.process.pid) - before
        yield Figure("1,000 DHCP clients at once, until all have their lease", max(crowded), "s", bound=5)
        held = {row["address"] for row in client.call("GET", "/leases")["items"] if row["state"] == "bound"}
        yield Figure("of these, without an address of their own", MACHINES - len(held), "clients", bound=0)
        yield Figure("a lease among them, median", median(crowded) * 1000, "ms")
        yield Figure("the daemon's CPU for one DHCP answer", used / MACHINES / 2 * 1000, "ms", bound=0.5)
        alone = one_by_one(wires)
        yield Figure("a lease alone, median", median(alone), "ms")
        yield Figure("a lease alone, 99th percentile", percentile(alone, 99), "ms")
        for kind in FLOODS:
            rate, beside = _beside(wires, kind, host.machine.pid)
            yield Figure(f"a port that floods {kind} sends", rate, "frames/s")
            later = percentile(beside, 99) - percentile(alone, 99)
            yield Figure(f"a lease beside it is later by, 99th percentile ({kind})", later, "ms", bound=100)


def _world() -> list[dict[str, object]]:
    """The network of the crowd, and one of a few machines of which one floods."""
    resources: list[dict[str, object]] = [rest.project(TENANT)]
    for name, (block, numbers) in NETWORKS.items():
        subnets = [{"name": "v4", "cidr": block, "dhcp": {"enabled": True}}]
        resources.append(rest.resource("Network", TENANT, name, {"subnets": subnets}))
        for number in numbers:
            port = {"network": name, "mac": crowd.mac(number)}
            resources.append(rest.resource("Port", TENANT, f"vm-{number}", port))
    return resources


def one_by_one(wires: Wires) -> list[float]:
    """Milliseconds that machines wait for a lease, one after another, over and over; the one that floods has a rest."""
    victims = [number for number in range(crowd.ALONE) if number != FLOODER]
    return [leases(wires[: crowd.ALONE], [number])[0] * 1000 for _ in range(SAMPLES) for number in victims]


def _beside(wires: Wires, kind: str, pid: int) -> tuple[float, list[float]]:
    """The same while one machine floods, and how many frames it sends a second."""
    argv = (sys.executable, str(FLOOD), str(pid), crowd.end(crowd.wire(FLOODER)), crowd.mac(FLOODER), kind)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as flood:
        time.sleep(FILLING)
        waited = one_by_one(wires)
        flood.terminate()
        rate = float(flood.communicate()[0])
    return rate, waited


def leases(wires: Wires, numbers: Sequence[int]) -> list[float]:
    """Seconds from each machine's first question to its lease; raises ``TimeoutError`` where one gets none."""
    started = time.monotonic()
    waiting = {number: message(number, DISCOVER) for number in numbers}
    again = [(started, 0, number) for number in numbers]
    done: dict[int, float] = {}
    while waiting:
        if time.monotonic() - started > DEADLINE:
            raise TimeoutError(f"{len(waiting)} machines have no lease after {DEADLINE:.0f} s")
        _ask(wires, waiting, again)
        for number, kind, frame in _heard(wires, BREATH):
            if number in waiting and kind == OFFER:
                waiting[number] = message(number, REQUEST, frame)
                wires[crowd.wire(number)].send(waiting[number])
            elif number in waiting and kind == ACK:
                del waiting[number]
                done[number] = time.monotonic() - started
    return [done[number] for number in numbers]


def _ask(wires: Wires, waiting: dict[int, bytes], again: list[tuple[float, int, int]]) -> None:
    """Send what is due, a few at a time, to look meanwhile what has come in."""
    for _ in range(AT_ONCE):
        if not again or again[0][0] > time.monotonic():
            return
        due, tries, number = heapq.heappop(again)
        if number in waiting:
            wires[crowd.wire(number)].send(waiting[number])
            heapq.heappush(again, (due + PATIENCE * 2**tries, tries + 1, number))


def _heard(wires: Wires, seconds: float) -> Iterator[tuple[int, int, bytes]]:
    """The answers that have come in: for which machine, which kind, all of it."""
    while readable := select.select(wires, [], [], seconds)[0]:
        seconds = 0
        for frame in (wire.recv(4096) for wire in readable):
            if len(frame) > _OPTIONS_AT + 3 and frame[_UDP_AT : _UDP_AT + 4] == b"\0\x43\0\x44":
                yield struct.unpack_from("!I", frame, _BOOTP_AT + 4)[0], frame[_OPTIONS_AT + 2], frame


def message(number: int, kind: int, offer: bytes = b"", hardware: bytes | None = None) -> bytes:
    """A client's message in transaction ``number``, by default machine ``number``'s; it takes what ``offer`` gives."""
    hardware = hardware or bytes.fromhex(crowd.mac(number).replace(":", ""))
    options = bytes((53, 1, kind, 55, 3, 1, 3, 6))
    if offer:
        server = re.search(rb"\x36\x04(....)", offer[_OPTIONS_AT:], re.DOTALL)
        assert server is not None
        options += b"\x36\x04" + server[1] + b"\x32\x04" + offer[_BOOTP_AT + 16 : _BOOTP_AT + 20]
    boot = _BOOTP.pack(1, 1, 6, 0, number, 0, 0, bytes(16), hardware, b"", b"\x63\x82\x53\x63") + options + b"\xff"
    datagram = struct.pack("!HHHH", 68, 67, 8 + len(boot), 0) + boot
    header = _IP.pack(0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0, bytes(4), b"\xff" * 4)
    total = sum(struct.unpack("!10H", header))
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    header = header[:10] + struct.pack("!H", checksum) + header[12:]
    return b"\xff" * 6 + hardware + b"\x08\x00" + header + datagram
