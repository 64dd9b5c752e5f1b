"""A network as Mininet's users write it: one OVSSwitch, two hosts, a remote controller. Run by ``plain_mininet``.

Run as ``bare_switch.py CONTROLLER netdev|system`` in a namespace that has an Open vSwitch of its own; prints the hosts'
processes as JSON and ends with SIGTERM.
"""

import json
import signal
import sys
from functools import partial

from mininet.net import Mininet
from mininet.node import OVSSwitch, RemoteController

HOSTS = (("h1", "10.0.0.1/24", "02:00:00:00:00:01"), ("h2", "10.0.0.2/24", "02:00:00:00:00:02"))


def play(controller: str, datapath: str) -> None:
    """Build it, start it, and stop it when told to."""
    kind = "user" if datapath == "netdev" else "kernel"
    net = Mininet(controller=None, switch=partial(OVSSwitch, datapath=kind, failMode="secure"))
    net.addController("c0", RemoteController, ip=controller, port=6653)
    switch = net.addSwitch("s1")
    hosts = [net.addHost(name, ip=ip, mac=mac) for name, ip, mac in HOSTS]
    for host in hosts:
        net.addLink(switch, host)
        host.cmd(f"ethtool -K {host.defaultIntf()} tx off")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    net.start()
    try:
        print(json.dumps({host.name: host.pid for host in hosts}), flush=True)
        signal.sigwait({signal.SIGTERM})
    finally:
        net.stop()


if __name__ == "__main__":
    play(sys.argv[1], sys.argv[2])
