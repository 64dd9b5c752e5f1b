"""A bridge is drained under traffic, switched off, switched on, and used again, and nobody notices.

The daemon says when it is safe. What nothing else leads past is not drained, and that is said as well.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from mininet_scenarios import links, wired
from mininet_scenarios.command import until
from mininet_scenarios.probe import unreached
from mininet_scenarios.steady import SteadyDatagrams
from mininet_scenarios.story import play

if TYPE_CHECKING:
    from collections.abc import Callable

    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rack import Socket
    from mininet_scenarios.rest import Rest
    from mininet_scenarios.story import Story
    from mininet_scenarios.wired import Scene

UPPER = [("s1", "up"), ("up", "s4")]
LOWER = [("s1", "low"), ("low", "s4")]
STUB = [("s4", "s5")]
PAIRS = UPPER + LOWER + STUB
WAYS = ("up", "low")
MOST = 5  # streams each way
BUSY, IDLE = 200, 20  # frames a second: what one stream brings at least, and what probes bring at most


class Streams:
    """Streams between the first two hosts, there and back, from when this is made until ``prove_whole``."""

    def __init__(self, scene: Scene, number: int = 2) -> None:
        self._scene = scene
        self._steady: list[SteadyDatagrams] = []
        for _ in range(number):
            self.more()

    @property
    def number(self) -> int:
        """How many there are each way."""
        return len(self._steady) // 2

    def more(self) -> None:
        """One more each way; the same number has the same ports whenever it is asked for."""
        one, other, _ = self._scene.hosts
        port = 6000 + self.number  # from other ones, as the hash of a connection is the same in both directions
        self._steady.append(SteadyDatagrams(one, other, other.address, port, 7000 + 3 * self.number))
        self._steady.append(SteadyDatagrams(other, one, one.address, port + 100, port - 3000))

    def spread(self) -> bool:
        """Add streams until both ways carry some; False if they never do."""
        while not (spread := both(self._scene)) and self.number < MOST:
            self.more()
        return spread

    def prove_whole(self, story: Story, sentence: str) -> None:
        """End them, and claim that each datagram arrived, and once."""
        heard = [stream.stop() for stream in self._steady]
        told = [f"{one.lost} lost, {one.twice} doubled" for one in heard if not one.whole]
        story.check(sentence, not told, told or f"{sum(one.sent for one in heard)} datagrams")


def tell(story: Story, lab: Lab) -> None:
    """Drain, switch off, switch on, use."""
    story.step("Two ways from s1 to s4, by up and by low; behind s4 there is s5")
    scene = wired.build(lab, PAIRS, ["s1", "s4", "s5"])
    client = scene.client
    silent = unreached(scene.pairs())
    story.check("everyone reaches everyone", not silent, silent)
    streams = Streams(scene)
    story.check("both ways are in use", streams.spread(), shown(scene))
    number = streams.number

    story.step("Drain up under these streams")
    links.maintain(client, "bridges", "up", on=True)
    seconds = timed(lambda: links.drained(client, "bridges", "up"), "up is drained")
    story.check("the daemon says that it is drained", held=True, evidence=f"after {seconds * 1000:.0f} ms")
    story.check("nothing passes it", rates(scene)["up"] <= IDLE, shown(scene))
    streams.prove_whole(story, "nothing was lost or doubled")

    story.step("Switch it off and on")
    streams = Streams(scene, number)
    for pair in UPPER:
        scene.cables[pair].cut()
    links.wait_state(client, links.name("s1", "up"), "down")
    for pair in UPPER:
        scene.cables[pair].mend()
    links.wait_up(client, PAIRS)
    lab.wait_chassis(*scene.rack.bridges)
    story.check("it is still drained", rates(scene)["up"] <= IDLE and links.drained(client, "bridges", "up"))
    streams.prove_whole(story, "nothing was lost or doubled")

    story.step("Use it again")
    streams = Streams(scene, number)
    links.maintain(client, "bridges", "up", on=False)
    until(lambda: rates(scene)["up"] >= BUSY, 10, "up is in use again")
    lab.wait_chassis(*scene.rack.bridges)
    story.check("both ways are in use", both(scene), shown(scene))
    streams.prove_whole(story, "nothing was lost or doubled")
    prove_link(story, scene, number)
    prove_needed(story, client, scene)


def rates(scene: Scene) -> dict[str, float]:
    """Frames a second that s1 and s4 send to up, and to low, over the same half second."""
    began, before = time.monotonic(), sent(scene)
    until(lambda: time.monotonic() >= began + 0.5, 1, "half a second has passed")
    after, seconds = sent(scene), time.monotonic() - began
    return {bridge: (after[bridge] - before[bridge]) / seconds for bridge in before}


def sent(scene: Scene) -> dict[str, int]:
    """Frames that s1 and s4 have sent to up, and to low."""
    ends = {bridge: [end(scene, pair, bridge) for pair in scene.cables if bridge in pair] for bridge in WAYS}
    return {bridge: sum(one.sent for one in found) for bridge, found in ends.items()}


def end(scene: Scene, pair: tuple[str, str], bridge: str) -> Socket:
    """The end of a cable that sends to a bridge."""
    return next(end for end in scene.cables[pair].ends if end.chassis != bridge)


def both(scene: Scene) -> bool:
    """Whether both ways carry streams."""
    return min(rates(scene).values()) >= BUSY


def shown(scene: Scene) -> str:
    """How much passes both."""
    return ", ".join(f"{bridge}: {rate:.0f}/s" for bridge, rate in rates(scene).items())


def timed(condition: Callable[[], bool], what: str) -> float:
    """Wait for something; the seconds that it took."""
    began = time.monotonic()
    until(condition, 10, what)
    return time.monotonic() - began


def prove_link(story: Story, scene: Scene, number: int) -> None:
    """A link is drained as a bridge is."""
    link = links.name("s1", "low")
    story.step(f"Drain link {link}")
    streams = Streams(scene, number)
    links.maintain(scene.client, "links", link, on=True)
    timed(lambda: links.drained(scene.client, "links", link), f"{link} is drained")
    story.check("nothing leaves s1 by low", rates(scene)["up"] >= BUSY, shown(scene))
    scene.cables["s1", "low"].cut()
    links.wait_state(scene.client, link, "down")
    scene.cables["s1", "low"].mend()
    links.wait_state(scene.client, link, "up")
    links.maintain(scene.client, "links", link, on=False)
    until(lambda: rates(scene)["low"] >= BUSY, 10, "low is in use again")
    streams.prove_whole(story, "it is drained, cut, mended and used again, and nothing was lost or doubled")


def prove_needed(story: Story, client: Rest, scene: Scene) -> None:
    """Nobody is cut off by a drain."""
    link = links.name("s4", "s5")
    story.step(f"Drain {link}, past which nothing leads")
    streams = SteadyDatagrams(scene.hosts[0], scene.hosts[2], scene.hosts[2].address, 6200)
    links.maintain(client, "links", link, on=True)
    lab = scene.lab
    lab.wait_chassis(*scene.rack.bridges)
    body = client.get(f"/links/{link}")
    story.check("the daemon says that it is not drained, and why", not links.drained(client, "links", link), body)
    seen = streams.stop()
    story.check("what goes there goes there still", seen.whole, seen)


if __name__ == "__main__":
    sys.exit(play(tell))
