"""A change of policy, seen before it is made: who could newly talk to whom, what it takes, and what it would cut.

The packets then do what the plan said, no more and no less. A change that would break an invariant is refused with a
packet that shows it; where the invariant is taken back, just that packet passes.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from mininet_scenarios import policies, rest, services
from mininet_scenarios.crowd import TENANT, gather
from mininet_scenarios.policies import labelled, rule
from mininet_scenarios.resending import arrivals, syn
from mininet_scenarios.rest import Refused
from mininet_scenarios.services import Asked
from mininet_scenarios.story import play
from mininet_scenarios.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from mininet_scenarios.crowd import Crowd
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story

WEB, PG, METRICS = 80, 5432, 9100
PORTS = (WEB, PG, METRICS)
MACHINES = {name: {"app": name} for name in ("web", "db", "dev", "probe")}
ENOUGH = 2.0  # seconds in which a service is answered, if it is


def tell(story: Story, lab: Lab) -> None:
    """Planned, compared with packets, refused."""
    story.step("Two hosts; web and dev may ask db, a probe may not")
    crowd = gather(lab, MACHINES, PORTS)
    lab.client.apply(database([rule("allow", labelled("app", one), PG) for one in ("web", "dev")]))
    before = open_services(crowd)
    with ExitStack() as stack:
        talks = [stack.enter_context(Talk(crowd.vms[one], crowd.vms["db"], PG)) for one in ("web", "dev")]
        story.step("The plan of a change: dev no longer, the probe newly, what lives is cut")
        plan = planned(story, lab, talks)
        story.check("nothing has changed", open_services(crowd) == before, f"{len(before)} services are answered")
        story.check("and nothing was cut", all(talk.lives() for talk in talks), [str(talk) for talk in talks])
        story.step("The change is made")
        lab.client.apply(changed())
        after = open_services(crowd)
        prove_as_planned(story, plan, before, after)
        cut = {(talk.source_address, talk.source_port) for talk in talks if not talk.lives()}
        listed = {(one["source"], one["source_port"]) for one in plan["connections"]["items"]}
        story.check("cut is what the plan listed", bool(cut) and cut == listed, sorted(cut ^ listed) or sorted(cut))
    story.step("An invariant: dev never reaches db")
    prove_invariant(story, lab, crowd)


def database(ingress: list[dict[str, Any]]) -> dict[str, Any]:
    """The policy that protects db."""
    return policies.policy(TENANT, "db", labelled("app", "db"), {"ingress": ingress, "established": "cut"})


def changed() -> dict[str, Any]:
    """The policy as it is to be."""
    return database([rule("allow", labelled("app", "web"), PG), rule("allow", labelled("app", "probe"), METRICS)])


def planned(story: Story, lab: Lab, talks: list[Talk]) -> dict[str, Any]:
    """The plan says who could newly talk to whom and who no longer, on which hosts flows change, and what is cut."""
    plan: dict[str, Any] = lab.client.call("POST", "/apply?dry_run=true", [changed()])
    changes = plan["reachability"]
    newly, no_longer = ({said(row) for row in changes[what]["rows"]} for what in ("allowed", "denied"))
    story.check("newly: the probe asks db for metrics", newly == {"probe>db tcp [9100]"}, sorted(newly))
    story.check("no longer: dev asks db", no_longer == {"dev>db tcp [5432]"}, sorted(no_longer))
    flows = plan["flows"]
    touched = flows["added"].keys() | flows["removed"].keys()
    story.check("flows change on db's host alone", touched == {"hv2"}, flows)
    doomed = [(talk.source_address, talk.source_port) for talk in talks if talk.source.name == f"{TENANT}-dev"]
    listed = [(one["source"], one["source_port"]) for one in plan["connections"]["items"]]
    story.check("dev's connection would be cut, and no other", listed == doomed, listed)
    return plan


def said(row: dict[str, Any]) -> str:
    """A row of the plan in words."""
    ends = [",".join(name.partition("/")[2] for name in row[end]["names"]) for end in ("from", "to")]
    asked = "; ".join(f"{service['protocol']} {service.get('ports', '')}" for service in row["services"])
    return f"{ends[0]}>{ends[1]} {asked}"


def open_services(crowd: Crowd) -> set[str]:
    """What is answered, of all that every machine could ask of every other."""
    asked = services.everything(crowd.vms.values(), PORTS)
    return services.answered(asked, ENOUGH)


def prove_as_planned(story: Story, plan: dict[str, Any], before: set[str], after: set[str]) -> None:
    """What is answered now and was not before, and the other way round, is what the plan said."""
    for what, seen in (("allowed", after - before), ("denied", before - after)):
        told = set(pairs(plan["reachability"][what]["rows"]))
        story.check(
            f"{what} is what the plan said, packet by packet", seen == told, sorted(seen ^ told) or sorted(seen)
        )


def pairs(rows: list[dict[str, Any]]) -> Iterable[str]:
    """Services by the words that stories have for them, of all machines that rows name."""
    for row in rows:
        for source in row["from"]["names"]:
            for target in row["to"]["names"]:
                for service in row["services"]:
                    for port in service["ports"]:
                        yield from services.words(source.partition("/")[2], target.partition("/")[2], port)


def prove_invariant(story: Story, lab: Lab, crowd: Crowd) -> None:
    """A change that would break it is refused, and with reason."""
    spec = {"from": labelled("app", "dev"), "to": labelled("app", "db")}
    lab.client.apply(rest.resource("Invariant", TENANT, "dev-stays-out", spec))
    breaking = database([rule("allow", None, PG, METRICS)])
    try:
        lab.client.apply(breaking)
        problem: dict[str, Any] = {}
    except Refused as refused:
        problem = refused.problem
    story.check("a change that would break it is refused", problem.get("status") == 409, problem.get("detail"))
    packet = problem["broken"][0]["packet"]
    story.check("with a packet that would pass", packet["from"] == f"{TENANT}/dev", packet)
    port, own = packet["target_port"], packet["source_port"]
    dev, db = crowd.vms["dev"], crowd.vms["db"]
    story.check("today it does not pass", not arrivals(dev, db, syn(dev, db, port, own), 3), packet)
    lab.client.delete(f"/projects/{TENANT}/invariants/dev-stays-out")
    lab.client.apply(breaking)
    passed = arrivals(dev, db, syn(dev, db, port, own), 3)
    story.check("without the invariant it does", passed == 3, f"{passed} of 3")
    answer = Asked(dev, db, db.ipv4, PG)
    story.check("and dev gets an answer of db", bool(services.answered([answer], services.PATIENCE)), answer)


if __name__ == "__main__":
    sys.exit(play(tell))
