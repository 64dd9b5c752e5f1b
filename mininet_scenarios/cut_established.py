"""What becomes of live connections when policy changes: ``keep`` keeps them, ``cut`` ends exactly those it denies.

The plan lists them first. A connection that was denied stays denied, however often its machine tries again.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

from mininet_scenarios import policies, services
from mininet_scenarios.crowd import TENANT, gather
from mininet_scenarios.policies import labelled, rule
from mininet_scenarios.probe import SteadyPing, SteadyStream
from mininet_scenarios.resending import arrivals, syn
from mininet_scenarios.services import words
from mininet_scenarios.story import play
from mininet_scenarios.talk import Talk

if TYPE_CHECKING:
    from typing import Any

    from mininet_scenarios.crowd import Crowd
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story

Which = tuple[str, str, int, int]
"""Source, target, port, and version of IP."""
Talks = Mapping[Which, Talk]
STREAM, AGAIN, PORTS = 5001, 40001, (80, 81)
MACHINES = {"web-1": {"app": "web"}, "db": {"app": "db"}, "dev": {"app": "dev"}, "web-2": {"app": "web"}}
TALKS: tuple[Which, ...] = tuple(
    (*which, version)
    for version in (4, 6)
    for which in (
        *(("web-1", "db", 80), ("web-2", "db", 80), ("web-1", "db", 81)),
        *(("dev", "db", 80), ("dev", "db", 81), ("db", "dev", 80), ("dev", "web-1", 80)),
    )
)
DENIED = {which for which in TALKS if which[:3] in {("dev", "db", 80), ("dev", "db", 81), ("web-1", "db", 81)}}


def tell(story: Story, lab: Lab) -> None:
    """Kept, listed, cut, and denied for good."""
    story.step("Two hosts, two web machines, db and dev; connections between all of them, IPv4 and IPv6")
    crowd = gather(lab, MACHINES, PORTS)
    with ExitStack() as stack:
        talks = {which: stack.enter_context(hold(crowd, which)) for which in TALKS}
        story.check("all live", living(talks) == set(TALKS), f"{len(talks)} connections")
        story.step("Only web may talk to db, only on port 80; live connections are kept")
        prove_kept(story, lab, crowd, talks)
        story.step("The same, but live connections are cut")
        prove_cut(story, lab, crowd, talks)
    story.step("dev tries again and again, with the very packet that was denied")
    prove_denied(story, lab, crowd)


def asked_for(established: str) -> dict[str, Any]:
    """Only web may talk to db."""
    allowed = [rule("allow", labelled("app", "web"), 80), rule("allow", labelled("app", "web"), STREAM)]
    return policies.policy(TENANT, "db", labelled("app", "db"), {"ingress": allowed, "established": established})


def prove_kept(story: Story, lab: Lab, crowd: Crowd, talks: Talks) -> None:
    """Nothing new begins that is not allowed, and nothing that lives ends."""
    dev, db = crowd.vms["dev"], crowd.vms["db"]
    stream = SteadyStream(dev, db, db.ipv4, STREAM)
    plan = lab.client.call("POST", "/apply?dry_run=true", [asked_for("keep")])
    story.check("the plan would cut nothing", plan["connections"]["items"] == [], plan["connections"]["items"])
    lab.client.apply(asked_for("keep"))
    seen = stream.stop()
    story.check("dev's stream goes on to its own end", seen.whole, seen)
    story.check("all connections live on", living(talks) == set(TALKS), f"{len(talks)} connections")
    asked = services.everything(crowd.vms.values(), PORTS)
    services.prove(story, "new ones", asked, allowed(asked))


def prove_cut(story: Story, lab: Lab, crowd: Crowd, talks: Talks) -> None:
    """The plan lists what will be cut, and just that is."""
    web, db = crowd.vms["web-2"], crowd.vms["db"]
    pings = SteadyPing(crowd.vms["web-1"], crowd.vms["dev"].ipv4)
    stream = SteadyStream(web, db, db.ipv4, STREAM)
    plan = lab.client.call("POST", "/apply?dry_run=true", [asked_for("cut")])
    listed = {(one["protocol"], one["source"], one["source_port"]) for one in plan["connections"]["items"]}
    doomed = {("tcp", talks[which].source_address, talks[which].source_port) for which in DENIED}
    story.check("the plan lists those that will be cut, and no other", listed == doomed, sorted(listed ^ doomed))
    story.check("a plan changes nothing", living(talks) == set(TALKS))
    lab.client.apply(asked_for("cut"))
    alive = living(talks)
    story.check("what is denied is cut, all else lives on", alive == set(TALKS) - DENIED, sorted(set(TALKS) - alive))
    seen, lost = stream.stop(), pings.stop()
    story.check("a stream that is allowed has lost nothing", seen.whole, seen)
    story.check("nor has a ping between others", lost.whole, lost)


def prove_denied(story: Story, lab: Lab, crowd: Crowd) -> None:
    """The same SYN, sent over and over, is denied each time and remembered nowhere."""
    dev, web, db = (crowd.vms[name] for name in ("dev", "web-2", "db"))
    denied = arrivals(dev, db, syn(dev, db, 80, AGAIN), 20)
    story.check("of twenty times dev's SYN none arrives", denied == 0, denied)
    fine = arrivals(web, db, syn(web, db, 80, AGAIN), 20)
    story.check("of twenty times web-2's all do", fine == 20, fine)
    ends = (dev.ipv4, AGAIN, db.ipv4)
    known = lab.client.get("/connections")["items"]
    found = [one for one in known if (one["source"], one.get("source_port"), one["destination"]) == ends]
    story.check("no host remembers a connection of dev's", not [one for one in found if one["chassis"] == "hv2"], found)


def allowed(asked: list[services.Asked]) -> set[str]:
    """All but what is asked of db by others than web on port 80."""
    to_db = {str(one) for one in asked if services.short(one.target) == "db"}
    return {str(one) for one in asked} - to_db | words("web-1", "db", 80) | words("web-2", "db", 80)


def hold(crowd: Crowd, which: Which) -> Talk:
    """A connection between two machines."""
    source, target, port, version = which
    return Talk(crowd.vms[source], crowd.vms[target], port, version=version)


def living(talks: Talks) -> set[Which]:
    """Those that live on, asked side by side."""
    with ThreadPoolExecutor(len(talks)) as pool:
        alive = list(pool.map(Talk.lives, talks.values()))
    return {which for which, lives in zip(talks, alive, strict=True) if lives}


if __name__ == "__main__":
    sys.exit(play(tell))
