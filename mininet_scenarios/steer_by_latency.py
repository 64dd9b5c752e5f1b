"""The short way is slow, the long way fast: what asks for latency takes the long one, and changes over when that slows.

Everything else takes the short one. Latency is measured by probes; the story measures it by what arrives.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from mininet_scenarios import links, rest, wired
from mininet_scenarios.command import until
from mininet_scenarios.probe import unreached
from mininet_scenarios.story import play
from mininet_scenarios.wired import TENANT

if TYPE_CHECKING:
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story
    from mininet_scenarios.wired import Scene

SHORT, LONG = ("s1", "s4"), [("s1", "s2"), ("s2", "s3"), ("s3", "s4")]
SLOW, SLOWER = 20.0, 40.0  # milliseconds, one way
SLOWED = ("s2", "s3")
DIRECT, ROUND = ["s1", "s4"], ["s1", "s2", "s3", "s4"]
VOICE, BULK = 5004, 6000
MANY = 300  # datagrams
NEAR = 0.25  # of a latency, which the daemon's may be off
SETTLED = 60.0  # seconds in which a change of latency is believed: figures are smoothed, and paths held for a while


def tell(story: Story, lab: Lab) -> None:
    """Measure, choose, change, refuse."""
    story.step(f"s1 and s4 are joined by a cable of {SLOW:g} ms, and by way of s2 and s3 in no time")
    delays = {SHORT: SLOW, SLOWED: 0.0}
    settings = {"topology": {"hold_down": 1.0}}
    scene = wired.build(lab, [pair for pair in LONG if pair != SLOWED], ["s1", "s4"], delays, settings)
    silent = unreached(scene.pairs())
    story.check("everyone reaches everyone", not silent, silent)
    until(lambda: near(latency(scene, SHORT), SLOW), 20, f"the daemon measures some {SLOW:g} ms")
    story.check(f"the daemon measures the latency of {links.name(*SHORT)}", held=True, evidence=latency(scene, SHORT))
    heard = scene.stream(BULK).stop()
    story.check("what nobody steers takes the short way", near(heard.delay, SLOW), heard)

    story.step(f"UDP port {VOICE} is to have the least latency")
    ask(scene, {"objective": "latency", "protection": "link"})
    status = links.wait_path(scene.client, TENANT, "voice", ROUND)
    story.check("it is told to take the long way", held=True, evidence=shown(status))
    heard, other = scene.stream(VOICE).stop(), scene.stream(BULK).stop()
    story.check("its datagrams do", heard.whole and heard.delay < SLOW / 4, heard)
    story.check("all others take the short way", near(other.delay, SLOW), other)

    story.step(f"The long way becomes slower, by {SLOWER:g} ms")
    steady = scene.stream(VOICE)
    scene.slow[SLOWED].slow(SLOWER)
    status = links.wait_path(scene.client, TENANT, "voice", DIRECT, SETTLED)
    story.check("it is told to take the short way", held=True, evidence=shown(status))
    before = scene.slow[SHORT].ends[0].sent
    until(lambda: scene.slow[SHORT].ends[0].sent - before > MANY, 5, "it takes the short way")
    seen = steady.stop()
    story.check("nothing was lost or doubled when it changed over", seen.whole, seen)
    bound = SLOWER - SLOW + 10
    story.check("nothing was out of turn by more than the ways differ", seen.behind <= bound, f"{seen.behind:g} ms")
    prove_constraint(story, scene)


def ask(scene: Scene, wanted: dict[str, Any]) -> None:
    """Ask for the path of voice."""
    match = {"from": {"port": "h1"}, "to": {"port": "h2"}, "protocol": "udp", "ports": [VOICE]}
    scene.client.apply(rest.resource("PathPolicy", TENANT, "voice", {"match": match, **wanted}))


def latency(scene: Scene, pair: tuple[str, str]) -> float:
    """What the daemon says of a link, in milliseconds; 0 while it knows nothing."""
    return scene.client.get(f"/links/{links.name(*pair)}")["status"]["latency_ms"] or 0.0


def near(measured: float, true: float) -> bool:
    """Whether a latency is what it should be, up to what emulation adds."""
    return (1 - NEAR) * true <= measured <= (1 + NEAR) * true + 3


def shown(status: dict[str, Any]) -> dict[str, Any]:
    """What a person would look at."""
    return {name: status[name] for name in ("path", "backup", "latency_ms", "hops")}


def prove_constraint(story: Story, scene: Scene) -> None:
    """What cannot be had is said, and what becomes of packets then is the policy's choice."""
    for choice, passes in (("fallback", True), ("drop", False)):
        story.step(f"It may take {SLOW / 2:g} ms at most, which no way keeps; on_no_path: {choice}")
        ask(scene, {"constraints": {"max_latency_ms": SLOW / 2}, "on_no_path": choice})
        until(lambda: not links.policy(scene.client, TENANT, "voice")["path"], 10, "there is no path")
        status = links.policy(scene.client, TENANT, "voice")
        story.check("the policy says why it has no path", bool(unmet(status)), unmet(status))
        until(partial(fated, scene, passes), 5, "packets have the fate that was chosen")
        story.check("its packets pass as if there were no policy" if passes else "its packets are dropped", held=True)
        story.check("all others pass", scene.answered(BULK))


def unmet(status: dict[str, Any]) -> list[str]:
    """Why conditions of a status do not hold."""
    return [f"{one['reason']}: {one['message']}" for one in status["conditions"] if one["status"] is False]


def fated(scene: Scene, passes: bool) -> bool:  # noqa: FBT001  # one of two fates
    """Whether voice passes, or does not, as is wanted."""
    return scene.answered(VOICE) == passes


if __name__ == "__main__":
    sys.exit(play(tell))
