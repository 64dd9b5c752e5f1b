"""Two hosts, one tenant: from a REST call to packets between machines on different hosts.

A container's veth, a virtual machine's tap and an internal port of Open vSwitch are bound alike. Machines that are not
of the tenant reach nothing, and what the tenant takes back is gone from the switches.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from mininet_scenarios import tenants
from mininet_scenarios.command import until
from mininet_scenarios.probe import SteadyStream, all_pairs, ping, unreached
from mininet_scenarios.story import play
from mininet_scenarios.tenants import Guest

if TYPE_CHECKING:
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rest import Rest
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm


def tell(story: Story, lab: Lab) -> None:
    """From nothing to packets, and back."""
    story.step(f"Start the daemon on {lab.framework} and join two hosts that run Open vSwitch")
    client = lab.start_daemon().rest
    here, there = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    lab.join(here, there)
    story.check("the daemon made br-int on both", held=True, evidence=here.ovs.vsctl("list-br").split())
    empty = here.flows(), there.flows()

    story.step("Ask for a tenant, a network and four ports in one transaction")
    guests = (
        Guest("web", here, 1),
        Guest("db", there, 2),
        Guest("vm", there, 3, "tap"),
        Guest("probe", here, 4, "internal"),
    )
    tenants.ask(client, "acme", *guests)
    story.say("acme/web as a veth, acme/db as a veth, acme/vm as a tap, acme/probe as an internal port")
    vms = plug(story, lab, client, guests)
    prove_connected(story, vms)
    prove_stranger(story, lab, vms)

    story.step("Take everything back")
    for guest in guests:
        client.delete(f"/projects/acme/ports/{guest.name}")
    client.delete("/projects/acme/networks/net")
    until(lambda: not ping(vms[0], vms[1].ipv4), 5, "web reaches db no more")
    story.check("web no longer reaches db", held=True)
    for vm in vms:
        vm.unplug()
    until(lambda: (here.flows(), there.flows()) == empty, 5, "the switches hold what they held at first")
    story.check("unplugged, they leave the switches as they were", held=True, evidence=len(empty[0].splitlines()))

    story.step("End the daemon")
    code = lab.daemon.stop() if lab.daemon else None
    story.check("it ends cleanly", code == 0, f"exit code {code}")


def plug(story: Story, lab: Lab, client: Rest, guests: tuple[Guest, ...]) -> list[Vm]:
    """Plug the machines in and see where the daemon says that they are."""
    story.step("Plug the machines in, each interface saying which port it is")
    vms = tenants.boot(lab, "acme", *guests)
    plugged = time.monotonic()
    tenants.wait_ready(client, "acme", *(guest.name for guest in guests))
    places = {guest.name: tenants.chassis(client, "acme", guest.name) for guest in guests}
    story.check(
        "every port is Ready where its interface is",
        all(places[guest.name] == guest.host.name for guest in guests),
        f"{places}, {(time.monotonic() - plugged) * 1000:.0f} ms after the last was plugged",
    )
    return vms


def prove_stranger(story: Story, lab: Lab, vms: list[Vm]) -> None:
    """An interface that is no port of anybody's is connected to nothing."""
    story.step("Plug in a machine that nobody asked for, with an address of the tenant's network")
    host = vms[0].host
    stranger = lab.vm("stranger", host, Guest("stranger", host, 66).nic)
    stranger.plug("acme/nobody")
    story.check("it reaches no machine of the tenant", len(unreached((stranger, vm.ipv4) for vm in vms)) == len(vms))
    stranger.unplug()


def prove_connected(story: Story, vms: list[Vm]) -> None:
    """Everyone reaches everyone, by IPv4, IPv6 and TCP."""
    pairs = [(one, address) for one, other in all_pairs(vms) for address in other.addresses]
    silent = unreached(pairs)
    story.check("everyone reaches everyone by IPv4 and IPv6", not silent, silent or f"{len(pairs)} pairs answered")
    seen = SteadyStream(vms[0], vms[1], vms[1].ipv4).stop()
    story.check("a TCP stream crosses from host to host", seen.sent > 0, f"{seen.sent} records")


if __name__ == "__main__":
    sys.exit(play(tell))
