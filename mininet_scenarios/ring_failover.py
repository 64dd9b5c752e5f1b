"""A ring is cut: protected traffic goes round by itself with nobody in control, all other as soon as the daemon knows.

Of a cable that falls silent while both its ends stay up the switches learn by BFD; where a port goes down they see it.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mininet_scenarios import links, rest, wired, wirings
from mininet_scenarios.command import until
from mininet_scenarios.probe import ping, unreached
from mininet_scenarios.story import play
from mininet_scenarios.wired import TENANT

if TYPE_CHECKING:
    from collections.abc import Callable

    from mininet_scenarios.lab import Lab
    from mininet_scenarios.steady import Heard
    from mininet_scenarios.story import Story
    from mininet_scenarios.wired import Scene

CUT = ("s2", "s3")
CHORD = ("s1", "s3")
ROUNDS = 5
BFD = 100  # milliseconds, as the settings have it by default
PORT_BOUND = 15
SILENT_BOUND = 3.2 * BFD
LEARNT_BOUND = 100
CALM = 8  # milliseconds for which a stream pauses by itself, at most, where the machine has processors for it
VIDEO = 5004
WANTED = {"objective": "cost", "protection": "link"}
CHEAP, DEAR = ["s1", "s2", "s3"], ["s1", "s3"]
MANY = 300  # datagrams


@dataclass(frozen=True, slots=True)
class Strike:
    """What is done to the way and undone, what it may cost in milliseconds, and when it can be done again."""

    strike: Callable[[], None]
    mend: Callable[[], None]
    bound: float
    mended: Callable[[], bool] = lambda: True


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
    held = statistics.median(told) <= LEARNT_BOUND
    story.check(f"the daemon leads it round in {LEARNT_BOUND} ms, in the median", held, f"{told} ms")
    whole = all(mended.whole for _, mended in learnt)
    story.check("nothing is lost or doubled over the mending", whole, learnt[0][1])

    cable = scene.slow[CUT]
    story.step("Traffic with a link-protected path; the daemon is killed, then its way is cut in the middle")
    protect(story, scene)
    prove_protected(story, scene, Strike(cable.cut, cable.mend, PORT_BOUND))

    story.step("Its way falls silent instead, while all ports stay up")
    watch(story, scene)
    speak, heard_again = partial(cable.slow, 0), partial(all_watched, scene)
    prove_protected(story, scene, Strike(cable.silence, speak, SILENT_BOUND, heard_again))


def prove_learnt(scene: Scene) -> tuple[Heard, Heard]:
    """Cut and mend; what became of a stream over each."""
    cable, link = scene.slow[CUT], links.name(*CUT)
    steady = scene.stream(6000)
    cable.cut()
    links.wait_state(scene.client, link, "down")
    until(lambda: ping(scene.hosts[0], scene.hosts[1].address), 5, "the one reaches the other again")
    cut = steady.stop()
    steady = scene.stream(6001)
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
    protected = links.condition(status, "Protected")
    unsaid = protected["reason"] == "Unwatched" and links.name(*CUT) in protected["message"]
    story.check("the daemon says that nobody would notice silence yet", unsaid, protected["message"])


def watch(story: Story, scene: Scene) -> None:
    """Give the daemon the database too: BFD watches what protected paths use."""
    steady = scene.stream(VIDEO)
    scene.rack.join()
    begin = time.monotonic()
    links.wait_protected(scene.client, TENANT, "video")
    seconds, heard = time.monotonic() - begin, steady.stop()
    story.check("said to be protected, it is watched at pace", all_watched(scene), f"after {seconds:.1f} s")
    story.check("nothing is lost over it", heard.whole, heard)
    links.wait_path(scene.client, TENANT, "video", CHEAP)


def all_watched(scene: Scene) -> bool:
    """Whether both ends of the wires that the cheap way goes by hear each other, as often as they should."""
    cables = scene.slow[CUT], scene.cables["s1", "s2"]
    return all(watched(scene, socket.interface) for cable in cables for socket in cable.ends)


def watched(scene: Scene, interface: str) -> bool:
    """Whether an interface is heard at the pace that was agreed upon; BFD begins with a packet a second."""
    shown = scene.rack.ovs.appctl("bfd/show")
    session = shown.partition(f"---- {interface} ----")[2].partition("----")[0]
    return f"RX Interval: Approx {BFD}ms" in session and "Local Session State: up" in session


def prove_protected(story: Story, scene: Scene, strike: Strike) -> None:
    """Strike with nobody in control, and again; then let the daemon come back, and mend it."""
    scene.daemon.kill()
    seen, pauses = [struck(scene, strike)], list[float]()
    for _ in range(ROUNDS - 1):
        strike.mend()
        steady = scene.stream(VIDEO)
        wait_carried(scene, CUT)
        pauses.append(steady.stop().gap)
        until(strike.mended, 10, "the way is as before")
        seen.append(struck(scene, strike))
    lost = [one.lost for one in seen]
    bound = allowed(strike.bound, statistics.median(pauses))
    held = statistics.median(lost) <= bound and not any(one.twice for one in seen)
    told = f"{lost} ms; it pauses for {pauses} ms where nothing is done to it"
    claim = f"{bound:g} ms are lost with nobody in control, at most and in the median, nothing is doubled"
    story.check(claim, held, told)
    scene.daemon.start()
    scene.lab.wait_chassis(*scene.rack.bridges)
    links.wait_path(scene.client, TENANT, "video", DEAR)
    steady = scene.stream(VIDEO)
    strike.mend()
    links.wait_path(scene.client, TENANT, "video", CHEAP, 30)
    wait_carried(scene, CUT)
    heard = steady.stop()
    story.check("the daemon returns, the way is mended and taken, and nothing is lost over it", heard.whole, heard)


def allowed(bound: float, pause: float) -> float:
    """What a strike may cost on this machine, in milliseconds: the bound, where it is calm.

    Where others use its processors, a stream pauses to which nothing is done; and the switch, which has to see the port
    and then to forward by that, waits twice.
    """
    return bound if pause <= CALM else round(bound + 2 * pause)


def struck(scene: Scene, strike: Strike) -> Heard:
    """Strike under a stream; what became of it until it was led round."""
    steady = scene.stream(VIDEO)
    strike.strike()
    wait_carried(scene, CHORD)
    return steady.stop()


def wait_carried(scene: Scene, pair: tuple[str, str]) -> None:
    """Wait until a stream has left by a cable's first end for a while."""
    cable = scene.slow.get(pair) or scene.cables[pair]
    before = cable.ends[0].sent
    until(lambda: cable.ends[0].sent - before > MANY, 10, f"a stream takes {links.name(*pair)}")


if __name__ == "__main__":
    sys.exit(play(tell, {"bridges": 20}))
