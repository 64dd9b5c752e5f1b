"""Machines try to make links: they forge probes, send them again, pass them on, share them out. No link comes of it.

What was tried, and where, is told as events; the honest links stay, and traffic on them is not disturbed.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from mininet_scenarios import hosts, links, tenants, wired
from mininet_scenarios.cable import Carrier, pair
from mininet_scenarios.command import until
from mininet_scenarios.rack import Socket
from mininet_scenarios.story import play
from mininet_scenarios.wire import Wire
from mininet_scenarios.wired import TENANT

if TYPE_CHECKING:
    from collections.abc import Callable

    from mininet_scenarios.hosts import Host
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rest import Rest
    from mininet_scenarios.story import Story
    from mininet_scenarios.wired import Scene

PAIRS = [("s1", "s2"), ("s2", "s3")]
LLDP = b"\x88\xcc"
SIGNATURE = slice(-6, -2)  # the last bytes of what our part says, ahead of the part that ends all
QUIET = 3.0  # seconds in which a bound machine would have heard probes
TOGETHER = {"s1-s2": "up", "s2-s3": "up"}


def tell(story: Story, lab: Lab) -> None:
    """Listen, forge, repeat, pass on, share out, go honest."""
    story.step("Three bridges in a row, a stream from end to end; mallory has a port, eve plugs in wherever she can")
    scene = wired.build(lab, PAIRS, ["s1", "s3"])
    stream = scene.stream()
    mallory = hosts.host(lab, "mallory", 66, scene.rack.socket("s1"))
    scene.client.apply(mallory.port(TENANT, {}))
    tenants.wait_ready(scene.client, TENANT, "mallory")
    prove_unheard(story, mallory)
    probe = prove_forged(story, scene, lab, mallory)
    prove_repeated(story, scene, lab, probe)
    prove_passed_on(story, scene, lab)
    prove_shared(story, scene, lab)
    seen = stream.stop()
    story.check("the honest stream was not disturbed", seen.whole, seen)


def prove_unheard(story: Story, mallory: Host) -> None:
    """Nobody probes machines that were asked for."""
    with Wire(mallory) as wire:
        began = time.monotonic()
        until(lambda: time.monotonic() > began + QUIET, 2 * QUIET, "some rounds of probes")
        heard = lldp(wire)
    story.check(f"mallory hears no probe in {QUIET:g} s", not heard, heard.hex())


def prove_forged(story: Story, scene: Scene, lab: Lab, mallory: Host) -> bytes:
    """A probe with a false signature; gives a genuine one, of s3."""
    story.step("eve, at s3, hears a probe; she and mallory say the same with another signature")
    eve = hosts.host(lab, "eve", 67, scene.rack.socket("s3"))
    with Wire(eve) as wire:
        probe = until(lambda: lldp(wire), 10, "eve hears a probe")
        broken = bytes(255 - byte for byte in probe[SIGNATURE])
        forged = probe[: SIGNATURE.start] + broken + probe[SIGNATURE.stop :]
        wait_told(story, scene.client, "forged", {"s3"}, lambda: wire.send(forged))
    with Wire(mallory) as wire:
        wait_told(story, scene.client, "forged", {"s1"}, lambda: wire.send(forged))
    prove_none(story, scene)
    return probe


def prove_repeated(story: Story, scene: Scene, lab: Lab, probe: bytes) -> None:
    """A genuine probe, sent again elsewhere and much later."""
    story.step("eve sends the genuine probe from s1, again and again")
    other = hosts.host(lab, "eve2", 68, scene.rack.socket("s1"))
    with Wire(other) as wire:
        wait_told(story, scene.client, "replayed", {"s1"}, lambda: wire.send(probe))
    prove_none(story, scene)


def prove_passed_on(story: Story, scene: Scene, lab: Lab) -> None:
    """A machine with two interfaces, at s1 and at s3, joins them in a bridge of its own."""
    story.step("eve has a machine between s1 and s3, which passes on all that it hears")
    eve = lab.station("between")
    for bridge, name in (("s1", "eth0"), ("s3", "eth1")):
        socket = scene.rack.socket(bridge)
        pair((eve, name), (scene.rack.machine, socket.interface))
        eve.run("ip", "link", "set", name, "up")
        socket.plug()
    Carrier(eve, "eth0", "eth1")
    wait_told(story, scene.client, "relayed", set())
    prove_none(story, scene)


def prove_shared(story: Story, scene: Scene, lab: Lab) -> None:
    """A hub joins three ports: each hears the probes of both others."""
    story.step("eve joins s1, s2 and s3 by a switch of hers, which hands on even what no switch should")
    ovs = scene.rack.ovs
    settings = (f"datapath_type={lab.datapath}", "fail_mode=standalone", "other_config:forward-bpdu=true")
    ovs.vsctl("add-br", "hub", "--", "set", "Bridge", "hub", *settings)
    for number, bridge in enumerate(("s1", "s2", "s3")):
        one, other = scene.rack.socket(bridge), Socket(ovs, "hub", "hub", f"hub-eth{number}")
        pair((one.machine, one.interface), (other.machine, other.interface))
        one.machine.run("sysctl", "-qw", f"net.ipv6.conf.{other.interface}.disable_ipv6=1")  # a hub says nothing itself
        for socket in (other, one):
            socket.plug()
    wait_told(story, scene.client, "flooded", set())
    prove_none(story, scene)
    heard = wired.copies(scene.hosts[0], scene.hosts)
    story.check("everyone else gets one copy of a broadcast", set(heard) == {1}, dict(heard))


def prove_none(story: Story, scene: Scene) -> None:
    """Two rounds of probes later only the honest links are there."""
    began = time.monotonic()
    until(lambda: time.monotonic() > began + 2.5 or links.states(scene.client) != TOGETHER, 3, "two rounds of probes")
    found = links.states(scene.client)
    story.check("only the honest links are there", found == TOGETHER, found)


def wait_told(
    story: Story, client: Rest, attempt: str, where: set[str], again: Callable[[], object] = lambda: None
) -> None:
    """Try ``again`` and again until events tell of an attempt at some bridges; at any, where none is given."""
    until(lambda: again() or tried(client, attempt, where), 10, f"{attempt} probes are told of", pause=0.2)
    story.check(f"{attempt} probes are told of", held=True, evidence=told(client, attempt))


def tried(client: Rest, attempt: str, where: set[str]) -> bool:
    """Whether events tell of an attempt, at all these bridges."""
    found = told(client, attempt)
    return bool(found) and where <= found.keys()


def told(client: Rest, attempt: str) -> dict[str, str]:
    """Why, by the chassis where it was tried."""
    events = [event for event in client.get("/events")["items"] if event["type"] == "security"]
    found = [event for event in events if event["detail"].get("attempt") == attempt]
    return {event["subject"].partition(" ")[2]: event["detail"]["why"] for event in found}


def lldp(wire: Wire) -> bytes:
    """The last probe that came in, or nothing."""
    return next((frame for frame in reversed(wire.received()) if frame[12:14] == LLDP), b"")


if __name__ == "__main__":
    sys.exit(play(tell))
