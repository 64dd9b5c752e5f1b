"""A ring is cut: protected traffic goes round by itself with nobody in control, all other as soon as the daemon knows.

Of a cable that falls silent while both its ends stay up the switches learn by BFD; where a port goes down they see it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mininet_scenarios import links, rest, wired, wirings
from mininet_scenarios.command import until
from mininet_scenarios.probe import ping, unreached
from mininet_scenarios.steady import SteadyDatagrams
from mininet_scenarios.story import play
from mininet_scenarios.wired import TENANT

if TYPE_CHECKING:
    from collections.abc import Callable

    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rack import Socket
    from mininet_scenarios.steady import Heard
    from mininet_scenarios.story import Story
    from mininet_scenarios.wired import Scene

CUT = ("s2", "s3")
CHORD = ("s1", "s3")
ROUNDS = 3
BFD = 100  # milliseconds, as the settings have it by default
PORT_BOUND = 15
SILENT_BOUND = 3.2 * BFD
LEARNT_BOUND = 100
VIDEO = 5004
WANTED = {"objective": "cost", "protection": "link"}
CHEAP, DEAR = ["s1", "s2", "s3"], ["s1", "s3"]
MANY = 300  # datagrams


def tell(story: Story, lab: Lab) -> None:
    """Cut what is not protected, then what is, then silence it."""
    size = story.asked.bridges
    story.step(f"A ring of {size} bridges, and a dear cable from s1 to s3; hosts at s1, at s3 and opposite")
    pairs = [CHORD, *(pair for pair in wirings.ring(size) if pair != CUT)]
    settings = {"topology": {"hold_down": 1.0}}
    scene = wired.build(lab, pairs, ["s1", "s3", f"s{size // 2 + 1}"], {CUT: 0.0}, settings)
    scene.client.call("PUT", f"/links/{links.name(*CHORD)}", {"cost": 100})
    silent = unreached(scene.pairs())
    story.check(
        "everyone reaches everyone", not silent, silent or f"{len(pairs) + 1} links, {len(scene.pairs())} pairs"
    )
    heard = wired.copies(scene.hosts[0], scene.hosts)
    story.check("everyone else gets one copy of a broadcast", set(heard) == {1}, dict(heard))

    story.step("Traffic that nobody protects: its way is cut, and mended")
    learnt = [prove_learnt(scene) for _ in range(ROUNDS)]
    told = [cut.lost for cut, _ in learnt]
    story.check(f"the daemon leads it round in {LEARNT_BOUND} ms", max(told) <= LEARNT_BOUND, f"{told} ms")
    whole = all(mended.whole for _, mended in learnt)
    story.check("nothing is lost or doubled over the mending", whole, learnt[0][1])

    cable = scene.slow[CUT]
    story.step("Traffic with a link-protected path; the daemon is killed, then its way is cut in the middle")
    protect(story, scene)
    prove_protected(story, scene, cable.cut, cable.mend, PORT_BOUND)

    story.step("Its way falls silent instead, while all ports stay up")
    watch(story, scene)
    prove_protected(story, scene, cable.silence, lambda: cable.slow(0), SILENT_BOUND)


def stream(scene: Scene, port: int) -> SteadyDatagrams:
    """From the first host to the one at s3."""
    return SteadyDatagrams(scene.hosts[0], scene.hosts[1], scene.hosts[1].address, port)


def prove_learnt(scene: Scene) -> tuple[Heard, Heard]:
    """Cut and mend; what became of a stream over each."""
    cable, link = scene.slow[CUT], links.name(*CUT)
    steady = stream(scene, 6000)
    cable.cut()
    links.wait_state(scene.client, link, "down")
    until(lambda: ping(scene.hosts[0], scene.hosts[1].address), 5, "the one reaches the other again")
    cut = steady.stop()
    steady = stream(scene, 6001)
    cable.mend()
    links.wait_state(scene.client, link, "up")
    scene.lab.wait_chassis(*scene.rack.bridges)
    return cut, steady.stop()


def protect(story: Story, scene: Scene) -> None:
    """Ask for a path that has a way round each of its links."""
    match = {"from": {"port": "h1"}, "to": {"port": "h2"}, "protocol": "udp", "ports": [VIDEO]}
    scene.client.apply(rest.resource("PathPolicy", TENANT, "video", {"match": match, **WANTED}))
    status = links.wait_path(scene.client, TENANT, "video", CHEAP)
    told = f"{status['path']}, else {status['backup']}"
    story.check("it takes the cheap way, and has another", status["backup"] == DEAR, told)


def watch(story: Story, scene: Scene) -> None:
    """Give the daemon the database too: BFD watches what protected paths use."""
    scene.rack.join()
    cables = scene.slow[CUT], scene.cables[CHORD], scene.cables["s1", "s2"]
    ends = [socket.interface for cable in cables for socket in cable.ends]
    until(lambda: all(watched(scene, end) for end in ends), 30, "the wires are watched by BFD at both ends")
    links.wait_path(scene.client, TENANT, "video", CHEAP)
    story.check(f"its wires are watched by BFD, {BFD} ms apart", held=True, evidence=ends)


def watched(scene: Scene, interface: str) -> bool:
    """Whether an interface is heard at the pace that was agreed upon; BFD begins with a packet a second."""
    shown = scene.rack.ovs.appctl("bfd/show")
    session = shown.partition(f"---- {interface} ----")[2].partition("----")[0]
    return f"RX Interval: Approx {BFD}ms" in session and "Local Session State: up" in session


def prove_protected(
    story: Story, scene: Scene, strike: Callable[[], None], mend: Callable[[], None], bound: float
) -> None:
    """Strike with nobody in control; then let the daemon come back, and mend it."""
    steady = stream(scene, VIDEO)
    scene.daemon.kill()
    strike()
    wait_carried(scene.cables[CHORD].ends[0], "it goes round by the dear way")
    seen = steady.stop()
    story.check(f"at most {bound:g} ms are lost, with nobody in control", seen.lost <= bound and not seen.twice, seen)
    scene.daemon.start()
    scene.lab.wait_chassis(*scene.rack.bridges)
    links.wait_path(scene.client, TENANT, "video", DEAR)
    steady = stream(scene, VIDEO)
    mend()
    links.wait_path(scene.client, TENANT, "video", CHEAP, 30)
    wait_carried(scene.slow[CUT].ends[0], "it takes the cheap way")
    seen = steady.stop()
    story.check("the daemon returns, the way is mended and taken, and nothing is lost over it", seen.whole, seen)


def wait_carried(end: Socket, what: str) -> None:
    """Wait until a stream has left by an interface for a while."""
    before = end.sent
    until(lambda: end.sent - before > MANY, 5, what)


if __name__ == "__main__":
    sys.exit(play(tell, {"bridges": 20}))
