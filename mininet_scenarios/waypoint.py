"""Paths by way of a bridge, and around others: packets go where they are told, and what cannot be is said.

Nobody's other traffic changes its way. What contradicts itself is refused; bridges that are not there are a condition,
and traffic goes there when they come.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mininet_scenarios import links, rest, wired
from mininet_scenarios.cable import Cable
from mininet_scenarios.command import until
from mininet_scenarios.ovs import Received
from mininet_scenarios.probe import unreached
from mininet_scenarios.refusal import prove_refused
from mininet_scenarios.story import play
from mininet_scenarios.wired import TENANT

if TYPE_CHECKING:
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rack import Socket
    from mininet_scenarios.story import Story
    from mininet_scenarios.wired import Scene

PAIRS = [("s1", "s2"), ("s2", "s4"), ("s1", "s3"), ("s3", "s4"), ("s3", "s5")]
CAMERA = 5004
MANY, FEW = 300, 20  # frames: part of a stream, and what probes bring meanwhile at most
MATCH = {"from": {"port": "h1"}, "to": {"port": "h2"}, "protocol": "udp", "ports": [CAMERA]}


def tell(story: Story, lab: Lab) -> None:
    """Go by one bridge, then by others, then by none."""
    story.step("A square of bridges, s5 behind one corner; a camera at s1, a recorder at s4")
    scene = wired.build(lab, PAIRS, ["s1", "s4"])
    links.wait_up(scene.client, PAIRS)
    silent = unreached(scene.pairs())
    story.check("everyone reaches everyone", not silent, silent)
    prove_refusals(story, scene)
    prove_computed(story, scene)

    story.step("The camera's stream goes by s2, then by s3, then by s5, a dead end")
    before = scene.flows_at_rest()
    stream = scene.stream(CAMERA)
    prove_path(story, scene, {"via": ["s2"]}, ["s1", "s2", "s4"])
    prove_path(story, scene, {"via": ["s3"]}, ["s1", "s3", "s4"])
    prove_path(story, scene, {"via": ["s5"]}, ["s1", "s3", "s5", "s3", "s4"])
    prove_path(story, scene, {"avoid": {"bridges": ["s3"]}}, ["s1", "s2", "s4"])
    prove_path(story, scene, {"avoid": {"links": ["s4-s2"]}}, ["s1", "s3", "s4"])
    label(scene, "s3", {"region": "abroad"})
    prove_path(story, scene, {"avoid": {"labels": {"region": "abroad"}}}, ["s1", "s2", "s4"])
    seen = stream.stop()
    story.check("over six changes nothing was lost or doubled", seen.whole, seen)
    prove_kept(story, scene)
    prove_taken_away(story, scene, before)
    prove_missing(story, scene)


def prove_refusals(story: Story, scene: Scene) -> None:
    """What contradicts itself."""
    story.step("Ask for what cannot be meant")
    faults: dict[str, tuple[str, dict[str, Any]]] = {
        "a waypoint that is to be avoided": ("/spec/avoid/bridges/0", {"via": ["s2"], "avoid": {"bridges": ["s2"]}}),
        "a waypoint given twice": ("/spec/via/1", {"via": ["s2", "s2"]}),
        "an objective that nobody knows": ("/spec/objective", {"objective": "beauty"}),
        "fewer hops than waypoints": ("/spec/constraints", {"via": ["s2", "s3", "s5"], "constraints": {"max_hops": 1}}),
        "no hops at all": ("/spec/constraints/max_hops", {"constraints": {"max_hops": 0}}),
    }
    prove_refused(story, scene.client, {what: (pointer, policy(wanted)) for what, (pointer, wanted) in faults.items()})


def prove_computed(story: Story, scene: Scene) -> None:
    """What a path would be can be asked without having it."""
    story.step("Ask what a path would be")
    before = scene.flows_at_rest()
    question = {"from": "s1", "to": "s4", "protection": "node"}
    found = scene.client.call("POST", "/paths:compute", question)
    ways = [["s1", bridge, "s4"] for bridge in ("s2", "s3")]
    story.check("it would be by one corner, and by the other", sorted((found["path"], found["backup"])) == ways, found)
    found = scene.client.call("POST", "/paths:compute", {**question, "via": ["s9"]})
    story.check("by a bridge that nobody knows there is none", found["reason"] == "UnknownBridge", found["message"])
    story.check("no switch was told anything", before == scene.flows())


def policy(wanted: dict[str, Any]) -> dict[str, Any]:
    """The camera's path policy."""
    return rest.resource("PathPolicy", TENANT, "camera", {"match": MATCH, **wanted})


def prove_path(story: Story, scene: Scene, wanted: dict[str, Any], path: list[str]) -> None:
    """Ask for it; the daemon says the path, and the camera's frames leave every bridge of it towards the next."""
    scene.client.apply(policy(wanted))
    links.wait_path(scene.client, TENANT, "camera", path)
    ends = [end(scene, one, other) for one, other in pairwise(path)]
    before = [one.sent for one in ends]
    until(lambda: all(one.sent - was > MANY for one, was in zip(ends, before, strict=True)), 10, f"frames go {path}")
    others = [one for one in every_end(scene) if one not in ends]
    idle = [one.sent for one in others]
    until(lambda: ends[0].sent - before[0] > 2 * MANY, 10, "more frames")
    strays = sum(one.sent - was for one, was in zip(others, idle, strict=True))
    story.check(f"{wanted}: they go by {', '.join(path)} and nowhere else", strays < FEW, f"{strays} strays")


def end(scene: Scene, one: str, other: str) -> Socket:
    """The interface by which one bridge sends to the next."""
    pair = (one, other) if (one, other) in scene.cables else (other, one)
    return scene.cables[pair].ends[pair.index(one)]


def every_end(scene: Scene) -> list[Socket]:
    """The interfaces of all cables."""
    return [socket for cable in scene.cables.values() for socket in cable.ends]


def label(scene: Scene, bridge: str, labels: dict[str, str]) -> None:
    """Label a bridge."""
    scene.client.call("PUT", f"/bridges/{bridge}", {"labels": labels})


def prove_kept(story: Story, scene: Scene) -> None:
    """Paths, routes and links are as they were when the daemon comes back."""
    story.step("kill -9 the daemon, and start it")
    stream = scene.stream(CAMERA)
    before = scene.flows_at_rest()
    scene.daemon.kill()
    log = Received(scene.rack.ovs)
    scene.daemon.start()
    scene.lab.wait_chassis(*scene.rack.bridges)
    links.wait_path(scene.client, TENANT, "camera", ["s1", "s2", "s4"])
    wait_round(scene)
    sent, same = log.changes(), before == scene.flows()
    story.check("the switches were told nothing, and hold what they held", not sent and same, f"{sent} changes")
    seen = stream.stop()
    story.check("nothing was lost or doubled", seen.whole, seen)


def wait_round(scene: Scene) -> None:
    """Wait until each cable has carried a probe or two each way, and what they find could be told."""
    ends = every_end(scene)
    before = [one.sent for one in ends]
    until(lambda: all(one.sent > was + 1 for one, was in zip(ends, before, strict=True)), 10, "a round of probes")


def prove_taken_away(story: Story, scene: Scene, before: dict[str, list[str]]) -> None:
    """Without the policy everything is as it was before there was one."""
    story.step("The policy is taken away under the stream")
    stream = scene.stream(CAMERA)
    scene.client.delete(f"/projects/{TENANT}/pathpolicies/camera")
    until(lambda: scene.flows() == before, 10, "the switches hold what they held before the policy")
    seen = stream.stop()
    story.check("the switches hold what they held before it, and nothing was lost or doubled", seen.whole, seen)


def prove_missing(story: Story, scene: Scene) -> None:
    """A waypoint that is not there is said, and used when it comes."""
    story.step("By s6, which is not there; what finds no path is dropped")
    scene.client.apply(policy({"via": ["s6"], "on_no_path": "drop"}), wait=0)
    until(lambda: "UnknownBridge" in reasons(scene), 10, "the policy says that there is no s6")
    until(lambda: not scene.answered(CAMERA), 5, "the camera's traffic is dropped")
    story.check("the policy says so, and its traffic is dropped", held=True, evidence=reasons(scene))
    story.check("other traffic is not", scene.answered(CAMERA + 1))
    scene.rack.add("s6")
    for other in ("s1", "s4"):
        Cable(scene.rack.socket("s6"), scene.rack.socket(other))
    scene.rack.connect("s6")
    links.wait_path(scene.client, TENANT, "camera", ["s1", "s6", "s4"])
    until(lambda: scene.answered(CAMERA), 5, "the camera's traffic passes")
    story.check("s6 comes, and the camera's traffic goes that way", held=True)


def reasons(scene: Scene) -> list[str]:
    """Why conditions of the policy do not hold."""
    status = links.policy(scene.client, TENANT, "camera")
    return [one["reason"] for one in status["conditions"] if one["status"] is False]


if __name__ == "__main__":
    sys.exit(play(tell))
