"""A policy on trial: it counts and logs what it would deny and forwards it all, until what was forgotten is known.

The narrowest policy that lets through what was seen is recommended, with what it would cover and allow beside; it is
previewed, enforced, and does just that.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from mininet_scenarios import exchange, policies, services
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

SSH, PG, STREAM = 22, 5432, 5001
MACHINES = {name: {"app": name} for name in ("web", "db", "backup", "stranger")}
OBSERVED = (("web", PG), ("backup", SSH))
FORGOTTEN = "backup"
MANY, MOST = 200, 100  # datagrams at once, and how many of these may be told of: 50, and 10 a second
NEW = 180  # of them: a few have the source port of another one


def tell(story: Story, lab: Lab) -> None:
    """On trial, amended, enforced."""
    story.step("Two hosts; web asks db, and so does a backup that nobody thought of")
    crowd = gather(lab, MACHINES, (SSH, PG))
    story.step("A policy on trial: only web may ask db")
    lab.client.apply(trial())
    with ExitStack() as stack:
        talks = [stack.enter_context(Talk(crowd.vms[name], crowd.vms["db"], port)) for name, port in OBSERVED]
        story.check("both are answered", all(talk.lives() for talk in talks), [str(talk) for talk in talks])
        prove_counted(story, lab)
        prove_logged(story, lab)
        story.step("Many connections that it would deny, at once")
        prove_limited(story, lab, crowd)
        story.step("What is recommended from what was seen")
        asked = recommended(story, lab)
        story.step("It is previewed, and enforced in the place of the trial")
        enforce(story, lab, asked, talks)
    everything = [one for one in services.everything(crowd.vms.values(), (SSH, PG)) if one.target is crowd.vms["db"]]
    allowed = {name for source, port in OBSERVED for name in words(source, "db", port)}
    services.prove(story, "of db", everything, allowed)


def trial() -> dict[str, Any]:
    """What somebody believes to be right."""
    let_in = {**rule("allow", labelled("app", "web"), PG), "name": "web"}
    return policies.policy(TENANT, "db", labelled("app", "db"), {"ingress": [let_in], "mode": "audit"})


def prove_counted(story: Story, lab: Lab) -> None:
    """Each rule counts what it would have decided, and so does the tier's default."""
    until(lambda: denied(lab) and counts(lab)["web"]["sessions"], 10, "it counts")
    seen = counts(lab)["web"]["sessions"], denied(lab)
    story.check("it has counted one that it would allow and one that it would deny", seen == (1, 1), seen)
    hit = counts(lab)["default of application"]["last_hit"]
    story.check("and says when that was", bool(hit), hit)


def counts(lab: Lab) -> dict[str, dict[str, Any]]:
    """The policy's counters by rule."""
    rules = lab.client.get(f"/projects/{TENANT}/policies/db/stats")["rules"]
    return {one["rule"]: one for one in rules}


def prove_logged(story: Story, lab: Lab) -> None:
    """What it would deny is told, with both ends."""
    told = {(one["verdict"], one["from"], one["destination_port"]) for one in decisions(lab)}
    wanted = {("would allow", f"{TENANT}/web", PG), ("would deny", f"{TENANT}/{FORGOTTEN}", SSH)}
    story.check("it has told of both, by their names", told == wanted, sorted(told))


def decisions(lab: Lab) -> list[dict[str, Any]]:
    """What the policy has told of, oldest first."""
    events = lab.client.get("/events?since=0")["items"]
    return [one["detail"] for one in events if one["type"] == "security" and one["subject"] == f"Policy {TENANT}/db"]


def prove_limited(story: Story, lab: Lab, crowd: Crowd) -> None:
    """However much it would log, it costs no packet: all are counted, some are told of."""
    backup, db = crowd.vms[FORGOTTEN], crowd.vms["db"]
    before = len(decisions(lab)), denied(lab)
    stream = SteadyStream(crowd.vms["web"], db, db.ipv4, STREAM)
    exchange.spray(backup, db.ipv4, SSH, MANY)
    answer = until(lambda: exchange.witnessed(backup, db.ipv4, SSH), 10, "an answer to a datagram behind them")
    seen = stream.stop()
    story.check("a datagram behind them is answered", held=True, evidence=answer)
    story.check("a stream beside them has lost nothing", seen.whole, seen)
    until(lambda: denied(lab) > before[1] + NEW, 10, "all are counted")
    told = len(decisions(lab)) - before[0]
    story.check(f"all are counted, and less than {MOST} told of", 0 < told < MOST, f"{told} of {denied(lab)}")


def denied(lab: Lab) -> int:
    """How many connections the policy would have denied because none of its rules speaks of them."""
    found: int = counts(lab)["default of application"]["denied"]
    return found


def recommended(story: Story, lab: Lab) -> dict[str, Any]:
    """The policy that is offered, which covers all that was seen and allows nothing else."""
    offer = lab.client.call("POST", "/policies:recommend", {"project": TENANT, "ports": "app=db"})
    (asked,) = offer["policies"]
    seen = {(one["from"][0]["labels"]["app"], port) for one in asked["spec"]["ingress"] for port in one["ports"]}
    story.check("it lets in web and the backup, each where it asked", seen >= set(OBSERVED), sorted(seen))
    story.check("it would cover all that was seen", offer["coverage"] == 1.0, f"{offer['observed']} observed")
    story.check("and allow nothing that was not", offer["over_permission"]["count"] == 0, offer["over_permission"])
    found: dict[str, Any] = asked
    return found


def enforce(story: Story, lab: Lab, asked: dict[str, Any], talks: list[Talk]) -> None:
    """Only the stranger would lose something; nobody who was seen does."""
    plan = lab.client.call("POST", "/apply?dry_run=true", [asked])
    losers = {name for row in plan["reachability"]["denied"]["rows"] for name in row["from"]["names"]}
    story.check("the stranger would lose what it never used", f"{TENANT}/stranger" in losers, sorted(losers))
    lab.client.apply(asked)
    lab.client.delete(f"/projects/{TENANT}/policies/db?wait=30")
    story.check("what lived lives on", all(talk.lives() for talk in talks), [str(talk) for talk in talks])


if __name__ == "__main__":
    sys.exit(play(tell))
