"""The daemon's core, atlas and bridges over a fat tree of simulated switches, in a process of its own.

``python -m tests.bench.fat_tree_alone K`` builds the tree of K-port switches, lets links and a switch fail and come
back, and prints what that took as one line of JSON. Switches answer at once, in this very process: what is measured is
everything from the fact that a wire is down to the last byte of the last changed flow, and nothing of any switch.
"""

from __future__ import annotations

import sys

from controller import green

if __name__ == "__main__":
    green.patch()  # before anything else is imported, as the daemon does it

import gc
import json
import os
import random
import struct
import time
from dataclasses import replace
from functools import partial
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from apps import registry
from apps.fabric_tables import FABRIC
from controller.atlas.atlas import Atlas
from controller.atlas.figures import Figures
from controller.atlas.steering import Steering
from controller.compiler.compiler import Rules
from controller.core import Core
from controller.entities import Chassis, Interface, Network, Port, Project
from controller.links import Wire, in_order
from controller.settings import Topology
from controller.southbound import framework, inbound, wire
from controller.southbound.beside import Report
from controller.southbound.bridge import Bridge
from controller.southbound.options import EXPERIMENTER
from controller.sync import Step, Turn
from tests.bench.spent import memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.entities import Entity

LINKS = 12
QUIET = 0.6
"""Seconds without a message after which a change has been made: a turn rests for less."""
NETWORK = "acme/net"


class Switch:
    """A connection to a switch that has nothing, takes everything and answers at once."""

    dpid, peer = 0, "192.0.2.1"

    def __init__(self, bridge: Bridge, clock: Clock) -> None:
        self.flows = 0
        self.heard = 0
        self._bridge = bridge
        self._clock = clock

    def connect(self) -> None:
        """Call the daemon."""
        self._bridge.inbox.put(self)

    def send(self, data: bytes) -> None:
        """Look at each message, and answer."""
        at = 0
        while at < len(data):
            _, kind, length, xid = struct.unpack_from("!BBHI", data, at)
            self._take(kind, xid, data[at : at + length])
            at += length
        self.heard += len(data)

    def close(self) -> None:
        """Nothing measured counts after this."""
        raise RuntimeError("a bridge gave its connection up")

    def _take(self, kind: int, xid: int, message: bytes) -> None:
        answer: inbound.Received | None = None
        if kind == wire.BUNDLE_ADD:
            self.flows += 1
            self._clock.sent = time.monotonic()
        elif kind == wire.BUNDLE_CONTROL:
            bundle, asked = struct.unpack_from("!IH", message, 8)
            head = struct.pack("!BBHIIHH", wire.VERSION, kind, 16, xid, bundle, asked + 1, wire.ATOMIC_ORDERED)
            answer = inbound.received(head)
        elif kind == wire.MULTIPART_REQUEST and struct.unpack_from("!H", message, 8)[0] == wire.FLOW_MONITOR:
            answer = wire.FlowReport(xid, (), more=False)
        elif kind in {wire.MULTIPART_REQUEST, EXPERIMENTER}:
            answer = Report(xid, (), more=False)
        if answer is not None:
            self._bridge.inbox.put((self, answer))


class Clock:
    """When things happened last, by ``time.monotonic``: routes told, changes compiled, flows sent, answers taken."""

    def __init__(self) -> None:
        self.told = self.compiled = self.sent = self.moved = 0.0

    def quiet(self) -> bool:
        """Whether nothing has happened for a while."""
        return time.monotonic() - max(self.told, self.compiled, self.sent, self.moved) > QUIET


class Tree:
    """A fat tree (Al-Fares, Loukissas and Vahdat, 2008): K pods, K²/4 switches above them, K³/4 machines below."""

    def __init__(self, ways: int) -> None:
        half = ways // 2
        self.wires: dict[tuple[str, str], Wire] = {}
        self.edges = [f"e{pod}-{number}" for pod, number in product(range(ways), range(half))]
        self.machines = [(edge, number) for edge in self.edges for number in range(half)]
        self._ports: dict[str, int] = {}
        for pod, number, above in product(range(ways), range(half), range(half)):
            self._cable(f"e{pod}-{number}", f"a{pod}-{above}")
            self._cable(f"a{pod}-{number}", f"c{number * half + above}")
        self.bridges = sorted({bridge for ends in self.wires for bridge in ends})

    def _cable(self, one: str, other: str) -> None:
        ends = in_order(one, other)
        ports = tuple(self._ports.setdefault(name, 100) for name in ends)
        for name in ends:
            self._ports[name] += 1
        key = f"{ends[0]}.{ports[0]}-{ends[1]}.{ports[1]}"
        self.wires[one, other] = Wire(key, ends, (ports[0], ports[1]), ("", ""))

    def entities(self) -> Iterator[Entity]:
        """The bridges, their wires, and a network with all machines."""
        yield Project("acme", "uid-acme")
        yield Network(NETWORK, "uid-net", "acme", "net", "overlay", 1, "vxlan", 1450, ())
        for number, name in enumerate(self.bridges, 1):
            yield Chassis(name, number)
        for number, (edge, place) in enumerate(self.machines):
            high, low = divmod(number + 256, 256)
            name = f"vm-{number}"
            yield Interface(f"{edge}/i{place}", edge, f"i{place}", 1 + place, f"acme/{name}")
            mac, address = f"02:00:00:00:{high:02x}:{low:02x}", f"10.0.{high}.{low}"
            yield Port(f"acme/{name}", f"uid-{name}", "acme", name, NETWORK, mac, (address,))
        yield from self.wires.values()


class Daemon:
    """Core, atlas and bridges as the composition root puts them together."""

    def __init__(self) -> None:
        self.hub = framework.hub("os_ken")
        self.clock = Clock()
        self.switches: dict[str, Switch] = {}
        rules = Rules(registry.INDEXES, registry.RELATIONS, registry.FEATURES)
        self.core = Core(rules, self.hub, self, self._bridge)
        steering = Steering(Topology(), self.core.breath)
        self.atlas = Atlas(self.core, self.hub, steering, Figures(), self._told, self.bug)
        self.hub.spawn(self.core.run)
        self.hub.spawn(self.atlas.run)

    def begin(self, world: list[Entity]) -> None:
        """Know the world, then let every switch connect."""
        known = self.hub.Queue()
        self.core.submit(world, ())
        self.core.ask(self.atlas.begin)
        self.core.ask(partial(known.put, None))
        known.get()
        for switch in self.switches.values():
            switch.connect()
        while not all(bridge.in_sync for bridge in self.core.bridges.values()):
            self.hub.sleep(0.01)
        self.settle()

    def settle(self) -> None:
        """Return once nothing happens any more."""
        while not self.clock.quiet():
            self.hub.sleep(0.01)

    def change(self, *puts: Entity) -> dict[str, float]:
        """Tell of facts; when what followed was done, in ms from then, and what each part of that took; counts."""
        before = {name: switch.flows for name, switch in self.switches.items()}
        gc.collect()
        started = self.clock.told = time.monotonic()
        self.core.submit(puts, ())
        self.settle()
        clock = self.clock
        counts = {name: n for name, switch in self.switches.items() if (n := switch.flows - before[name])}
        return {
            "all": (clock.sent - started) * 1000,
            "routes": (clock.told - started) * 1000,
            "compile": (clock.compiled - clock.told) * 1000,
            "send": (clock.sent - clock.compiled) * 1000,
            "floor": self._floor(counts),
            "flows": sum(counts.values()),
            "bridges": len(counts),
        }

    def _floor(self, counts: dict[str, int]) -> float:
        """Milliseconds until as many flows are sent to the same bridges, where there is nothing to work out."""
        turn = Turn(self.core.turn)
        steps = {}
        for name, count in counts.items():
            standing = (flow for flow in self.core.compiler.catalogue.flows(name) if flow.table == FABRIC.number)
            steps[name] = Step(turn, 0, tuple(islice(standing, count)), ())
            turn.waiting[0].add(name)
        started = self.clock.moved = time.monotonic()
        for name, step in steps.items():
            self.core.bridge(name).inbox.put(step)
        self.settle()
        return (self.clock.sent - started) * 1000

    def _told(self, _news: object) -> None:
        self.clock.told = time.monotonic()

    def _bridge(self, chassis: str, inbox: Any) -> Bridge:
        bridge = Bridge(chassis, inbox, self.core.compiler.catalogue, self, self.hub.spawn_after)
        self.switches[chassis] = Switch(bridge, self.clock)
        return bridge

    # What core, atlas and bridges tell.

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """The atlas follows."""
        self.atlas.compiled(changed)
        self.clock.compiled = time.monotonic()

    def ready(self, _subjects: object) -> None:
        """Nobody waits."""

    def settled(self, _chassis: str) -> None:
        """A bridge confirmed something."""
        self.clock.moved = time.monotonic()
        self.core.poke()

    def go_on(self, chassis: str) -> None:
        """A bridge may begin its next phase."""
        self.core.bridge(chassis).inbox.put(None)

    def mended(self, chassis: str) -> None:
        """There is nothing to mend."""
        raise RuntimeError(chassis)

    def drifted(self, chassis: str, *_: object) -> None:
        """Nobody else is there."""
        raise RuntimeError(chassis)

    def strayed(self, chassis: str, _kind: int, what: str) -> None:
        """Nobody else is there."""
        raise RuntimeError(f"{chassis} {what}")

    def bug(self, where: str, key: str, error: Exception) -> None:
        """Nothing measured counts after this."""
        raise RuntimeError(f"{where} {key}") from error

    def refused(self, chassis: str, _flow: object, reason: str) -> None:
        """Switches take everything."""
        raise RuntimeError(f"{chassis} {reason}")


def main(ways: int) -> None:
    """Build it; then links at the edge and above, and a switch, fail one after the other and come back."""
    tree, daemon = Tree(ways), Daemon()
    started = time.monotonic()
    daemon.begin(list(tree.entities()))
    built = daemon.clock.sent - started
    rows: dict[str, list[dict[str, float]]] = {"failed": [], "back": [], "switch": []}
    chance = random.Random(ways)  # noqa: S311  # a measurement that repeats itself
    for cable in chance.sample(list(tree.wires.values()), LINKS):
        rows["failed"].append(daemon.change(replace(cable, up=False)))
        rows["back"].append(daemon.change(cable))
    cables = [cable for ends, cable in tree.wires.items() if "a1-0" in ends]
    rows["switch"].append(daemon.change(*(replace(cable, up=False) for cable in cables)))
    transit = [sum(f.table == FABRIC.number for f in daemon.core.compiler.catalogue.flows(b)) for b in tree.bridges]
    told = {"built": built, "memory": memory(os.getpid()), "bridges": len(tree.bridges), "transit": max(transit)}
    told |= {"machines": len(tree.machines), "destinations": len(tree.edges)}
    sys.stdout.write(json.dumps({**told, "rows": rows}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
