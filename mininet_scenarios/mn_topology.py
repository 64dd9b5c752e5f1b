"""A topology of Mininet's own, by the name that ``mn --topo`` knows it by, with a remote controller.

Run as ``mn_topology.py CONTROLLER netdev|system TOPOLOGY`` in a namespace that has an Open vSwitch of its own. It says
``started`` once Mininet has, lets everyone ping everyone at SIGUSR1, which it reports as JSON, and ends with SIGTERM.
"""

import json
import signal
import sys
import time
from functools import partial

from mininet.net import Mininet
from mininet.node import OVSSwitch, RemoteController
from mininet.topo import LinearTopo, SingleSwitchTopo, Topo
from mininet.topolib import TorusTopo, TreeTopo
from mininet.util import buildTopo

TOPOLOGIES = {"single": SingleSwitchTopo, "linear": LinearTopo, "tree": TreeTopo, "torus": TorusTopo}
ORDERS = {signal.SIGUSR1, signal.SIGTERM}


def topology(name: str) -> Topo:
    """The topology called, for instance, ``tree,3,3``."""
    return buildTopo(TOPOLOGIES, name)


def play(controller: str, datapath: str, name: str) -> None:
    """Build it, start it, ping when told to, and stop it when told to."""
    kind = "user" if datapath == "netdev" else "kernel"
    switch = partial(OVSSwitch, datapath=kind, failMode="secure")
    net = Mininet(topology(name), switch=switch, controller=None, autoSetMacs=True)
    net.addController("c0", RemoteController, ip=controller, port=6653)
    for host in net.hosts:
        host.cmd(f"ethtool -K {host.defaultIntf()} tx off")
    signal.pthread_sigmask(signal.SIG_BLOCK, ORDERS)
    net.start()
    try:
        print("started", flush=True)
        while signal.sigwait(ORDERS) == signal.SIGUSR1:
            began = time.monotonic()
            lost = net.pingAll(timeout="1")
            print(json.dumps({"lost": lost, "seconds": time.monotonic() - began}), flush=True)
    finally:
        net.stop()


if __name__ == "__main__":
    play(sys.argv[1], sys.argv[2], sys.argv[3])
