"""A hundred thousand connections at once through one gateway: none lost, none shared, and the list of them in time.

Four machines on two hosts talk by UDP from the same source ports to a server outside, through one router's one address.
All of it is translated by the gateway, hv2, whose agent tells the daemon what is. A second router with few ports shows
what happens when there are not enough.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from mininet_scenarios import clients, rest, routers, servers, world
from mininet_scenarios.command import until
from mininet_scenarios.lab import Lab
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.world import PUBLIC
from tests.bench import precedence
from tests.bench.client import Client
from tests.bench.datagrams import FIRST_TARGET, Conversations
from tests.bench.figure import Figure
from tests.bench.spent import memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from mininet_scenarios.outside import Outsider
    from mininet_scenarios.vm import Vm

TENANT = "acme"
WIDE, NARROW = Lan(TENANT, "wide", 91), Lan(TENANT, "narrow", 92)
EDGES = {"wide": (51, "1024-65535"), "narrow": (52, "40000-40099")}
SERVER = 9
MACHINES, SOURCES, TARGETS = 4, 500, 50
CONNECTIONS = MACHINES * SOURCES * TARGETS
FEW, MORE_THAN_FEW = 100, 150
PAGE = 10_000
SECONDS = 10


def measure() -> Iterator[Figure]:
    """Fill the table, use all of it from outside, list it; then fill a small one."""
    with Lab() as lab:
        server, vms = build(lab)
        address = world.addresses(PUBLIC, SERVER)[0]
        with Conversations(vms["wide"], SOURCES, server, address, TARGETS) as many:
            yield from _full(lab, many)
        with Conversations(vms["narrow"], MORE_THAN_FEW, server, address, 1) as few:
            yield from _exhausted(lab, few)


def _full(lab: Lab, many: Conversations) -> Iterator[Figure]:
    """What a full table does to those who are in it, and to who asks for it."""
    before = _memories(lab)
    started = time.monotonic()
    lost = CONNECTIONS - many.ask()
    seconds = time.monotonic() - started
    shared = CONNECTIONS - len(set(many.seen.values()))
    later = CONNECTIONS - many.call()
    what = f"{CONNECTIONS:,} UDP connections through one gateway"
    yield Figure(f"{what}, begun and answered one after another", seconds, "s")
    yield Figure(f"{what}: lost when they began", lost, "connections", bound=0)
    yield Figure(f"{what}: lost when all stood, called from outside", later, "connections", bound=0)
    yield Figure(f"{what}: sharing an outer port with another to the same target", shared, "connections", bound=0)
    seconds, rows = listed(lab, "wide")
    yield Figure(f"GET /v1/nat, all of {CONNECTIONS:,}", seconds, "s", bound=2)
    yield Figure(f"{what}: missing in the list", CONNECTIONS - _told(rows, many), "connections", bound=0)
    for who, used in _memories(lab).items():
        yield Figure(f"memory of {who}, with them; baseline without", used, "MB", baseline=before[who])


def _exhausted(lab: Lab, few: Conversations) -> Iterator[Figure]:
    """More connections to one target than the router has ports."""
    with ThreadPoolExecutor(1) as aside:
        started = time.monotonic()
        answered = aside.submit(few.ask)
        until(lambda: _reported(lab, "narrow"), SECONDS, "the router says that it has no port left")
        seconds = time.monotonic() - started
    name = f"{MORE_THAN_FEW} connections to one target by a router with {FEW} ports"
    yield Figure(f"{name}: answered, more or fewer than {FEW}", abs(answered.result() - FEW), "connections", bound=0)
    yield Figure(f"{name}: from the first of them until PortsExhausted is told", seconds * 1000, "ms", bound=1000)


def listed(lab: Lab, router: str) -> tuple[float, list[dict[str, Any]]]:
    """All rows of a router's translations, page by page, and the seconds that this took."""
    assert lab.daemon is not None
    assert lab.daemon.process is not None
    client = Client(lab.daemon)
    path = f"/nat?router={TENANT}/{router}&limit={PAGE}"
    with precedence.over_switches(lab.daemon.process.pid):
        started = time.monotonic()
        page = client.call("GET", path)
        rows: list[dict[str, Any]] = page["items"]
        while page["next"]:
            page = client.call("GET", f"{path}&cursor={page['next']}")
            rows += page["items"]
        return time.monotonic() - started, rows


def _told(rows: list[dict[str, Any]], many: Conversations) -> int:
    """How many of the conversations are in the list as the server saw them."""
    found = {(row["destination_port"], row["translated"], row["translated_port"]) for row in rows}
    return sum((FIRST_TARGET + seen.port, *seen.peer) in found for seen in many.seen.values())


def _reported(lab: Lab, router: str) -> bool:
    conditions = lab.client.get(f"/projects/{TENANT}/routers/{router}")["status"]["conditions"]
    return any(one["type"] == "PortsExhausted" and one["status"] is True for one in conditions)


def _memories(lab: Lab) -> dict[str, float]:
    """Of the gateway's switch and of the daemon, in MB."""
    processes = {"the gateway's ovs-vswitchd": lab.hypervisors["hv2"].ovs.switch}
    if lab.daemon is not None:
        processes["the daemon"] = lab.daemon.process
    return {who: memory(process.pid) for who, process in processes.items() if process is not None}


def build(lab: Lab) -> tuple[Outsider, dict[str, list[Vm]]]:
    """The gateway, both routers with their machines, and the server; packets get through when this returns."""
    lab.start_daemon()
    outside = lab.outside(PUBLIC)
    hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    hosts[1].provide(outside, PUBLIC)
    hosts[1].serve()
    lab.join(*hosts)
    server = outside.outsider("server")
    server.attach(PUBLIC, *world.blocks(PUBLIC, SERVER))
    places = [Place(WIDE, f"w{at}", hosts[at % 2], 10 + at) for at in range(MACHINES)]
    asked = (rest.project(TENANT), world.public(TENANT), WIDE.resource, NARROW.resource, edge(WIDE), edge(NARROW))
    *wide, narrow = settle(lab, asked, *places, Place(NARROW, "n", hosts[0], 10))
    servers.witness(server)
    for vm in (*wide, narrow):
        until(partial(clients.seen_as, vm, world.addresses(PUBLIC, SERVER)[0]), SECONDS, f"{vm.name} gets out")
    return server, {"wide": wide, "narrow": [narrow]}


def edge(lan: Lan) -> dict[str, Any]:
    """A network's router; its source ports are a range."""
    number, ports = EDGES[lan.name]
    external = {"network": "public", "address": world.addresses(PUBLIC, number)[0], "port_range": ports}
    return routers.router(TENANT, lan.name, lan, external=external)
