"""ovs-vswitchd restarts, and with it every flow is gone: the daemon puts them back before anyone has to ask.

It is ended as an upgrade ends it and by SIGKILL, three times each, under a ping every two milliseconds.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

from mininet_scenarios import tenants
from mininet_scenarios.command import until
from mininet_scenarios.probe import SteadyPing, ping
from mininet_scenarios.story import play

if TYPE_CHECKING:
    from collections.abc import Callable

    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm

BOUND = 0.4
ROUNDS = 3


def tell(story: Story, lab: Lab) -> None:
    """Both ways to end a switch."""
    story.step("Two hosts, a tenant with a machine on each")
    scene = tenants.pair(lab)
    story.check("web reaches db", ping(scene.vms[0], scene.vms[1].ipv4))
    host = scene.hosts[0]
    for how, end in (("SIGTERM", host.ovs.stop_switch), ("SIGKILL", host.ovs.kill_switch)):
        story.step(f"Restart web's ovs-vswitchd, {ROUNDS} times, ended by {how}")
        restart(story, host, scene.vms, end)


def restart(story: Story, host: Hypervisor, vms: list[Vm], end: Callable[[], None]) -> None:
    """Restart and measure from the start of the new process to the first reply."""
    flows = host.flows()
    back = []
    for _ in range(ROUNDS):
        steady = SteadyPing(vms[0], vms[1].ipv4)
        end()
        started = time.time()
        host.ovs.start_switch()
        back.append(steady.first_reply_after(started))
        until(lambda: host.flows() == flows, 10, "the flows are the same as before")
        steady.more(100)
        story.say(f"traffic was back after {back[-1] * 1000:.0f} ms; the whole outage: {steady.stop()}")
    median = statistics.median(back)
    story.check(f"traffic is back in {BOUND * 1000:.0f} ms", median <= BOUND, f"median {median * 1000:.0f} ms")
    story.check("the flows are the same", host.flows() == flows, f"{len(flows.splitlines())} flows")


if __name__ == "__main__":
    sys.exit(play(tell))
