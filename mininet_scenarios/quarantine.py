"""Quarantine: one label isolates a machine at once, both ways, live connections included; forensics still reach it.

A tier of its own goes before all others. Taking the label away gives the machine back what it had.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from mininet_scenarios import policies, services
from mininet_scenarios.command import until
from mininet_scenarios.crowd import TENANT, gather
from mininet_scenarios.policies import labelled, rule
from mininet_scenarios.probe import SteadyStream
from mininet_scenarios.services import words
from mininet_scenarios.story import play
from mininet_scenarios.talk import Talk

if TYPE_CHECKING:
    from typing import Any

    from mininet_scenarios.crowd import Crowd
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story

PORTS = (22, 80)
NAMES = ("suspect", "friend", "other", "forensics")
ENOUGH = 1.0  # seconds from the request until nothing goes in or out any more
CUT = (("suspect", "friend", 80), ("friend", "suspect", 80), ("forensics", "suspect", 80))
KEPT = (("forensics", "suspect", 22), ("friend", "other", 80))
SUSPECT = labelled("quarantine", "yes")


def tell(story: Story, lab: Lab) -> None:
    """In, isolated, looked at, out."""
    story.step("Two hosts, a suspect, a friend, another one, and a machine of forensics; a policy waits for the label")
    crowd = gather(lab, {name: {"role": name} for name in NAMES}, PORTS)
    lab.client.apply(policies.tier("emergency", 10, "pass"), *isolation())
    asked = services.everything(crowd.vms.values(), PORTS)
    open_ = services.answered(asked, services.PATIENCE)
    story.check("it concerns nobody yet: everybody is answered", len(open_) == len(asked), f"{len(asked)} services")
    with ExitStack() as stack:
        talks = {
            (source, target, port): stack.enter_context(Talk(crowd.vms[source], crowd.vms[target], port))
            for source, target, port in (*CUT, *KEPT)
        }
        bystanders = SteadyStream(crowd.vms["other"], crowd.vms["friend"], crowd.vms["friend"].ipv4)
        story.step("The suspect gets the label")
        prove_isolated(story, lab, crowd, talks)
        seen = bystanders.stop()
        story.check("a stream between two others has lost nothing", seen.whole, seen)
    story.step("The label is taken away")
    policies.change_labels(lab.client, TENANT, "suspect", {"quarantine": None})
    open_ = services.answered(asked, services.PATIENCE)
    story.check("everybody is answered again", len(open_) == len(asked), f"{len(asked)} services")


def isolation() -> list[dict[str, Any]]:
    """Only forensics may begin something with it, only by SSH; it begins nothing; what lives is cut."""
    usual = {"tier": "emergency", "established": "cut"}
    look = {**usual, "priority": 10, "ingress": [rule("allow", labelled("role", "forensics"), 22)]}
    shut = {**usual, "priority": 20, "ingress": [rule("deny", None)], "egress": [rule("deny", None, way="to")]}
    return [policies.policy(TENANT, name, SUSPECT, spec) for name, spec in (("forensics", look), ("shut", shut))]


def prove_isolated(story: Story, lab: Lab, crowd: Crowd, talks: dict[tuple[str, str, int], Talk]) -> None:
    """Nothing goes in or out but what forensics asks."""
    alive = {which for which, talk in talks.items() if talk.lives()}
    story.check("five connections live", alive == talks.keys(), sorted(alive))
    asked = time.monotonic()
    policies.change_labels(lab.client, TENANT, "suspect", {"quarantine": "yes"})
    confirmed = time.monotonic() - asked
    until(lambda: not talks[CUT[0]].lives(0.2), 5, "the suspect's connection is cut")
    cut = time.monotonic() - asked
    shown = f"confirmed after {confirmed * 1000:.0f} ms, seen to be cut after {cut * 1000:.0f} ms"
    story.check(f"the switches confirm it in {ENOUGH:g} s", confirmed <= ENOUGH, shown)
    alive = {which for which, talk in talks.items() if talk.lives()}
    story.check("its connections are cut both ways, all others live on", alive == set(KEPT), sorted(alive))
    mine = [
        one
        for one in services.everything(crowd.vms.values(), PORTS, ("tcp", "udp"))
        if crowd.vms["suspect"] in (one.source, one.target)
    ]
    services.prove(story, "the suspect", mine, words("forensics", "suspect", 22))


if __name__ == "__main__":
    sys.exit(play(tell))
