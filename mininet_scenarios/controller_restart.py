"""The daemon dies by ``kill -9`` and comes back: traffic does not notice, and no switch is told anything.

A ping every two milliseconds and a TCP stream run all the while; the switches' own logs say what they received.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mininet_scenarios import tenants
from mininet_scenarios.ovs import Received
from mininet_scenarios.probe import SteadyPing, SteadyStream, ping
from mininet_scenarios.story import play
from mininet_scenarios.tenants import Guest

if TYPE_CHECKING:
    from collections.abc import Callable

    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story
    from mininet_scenarios.tenants import Pair


def tell(story: Story, lab: Lab) -> None:
    """Kill it, end it, and see that it is in charge again."""
    story.step("Two hosts, a tenant with a machine on each")
    scene = tenants.pair(lab)
    story.check("web reaches db", ping(scene.vms[0], scene.vms[1].ipv4))

    story.step("kill -9 the daemon under traffic, and start it again")
    restart(story, lab, scene, scene.daemon.kill)
    story.step("The same with SIGTERM")
    restart(story, lab, scene, scene.daemon.stop)

    story.step("The daemon is in charge: a third port works")
    late = Guest("late", scene.hosts[1], 3)
    tenants.ask(scene.daemon.rest, "acme", *scene.guests, late)
    (vm,) = tenants.boot(lab, "acme", late)
    tenants.wait_ready(scene.daemon.rest, "acme", "late")
    story.check("web reaches it", ping(scene.vms[0], vm.ipv4), vm.ipv4)


def restart(story: Story, lab: Lab, scene: Pair, end: Callable[[], object]) -> None:
    """End the daemon by ``end`` and start it again, with traffic before, meanwhile and afterwards."""
    web, db = scene.vms
    before = intent(scene)
    flows = [host.flows() for host in scene.hosts]
    logs = [Received(host.ovs) for host in scene.hosts]
    steady, stream = SteadyPing(web, db.ipv4), SteadyStream(web, db, db.ipv4)
    steady.more()
    end()
    steady.more()
    scene.daemon.start()
    lab.wait_joined(*scene.hosts)
    tenants.wait_ready(scene.daemon.rest, scene.tenant, "web", "db")
    steady.more()
    pinged, streamed = steady.stop(), stream.stop()
    story.check("ping -i 0.002 lost nothing", pinged.lost == 0, pinged)
    story.check("the TCP stream lost nothing", streamed.lost == 0, streamed)
    told = sum(log.changes() for log in logs)
    messages = [dict(log.messages()) for log in logs]
    story.check("no switch was told to change flows, groups or meters", told == 0, messages)
    story.check("the flows are the same", flows == [host.flows() for host in scene.hosts])
    story.check("the intent is the same", before == intent(scene), f"{len(before)} ports")


def intent(scene: Pair) -> list[dict[str, Any]]:
    """What the tenant asked for, as the daemon has it, without what is observed."""
    ports = scene.daemon.rest.get(f"/projects/{scene.tenant}/ports")["items"]
    return [{key: value for key, value in port.items() if key != "status"} for port in ports]


if __name__ == "__main__":
    sys.exit(play(tell))
