"""While policies change at random, and the daemon dies once, nothing passes that neither world allows.

Machines ask for services all the time, each time anew. What both the old and the new world allow always passes, what
neither allows never does, and once a change is confirmed what passes is what it says.
``NETLOOM_POLICY_CHANGES=100`` makes so many changes, not 9.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from mininet_scenarios import asking
from mininet_scenarios.command import until
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.machine import end
from mininet_scenarios.probe import SteadyStream
from mininet_scenarios.rest import Refused
from mininet_scenarios.tenants import take_back
from tests.system import changing
from tests.system.changing import ALWAYS, CHANGING, CLIENTS, NEVER, SERVERS, TENANT, Ask, World

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from mininet_scenarios.lab import Lab
    from mininet_scenarios.vm import Vm

pytestmark = pytest.mark.system
LAN = Lan(TENANT, "net", 66)
UNAVAILABLE = 503
CHANGES = int(os.environ.get("NETLOOM_POLICY_CHANGES", "9"))
DEATH = CHANGES // 2
SETTLED = 0.5  # seconds in which Open vSwitch looks again at what it has forwarded before, after it has confirmed
QUIET = 0.7  # seconds in which a world is looked at after that
PORTS = (ALWAYS, NEVER, *CHANGING)
PROGRAM = str(Path(asking.__file__))


@dataclass(frozen=True, slots=True)
class Turn:
    """A world, when it was asked for and when all switches had confirmed it, in monotonic seconds."""

    world: World
    asked: float
    confirmed: float


@dataclass(frozen=True, slots=True)
class Probe:
    """One datagram: when it was sent, whether it arrived, whether it was answered."""

    ask: Ask
    sent: float
    arrived: bool
    answered: bool


@dataclass(slots=True)
class Stage:
    """Machines that ask and answer, and what stood when."""

    lab: Lab
    places: dict[str, dict[str, Any]]
    vms: dict[str, Vm]
    children: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)

    def change(self, world: World) -> None:
        """Go over to another world in one transaction, and wait until all switches have confirmed."""
        asked = time.monotonic()
        documents = [*world.documents.values(), *changing.ports_of(world, self.places)]
        answer = until(lambda: self.applied(documents), 10, "the intent can be changed")
        assert answer["unconfirmed"] == {}
        self.turns.append(Turn(world, asked, time.monotonic()))

    def applied(self, documents: list[dict[str, Any]]) -> dict[str, Any]:
        """What became of them; nothing where the daemon asks to try again, as while its database is out of reach."""
        try:
            answer: dict[str, Any] = self.lab.client.call("POST", "/apply?prune=churn=yes&wait=30", documents)
        except Refused as refused:
            if refused.status != UNAVAILABLE:
                raise
            return {}
        return answer

    def output(self, name: str) -> Path:
        """What a machine's program says."""
        return self.lab.directory.path / f"{name}.asking"

    def spawn(self, name: str, *arguments: str) -> None:
        """Start a machine's program."""
        machine = self.vms[name].machine
        self.children[name] = machine.spawn(sys.executable, PROGRAM, *arguments, output=self.output(name))

    def asks(self, client: str) -> list[Ask]:
        """All that a client asks for."""
        own = {":" in address: address for address in self.vms[client].addresses}
        return [
            Ask(client, server, port, address, own[":" in address])
            for server in SERVERS
            for address in self.vms[server].addresses
            for port in PORTS
        ]


@pytest.fixture
def stage(lab: Lab) -> Iterator[Stage]:
    hosts = list(lab.hypervisors.values())
    placed = {name: Place(LAN, name, hosts[at % 2], 11 + at) for at, name in enumerate((*CLIENTS, *SERVERS))}
    made = settle(lab, (*changing.project(), LAN.resource), *placed.values())
    vms = dict(zip(placed, made, strict=True))
    yield Stage(lab, {name: place.resource for name, place in placed.items()}, vms)
    take_back(lab.client, TENANT, "policies", "ports", "networks")
    lab.client.delete(f"/tiers/{changing.EARLY}")


def begin(stage: Stage) -> None:
    """Have everybody ask and answer."""
    for server in SERVERS:
        stage.spawn(server, "serve", *map(str, PORTS))
    for server in SERVERS:
        until(lambda name=server: "listening" in stage.output(name).read_text(), 10, f"{server} listens")
    for client in CLIENTS:
        stage.spawn(client, "ask", client, *(f"{ask.address},{ask.port}" for ask in stage.asks(client)))


def finish(stage: Stage) -> list[Probe]:
    """End all programs and put together what they saw."""
    lines: dict[str, list[list[str]]] = {}
    for name in (*CLIENTS, *SERVERS):
        end(stage.children[name], 20)
        lines[name] = [line.split() for line in stage.output(name).read_text().splitlines() if line.count(" ") == 2]
    arrived = {word for server in SERVERS for word, _, _ in lines[server]}
    found = []
    for client in CLIENTS:
        asks = {f"{ask.address},{ask.port}": ask for ask in stage.asks(client)}
        for word, moment, answered in lines[client]:
            ask = asks[word.split(":", 2)[2]]
            found.append(Probe(ask, float(moment), word in arrived, answered == "1"))
    return found


def worlds(turns: list[Turn], moment: float) -> list[World]:
    """The worlds that a datagram may have met which was sent at a moment."""
    begun = [turn for turn in turns if turn.asked - SETTLED <= moment]
    if moment > begun[-1].confirmed + SETTLED or len(begun) == 1:
        return [begun[-1].world]
    return [turn.world for turn in begun[-2:]]


def wrong(turns: list[Turn], probes: list[Probe]) -> list[str]:
    """What passed though no world allows it, and what did not though all do."""
    faults = []
    first = turns[0].confirmed
    for probe in probes:
        if probe.sent < first + SETTLED:
            continue
        said = {changing.allowed(world, probe.ask) for world in worlds(turns, probe.sent)}
        if said == {True} and not (probe.arrived and probe.answered):
            faults.append(f"lost: {probe} after {probe.sent - first:.2f} s")
        if said == {False} and probe.arrived:
            faults.append(f"passed: {probe} after {probe.sent - first:.2f} s")
    return faults


@pytest.mark.parametrize("seed", [4])
def test_nothing_passes_during_a_change_that_neither_world_allows(stage: Stage, seed: int) -> None:
    random = Random(seed)  # noqa: S311  # worlds, not secrets
    addresses = {name: vm.addresses for name, vm in stage.vms.items()}
    stream = SteadyStream(stage.vms["c1"], stage.vms["c2"], stage.vms["c2"].ipv4)
    stage.change(changing.first(random, addresses))
    begin(stage)
    for number in range(CHANGES):
        time.sleep(SETTLED + QUIET)
        if number == DEATH:
            die(stage)
        stage.change(changing.following(random, stage.turns[-1].world, addresses))
    time.sleep(SETTLED + QUIET)
    kept = stream.stop()
    probes = finish(stage)
    shown = [f"{turn.confirmed - turn.asked:.3f}" for turn in stage.turns]
    assert wrong(stage.turns, probes) == [], f"changes were confirmed after {shown} s"
    assert {probe.arrived for probe in probes if probe.ask.port == NEVER} == {False}
    assert all(probe.answered for probe in probes if probe.ask.port == ALWAYS)
    assert len(probes) > 5_000
    assert kept.lost == 0


def die(stage: Stage) -> None:
    """The daemon ends without a word and comes back; what stands goes on standing."""
    daemon = stage.lab.daemon
    assert daemon is not None
    daemon.kill()
    time.sleep(QUIET)
    daemon.start()
    stage.lab.wait_joined(*stage.lab.hypervisors.values())
