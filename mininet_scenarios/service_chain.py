"""Middleboxes in the way of some traffic: through both there and back, over several of a kind, past one that dies.

A middlebox is a machine with two interfaces that hands on frames as they are. It gets what the chain is for, and
nothing else; who sends and who receives sees nothing of it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mininet_scenarios import exchange, links, rest, tenants, wired
from mininet_scenarios.cable import Carrier, pair
from mininet_scenarios.command import until
from mininet_scenarios.hosts import NETWORK
from mininet_scenarios.probe import unreached
from mininet_scenarios.steady import SteadyDatagrams
from mininet_scenarios.story import play
from mininet_scenarios.wire import Wire
from mininet_scenarios.wired import TENANT

if TYPE_CHECKING:
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.machine import Machine
    from mininet_scenarios.rack import Socket
    from mininet_scenarios.story import Story
    from mininet_scenarios.wired import Scene

PAIRS = [("s1", "s2"), ("s2", "s3"), ("s3", "s1"), ("s3", "s4")]
CHAINED, FREE = 5004, 6004
CONNECTIONS = 60
LEAST_SHARE = 0.5  # of an equal share
FEW, MANY = 10, 200  # frames: what machines send to everybody by themselves at most, and part of a stream
BOUND = 100  # milliseconds until the daemon has led past one that is dead


class Middlebox:
    """A machine between two ports, ``NAME-in`` and ``NAME-out``."""

    def __init__(self, name: str, machine: Machine, inward: Socket, outward: Socket) -> None:
        self.name = name
        self.machine = machine
        self.inward, self.outward = inward, outward
        self.wires = Wire(self, "eth0"), Wire(self, "eth1")

    @property
    def hop(self) -> dict[str, str]:
        """As a chain names it."""
        return {"in": f"{self.name}-in", "out": f"{self.name}-out"}

    @property
    def given(self) -> int:
        """How many frames its bridge has handed in to it."""
        return self.inward.sent

    def heard(self) -> tuple[int, int]:
        """How many words of ours it was given at each side, since last asked."""
        one, other = (sum(exchange.WORD in frame for frame in wire.received()) for wire in self.wires)
        return one, other

    def ports(self, number: int) -> list[dict[str, Any]]:
        """Its ports, bound to its interfaces; they have no addresses of their own to speak from."""
        made = []
        for place, (side, socket) in enumerate((("in", self.inward), ("out", self.outward))):
            asked = rest.port(TENANT, f"{self.name}-{side}", NETWORK, f"02:00:00:00:0{place + 1}:{number:02x}")
            made.append({**asked, "spec": {**asked["spec"], "binding": socket.binding}})
        return made

    def die(self) -> None:
        """Its power fails: both ports go down."""
        for socket in (self.inward, self.outward):
            socket.set_link("down")

    def live(self) -> None:
        """It is there again."""
        for socket in (self.inward, self.outward):
            socket.set_link("up")


def middlebox(lab: Lab, scene: Scene, name: str, bridge: str) -> Middlebox:
    """A new one at a bridge; it says nothing itself."""
    machine = lab.station(name)
    sockets = scene.rack.socket(bridge), scene.rack.socket(bridge)
    for interface, socket in zip(("eth0", "eth1"), sockets, strict=True):
        pair((machine, interface), (socket.machine, socket.interface))
        machine.run("sysctl", "-qw", f"net.ipv6.conf.{interface}.disable_ipv6=1")
        machine.run("ip", "link", "set", interface, "up")
        socket.plug()
    Carrier(machine, "eth0", "eth1")
    return Middlebox(name, machine, *sockets)


def tell(story: Story, lab: Lab) -> None:
    """One after the other, several of a kind, and what becomes of it when one dies."""
    story.step("Three bridges in a ring and one behind; clients at s1 and s2, a server at s4, three middleboxes")
    scene = wired.build(lab, PAIRS, ["s1", "s2", "s4"])
    client = scene.client
    boxes = [middlebox(lab, scene, name, at) for name, at in (("fw1", "s2"), ("fw2", "s3"), ("ids", "s1"))]
    client.apply(*(port for number, box in enumerate(boxes, 1) for port in box.ports(number)))
    names = [port["name"] for number, box in enumerate(boxes, 1) for port in box.ports(number)]
    tenants.wait_ready(client, TENANT, *names)
    silent = unreached(scene.pairs())
    story.check("everyone reaches everyone, without any chain", not silent, silent)
    prove_passed(story, scene, boxes)
    prove_shared(story, scene, boxes)
    prove_failing(story, scene, boxes)
    story.step("Take the chain back")
    client.delete(f"/projects/{TENANT}/servicechains/inspect")
    until(lambda: passed(scene, boxes) == [(0, 0)] * len(boxes), 5, "nothing passes the middleboxes")
    story.check("the server answers, and nothing passes the middleboxes", held=True)


def chain(scene: Scene, *hops: dict[str, Any], on_failure: str = "drop") -> None:
    """Ask for the chain, and wait until it is in the switches."""
    match = {"from": [{"port": "h1"}, {"port": "h2"}], "to": {"port": "h3"}, "protocol": "udp", "ports": [CHAINED]}
    spec = {"match": match, "hops": hops, "symmetric": True, "on_failure": on_failure}
    scene.client.apply(rest.resource("ServiceChain", TENANT, "inspect", spec))
    path = f"/projects/{TENANT}/servicechains/inspect"
    until(lambda: links.settled(scene.client.get(path)["status"]), 10, "the chain is Ready")


def passed(scene: Scene, boxes: list[Middlebox], port: int = CHAINED, source: int = 0) -> list[tuple[int, int]]:
    """What each middlebox was given, at each side, of a question to the server and its answer; [] if none came."""
    server = scene.hosts[2]
    for box in boxes:
        box.heard()
    if not exchange.udp(scene.hosts[source], server, server.address, port=port):
        return []
    return [box.heard() for box in boxes]


def prove_passed(story: Story, scene: Scene, boxes: list[Middlebox]) -> None:
    """In order there, in reverse back; and only what the chain is for."""
    story.step(f"A chain for UDP port {CHAINED} to the server: fw1, then fw2")
    first, second, _ = boxes
    chain(scene, first.hop, second.hop)
    for source in (0, 1):
        found = passed(scene, boxes, source=source)
        name = scene.hosts[source].name
        story.check(f"{name}'s question passes both, and so does the answer", found == [(1, 1), (1, 1), (0, 0)], found)
    found = passed(scene, boxes, FREE)
    story.check("other traffic passes none", found == [(0, 0)] * 3, found)

    story.step("Change the chain under a stream: fw2, then ids, then the server")
    server = scene.hosts[2]
    stream = SteadyDatagrams(scene.hosts[0], server, server.address, CHAINED)
    chain(scene, second.hop, boxes[2].hop)
    scene.lab.wait_chassis(*scene.rack.bridges)
    before = [box.given for box in boxes]
    until(lambda: boxes[2].given - before[2] > MANY, 5, "the stream passes ids")
    seen = stream.stop()
    story.check("nothing was lost or doubled", seen.whole, seen)
    later = [box.given - was for box, was in zip(boxes, before, strict=True)]
    story.check("the stream passes fw2 and ids, and fw1 no more", later[0] < FEW and min(later[1:]) > MANY, later)


def prove_shared(story: Story, scene: Scene, boxes: list[Middlebox]) -> None:
    """Several of a kind: each connection has one of them, for its answers too."""
    story.step(f"Three of a kind, and {CONNECTIONS} connections")
    chain(scene, {"instances": [box.hop for box in boxes]}, on_failure="drop")
    found = [passed(scene, boxes) for _ in range(CONNECTIONS)]
    single = [sorted(one) == [(0, 0), (0, 0), (1, 1)] for one in found]
    story.check("each passes one of them, and its answer the same", all(single), f"{sum(single)} of {len(single)}")
    shares = [sum(one[place] == (1, 1) for one in found if one) for place in range(len(boxes))]
    story.check("each of them has a share", min(shares) >= LEAST_SHARE * CONNECTIONS / len(boxes), shares)


def prove_failing(story: Story, scene: Scene, boxes: list[Middlebox]) -> None:
    """One dies, then all; the chain says what becomes of its packets then."""
    story.step("One of them dies under a stream")
    server = scene.hosts[2]
    before = [box.given for box in boxes]
    stream = SteadyDatagrams(scene.hosts[0], server, server.address, CHAINED)
    busy = max(boxes, key=lambda box: box.given - before[boxes.index(box)])
    busy.die()
    until(lambda: all(passed(scene, boxes, FREE) for _ in range(20)), 10, "time passes")
    seen = stream.stop()
    story.check(f"another takes over in {BOUND} ms", seen.lost <= BOUND, f"{busy.name} died: {seen}")

    story.step("All of them die")
    for box in boxes:
        box.die()
    until(lambda: not passed(scene, boxes), 5, "nothing passes")
    story.check("nothing passes, as the chain says", held=True)
    story.check("other traffic does", bool(passed(scene, boxes, FREE)))
    chain(scene, {"instances": [box.hop for box in boxes]}, on_failure="bypass")
    until(lambda: passed(scene, boxes), 5, "it passes again")
    story.check("told to bypass them, it passes", held=True)
    for box in boxes:
        box.live()
    until(lambda: sorted(passed(scene, boxes)) == [(0, 0), (0, 0), (1, 1)], 10, "one of them is passed again")
    story.check("they return, and one of them is passed again", held=True)


if __name__ == "__main__":
    sys.exit(play(tell))
