"""Somebody changes flows by hand with ovs-ofctl: it is reported, with what, where and whose it was, and mended at once.

Each kind of change is made several times; the time is taken from before ovs-ofctl starts until a dump of the bridge
shows what it showed before. What is done while the daemon is down is mended when it starts, and nothing else is sent.
"""

from __future__ import annotations

import random
import re
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mininet_scenarios import tenants
from mininet_scenarios.command import until
from mininet_scenarios.ovs import Received
from mininet_scenarios.probe import ping
from mininet_scenarios.story import play
from mininet_scenarios.tenants import Guest

if TYPE_CHECKING:
    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rest import Rest
    from mininet_scenarios.story import Story
    from mininet_scenarios.tenants import Pair

BOUND = 1.0
ROUNDS = 5
MANY = 1000
FLOW = re.compile(r"^cookie=(?P<cookie>\w+),? (?P<slot>table=\d+,?\s?.*?) actions=(?P<actions>.*)$")


@dataclass(frozen=True, slots=True)
class Held:
    """A flow as ovs-ofctl shows it: ``slot`` is table, priority and match."""

    cookie: str
    slot: str
    actions: str

    @property
    def table(self) -> str:
        """Like ``table=3``."""
        return self.slot.partition(",")[0]

    @property
    def raised(self) -> str:
        """The slot with another priority."""
        return re.sub(r"priority=\d+", "priority=60999", self.slot)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done by hand: a command of ovs-ofctl about a flow, and what the daemon calls it."""

    sentence: str
    what: str
    command: str
    arguments: tuple[str, ...]
    ours: bool = True

    def do(self, host: Hypervisor, flow: Held) -> None:
        """Do it to one flow of br-int."""
        host.ovs.ofctl(self.command, "br-int", *(word.format(flow=flow) for word in self.arguments))


DELETE = Deed("Delete a flow", "removed", "del-flows", ("--strict", "{flow.slot}"))
CHANGE = Deed(
    "Change a flow's actions, which leaves its cookie as it was",
    *("changed", "mod-flows", ("--strict", "{flow.slot},actions=drop")),
)
ADD = Deed("Add a flow", "added", "add-flow", ("priority=61000,ip,nw_src=192.0.2.1,actions=NORMAL",), ours=False)
DEEDS = (
    DELETE,
    CHANGE,
    Deed(
        "Replace a flow by another with the same cookie",
        *("added", "add-flow", ("cookie={flow.cookie},{flow.slot},actions=drop",)),
    ),
    Deed(
        "Replace a flow by one that says the same and goes after a minute",
        *("added", "add-flow", ("cookie={flow.cookie},idle_timeout=60,{flow.slot},actions={flow.actions}",)),
    ),
    ADD,
    Deed(
        "Add a flow again with another priority",
        *("added", "add-flow", ("cookie={flow.cookie},{flow.raised},actions=drop",)),
        ours=False,
    ),
    Deed("Delete a whole table", "removed", "del-flows", ("{flow.table}",)),
)


def tell(story: Story, lab: Lab) -> None:
    """One change at a time, a thousand at once, and some while nobody looks."""
    story.step("Two hosts, a tenant with a machine on each; a port that may send from many addresses")
    scene = tenants.pair(lab)
    host, client = scene.hosts[0], scene.daemon.rest
    allow_many(lab, scene)
    story.check("web reaches db", ping(scene.vms[0], scene.vms[1].ipv4), f"{len(flows(host))} flows")
    times: list[float] = []
    for deed in DEEDS:
        story.step(deed.sentence)
        times += [prove_mended(story, client, host, deed) for _ in range(ROUNDS)]
    shown = f"median {statistics.median(times) * 1000:.0f} ms, longest {max(times) * 1000:.0f} ms, {len(times)} times"
    story.check(f"every change was mended in {BOUND:g} s", max(times) <= BOUND, shown)
    prove_many(story, host)
    prove_absent(story, lab, scene)
    story.check("web reaches db", ping(scene.vms[0], scene.vms[1].ipv4))


def allow_many(lab: Lab, scene: Pair) -> None:
    """A second machine beside web; both may send from 250 addresses more, which takes some flows each."""
    client, spare = scene.daemon.rest, Guest("spare", scene.hosts[0], 3)
    tenants.ask(client, scene.tenant, *scene.guests, spare)
    tenants.boot(lab, scene.tenant, spare)
    pairs = [{"address": f"fd00:10::5:{number:x}"} for number in range(1, 251)]
    for name in ("web", "spare"):
        client.call("PATCH", f"/projects/{scene.tenant}/ports/{name}", {"spec": {"allowed_pairs": pairs}})
    until(lambda: len(flows(scene.hosts[0])) > MANY, 10, f"the bridge has more than {MANY} flows")
    tenants.wait_ready(client, scene.tenant, "web", "spare")


def flows(host: Hypervisor) -> list[Held]:
    """What the bridge holds."""
    found = (FLOW.match(line) for line in host.flows().splitlines())
    return [Held(flow["cookie"], flow["slot"].replace(" ", ""), flow["actions"]) for flow in found if flow]


def prove_mended(story: Story, client: Rest, host: Hypervisor, deed: Deed) -> float:
    """Do it to a flow chosen at random and wait until the bridge is as before; the seconds that it took."""
    before = host.flows()
    flow = random.choice([flow for flow in flows(host) if flow.actions != "drop"])  # noqa: S311  # any will do
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    started = time.monotonic()
    deed.do(host, flow)
    until(lambda: host.flows() == before, 10, "the bridge is as before", pause=0)
    seconds = time.monotonic() - started
    until(lambda: all(row["mended"] for row in reported(client, since)), 2, "what was reported is said to be mended")
    rows = reported(client, since)
    told = {(row["what"], bool(row["owner"])) for row in rows if row["chassis"] == host.name}
    events = [event for event in client.get("/events")["items"] if event["type"] == "drift"]
    announced = [event["detail"].get("flow") for event in events]
    held = (deed.what, deed.ours) in told and all(row["flow"] in announced for row in rows)
    shown = f"{rows[0]['flow']} of {rows[0]['owner'] or 'nobody'}" if rows else "nothing"
    story.check(
        f"{len(rows)} reported as {deed.what}, mended in {seconds * 1000:.0f} ms", held, shown if held else rows
    )
    return seconds


def reported(client: Rest, since: str) -> list[dict[str, Any]]:
    """What GET /v1/drift has since then."""
    return [row for row in client.get("/drift")["items"] if row["seen"] >= since]


def prove_many(story: Story, host: Hypervisor) -> None:
    """All flows at once, more than a thousand."""
    story.step("Delete all flows at once")
    before, times = host.flows(), []
    for _ in range(3):
        started = time.monotonic()
        host.ovs.ofctl("del-flows", "br-int")
        until(lambda: host.flows() == before, 10, "the bridge is as before", pause=0)
        times.append(time.monotonic() - started)
    shown = ", ".join(f"{seconds * 1000:.0f}" for seconds in times)
    story.check(f"{len(before.splitlines())} flows are back in {BOUND:g} s", max(times) <= BOUND, f"{shown} ms")


def prove_absent(story: Story, lab: Lab, scene: Pair) -> None:
    """Three flows touched while the daemon is down: it sends three when it starts."""
    story.step("End the daemon, delete a flow, change one, add one, and start the daemon")
    host = scene.hosts[0]
    before = host.flows()
    scene.daemon.stop()
    first, second, *_ = [flow for flow in flows(host) if flow.actions != "drop"]
    for deed, flow in zip((DELETE, CHANGE, ADD), (first, second, first), strict=True):
        deed.do(host, flow)
    log = Received(host.ovs)
    scene.daemon.start()
    lab.wait_joined(*scene.hosts)
    story.check("the bridge is as before", host.flows() == before)
    sent = log.messages()["OFPT_BUNDLE_ADD_MESSAGE"]
    story.check("exactly three flows were sent", sent == log.changes() == 3, sent)
    found = [row for row in scene.daemon.rest.get("/drift")["items"] if row["chassis"] == host.name]
    foreign = any("192.0.2.1" in row["flow"] and row["mended"] for row in found)
    story.check("the foreign flow and the changed one are reported", foreign and len(found) == 2, found)


if __name__ == "__main__":
    sys.exit(play(tell))
