"""The demonstration: two tenants with the same addresses on two hosts, from nothing to proof.

``--keep`` leaves all of it running and says what to try; ``--stop`` ends what was kept.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from mininet_scenarios import rundir, tenants
from mininet_scenarios.controller_restart import restart
from mininet_scenarios.exchange import tcp
from mininet_scenarios.forgery import honest
from mininet_scenarios.isolation import prove_apart, volley
from mininet_scenarios.probe import all_pairs, ping, unreached
from mininet_scenarios.story import play
from mininet_scenarios.tenants import Guest, Pair
from mininet_scenarios.wire import Wire

if TYPE_CHECKING:
    from mininet_scenarios.daemon import Daemon
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story
    from mininet_scenarios.vm import Vm


def tell(story: Story, lab: Lab) -> None:
    """Who reaches whom, who must not, and a restart that nobody notices."""
    story.step("Start netloom, its intent database embedded, and join two hosts: ovs-vsctl set-manager, once on each")
    daemon = lab.start_daemon()
    hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
    lab.join(*hosts)
    story.say(f"the daemon listens at {daemon.url}, the hosts run Open vSwitch's {lab.datapath} datapath")

    story.step("Two tenants ask over REST for a network with the same addresses, and start their machines")
    guests = Guest("web", hosts[0], 1), Guest("db", hosts[1], 2)
    red = start_tenant(daemon, lab, "red", *guests)
    blue = start_tenant(daemon, lab, "blue", *guests, Guest("extra", hosts[1], 3))
    story.check("every port is Ready: the switches have acknowledged its flows", held=True)
    for vm in (*red, *blue):
        story.say(f"{vm.name:10} on {vm.host.name}: {vm.nic.mac} {' '.join(vm.addresses)}")

    story.step("Who reaches whom")
    for web, db in (red, blue[:2]):
        story.check(f"{web.name} reaches {db.name} by IPv4", ping(web, db.ipv4), db.ipv4)
        story.check(f"{web.name} reaches {db.name} by IPv6", ping(web, db.ipv6), db.ipv6)
        story.check(f"{web.name} talks to {db.name} by TCP", tcp(web, db, db.ipv4))

    story.step("Who must not")
    extra = blue[-1]
    silent = unreached((vm, address) for vm in red for address in extra.addresses)
    story.check(f"no machine of red reaches {extra.name}, whose addresses only blue has", len(silent) == 4, silent)
    with ExitStack() as watched:
        wires = [watched.enter_context(Wire(vm)) for vm in (*red, *blue)]
        frames = [frame for a, b in all_pairs([*red, *blue]) for frame in honest(a, b).items()]
        story.say(f"{len(frames)} frames from everyone to everyone, every interface watched")
        prove_apart(story, volley(wires, frames))

    story.step("Kill the daemon with traffic running, and start it again")
    restart(story, lab, Pair("red", daemon, hosts, guests, red), daemon.kill)
    if lab.keep:
        explain(daemon, red[0], red[1])


def start_tenant(daemon: Daemon, lab: Lab, name: str, *guests: Guest) -> list[Vm]:
    """Ask for a tenant's network and ports, start its machines, and wait until their ports are Ready."""
    tenants.ask(daemon.rest, name, *guests)
    vms = tenants.boot(lab, name, *guests)
    tenants.wait_ready(daemon.rest, name, *(guest.name for guest in guests))
    return vms


def explain(daemon: Daemon, web: Vm, db: Vm) -> None:
    """What to try while it runs."""
    print(f"""
It keeps running. Try, as root:
  export NETLOOM_URL={daemon.url} NETLOOM_TOKEN={daemon.token}
  netloom get port --project red              the ports, and where they are   (.venv/bin/netloom)
  curl -H "Authorization: Bearer $NETLOOM_TOKEN" $NETLOOM_URL/v1/chassis
  ip netns exec {web.machine.netns} ping {db.ipv4}
  ip netns exec {web.host.machine.netns} ovs-vsctl --db=unix:{web.host.ovs.directory}/db.sock show
The API's page is {daemon.url}/v1/docs; the daemon's log is {daemon.log}.
End it with: make demo-stop""")


def stop() -> int:
    """End the labs that were kept."""
    kept = rundir.take_kept()
    for directory in kept:
        directory.sweep()
        directory.release()
        print(f"lab {directory.number} is gone")
    return 0


if __name__ == "__main__":
    sys.exit(stop() if "--stop" in sys.argv[1:] else play(tell))
