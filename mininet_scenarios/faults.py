"""Everything that can be killed is killed and every wire is cut, in random order: then all is as if nothing had been.

The daemon, its intent database, each host's ovs-vswitchd and ovsdb-server, the underlay and the management wires, again
and again for ``--seconds``. After each, all machines reach each other, the intent is what it was, and the flows are; at
the end the flows are also those that a daemon builds which finds the switches empty.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from mininet_scenarios import tenants
from mininet_scenarios.command import until
from mininet_scenarios.controller_restart import intent
from mininet_scenarios.probe import SteadyPing, all_pairs, ping, unreached
from mininet_scenarios.rest import Refused
from mininet_scenarios.story import play

if TYPE_CHECKING:
    from collections.abc import Callable

    from mininet_scenarios.lab import Lab
    from mininet_scenarios.ovs import Ovs
    from mininet_scenarios.story import Story
    from mininet_scenarios.tenants import Pair

CUT_SECONDS = 20
HEAL_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Before:
    """What everything is compared with."""

    intent: list[dict[str, Any]]
    flows: list[str]


def tell(story: Story, lab: Lab) -> None:
    """Rounds of every fault once, in an order that the seed decides."""
    story.step("Two hosts, a tenant with a machine on each")
    scene = tenants.pair(lab)
    before = Before(intent(scene), [host.flows() for host in scene.hosts])
    seed = story.asked.seed or random.SystemRandom().randrange(1, 1 << 16)
    chance = random.Random(seed)  # noqa: S311  # a test's order is no secret
    story.say(f"the order is that of --seed {seed}")
    end = time.monotonic() + story.asked.seconds
    done = False
    while not done or time.monotonic() < end:
        faults = list(possible(story, scene))
        chance.shuffle(faults)
        for name, fault in faults:
            story.step(name)
            fault()
            prove_healed(story, lab, scene, before)
        done = True
    story.step("Empty the switches while no daemon runs, and build everything anew")
    scene.daemon.stop()
    for host in scene.hosts:
        host.ovs.ofctl("del-flows", "br-int")
    scene.daemon.start()
    prove_healed(story, lab, scene, before)


def possible(story: Story, scene: Pair) -> list[tuple[str, Callable[[], None]]]:
    """Every fault by what a person would say of it."""
    faults: list[tuple[str, Callable[[], None]]] = [
        ("kill -9 the daemon and start it", partial(restart_daemon, scene)),
        ("kill -9 the intent database", scene.daemon.kill_intent_database),
    ]
    for host in scene.hosts:
        faults += [
            (f"kill -9 {host.name}'s ovs-vswitchd and start it", partial(restart_switch, host.ovs)),
            (f"kill -9 {host.name}'s ovsdb-server and start it", partial(restart_database, host.ovs)),
        ]
    first, second = scene.hosts
    return [
        *faults,
        (f"cut {first.name}'s underlay for {CUT_SECONDS} s", partial(cut_underlay, story, scene)),
        (f"cut {second.name}'s management for {CUT_SECONDS} s", partial(cut_management, story, scene)),
    ]


def restart_daemon(scene: Pair) -> None:
    """As a crash and a supervisor do."""
    scene.daemon.kill()
    scene.daemon.start()


def restart_switch(ovs: Ovs) -> None:
    """As a crash and a supervisor do; the flows are gone."""
    ovs.kill_switch()
    ovs.start_switch()


def restart_database(ovs: Ovs) -> None:
    """As a crash and a supervisor do; the userspace datapath does not forward meanwhile."""
    ovs.kill_database()
    ovs.start_database()


def cut_underlay(story: Story, scene: Pair) -> None:
    """Take the first host's tunnels away for a while."""
    web, db = scene.vms
    scene.hosts[0].cut("underlay")
    story.check("meanwhile web does not reach db", not ping(web, db.ipv4))
    time.sleep(CUT_SECONDS)
    scene.hosts[0].mend("underlay")


def cut_management(story: Story, scene: Pair) -> None:
    """Take the second host's way to the daemon away for a while."""
    web, db = scene.vms
    steady = SteadyPing(web, db.ipv4)
    scene.hosts[1].cut("management")
    time.sleep(CUT_SECONDS)
    scene.hosts[1].mend("management")
    seen = steady.stop()
    story.check("meanwhile nothing is lost", seen.lost == 0, seen)


def prove_healed(story: Story, lab: Lab, scene: Pair, before: Before) -> None:
    """Without anybody doing anything, all is as before."""
    started = time.monotonic()
    lab.wait_joined(*scene.hosts, seconds=HEAL_SECONDS)
    until(partial(takes_orders, scene), HEAL_SECONDS, "the daemon takes orders")
    until(partial(same_intent, scene, before), HEAL_SECONDS, "the intent is what it was")
    until(lambda: [host.flows() for host in scene.hosts] == before.flows, HEAL_SECONDS, "the flows are what they were")
    pairs = [(a, address) for a, b in all_pairs(scene.vms) for address in b.addresses]
    until(lambda: not unreached(pairs), HEAL_SECONDS, "everyone reaches everyone")
    seconds = time.monotonic() - started
    story.check(
        "orders are taken, intent and flows are what they were, everyone reaches everyone",
        held=True,
        evidence=f"{seconds:.1f} s",
    )


def takes_orders(scene: Pair) -> bool:
    """Whether the daemon makes a port and deletes it again; False while it cannot."""
    client = scene.daemon.rest
    path = f"/projects/{scene.tenant}/ports/passing"
    try:
        client.call("PUT", path, {"spec": {"network": tenants.NETWORK}})
        client.delete(path)
    except (Refused, OSError):
        return False
    return True


def same_intent(scene: Pair, before: Before) -> bool:
    """Whether the daemon has the intent of before; False while it cannot say."""
    try:
        return intent(scene) == before.intent
    except (Refused, OSError):
        return False


if __name__ == "__main__":
    sys.exit(play(tell, {"seconds": 300, "seed": 0}))
