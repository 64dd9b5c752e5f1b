"""A machine moves to another host under ping: its flows are first at the new place, then gone from the old.

It moves from host to host and back; afterwards the hosts that it visited hold just the flows that they held at first.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mininet_scenarios import tenants
from mininet_scenarios.command import until
from mininet_scenarios.probe import SteadyPing, all_pairs, unreached
from mininet_scenarios.story import play
from mininet_scenarios.tenants import Guest

if TYPE_CHECKING:
    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rest import Rest
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm

LONGEST_GAP = 1000  # milliseconds, most of which is the interface being taken out and put in again


def tell(story: Story, lab: Lab) -> None:
    """There, further, and back."""
    story.step("Three hosts; db is on the second, and so is one more machine of the tenant on the third")
    client = lab.start_daemon().rest
    hosts = [lab.hypervisor(f"hv{number}") for number in (1, 2, 3)]
    lab.join(*hosts)
    guests = Guest("app", hosts[0], 1), Guest("db", hosts[1], 2), Guest("log", hosts[2], 3)
    tenants.ask(client, "acme", *guests)
    vms = tenants.boot(lab, "acme", *guests)
    tenants.wait_ready(client, "acme", *(guest.name for guest in guests))
    silent = unreached((a, b.ipv4) for a, b in all_pairs(vms))
    story.check("everyone reaches everyone", not silent, silent)
    flows = [host.flows() for host in hosts]

    for host in (hosts[2], hosts[1], hosts[0]):
        story.step(f"Move app from {vms[0].host.name} to {host.name} while db pings it")
        move(story, client, vms, host)
    counts = [len(flow.splitlines()) for flow in flows]
    until(
        lambda: [len(host.flows().splitlines()) for host in hosts] == counts, 5, "hosts hold as many flows as at first"
    )
    same = [host.flows() for host in hosts[1:]] == flows[1:]
    story.check("the hosts that it visited hold the flows that they held at first", same, counts[1:])
    story.check("its own holds as many; its interface has another number now", held=True, evidence=counts[0])


def move(story: Story, client: Rest, vms: list[Vm], host: Hypervisor) -> None:
    """Move the first machine to ``host``."""
    app, db, _ = vms
    steady = SteadyPing(db, app.ipv4)
    app.move(host, "acme/app")
    until(lambda: tenants.chassis(client, "acme", "app") == host.name, 10, "the daemon says that it moved")
    tenants.wait_ready(client, "acme", "app")
    steady.more(200)
    seen = steady.stop()
    story.check(f"the daemon says that it is on {host.name}", held=True)
    story.check(f"ping goes on, after {LONGEST_GAP} ms at most", seen.gap <= LONGEST_GAP, seen)
    silent = unreached((a, b.ipv4) for a, b in all_pairs(vms))
    story.check("everyone reaches everyone", not silent, silent)


if __name__ == "__main__":
    sys.exit(play(tell))
