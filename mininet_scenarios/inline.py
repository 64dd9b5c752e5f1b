"""A middlebox on a hypervisor, and machines that are led through it on their way outside and from there.

It sees them by their own addresses, wherever those are translated; who sends and who receives sees nothing of it.
"""

from __future__ import annotations

import sys
from socket import inet_aton
from typing import TYPE_CHECKING, Any

from mininet_scenarios import links, rest, tenants
from mininet_scenarios.cable import RELAY, pair
from mininet_scenarios.command import until
from mininet_scenarios.wire import Wire

if TYPE_CHECKING:
    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.rest import Rest

SIDES = ("in", "out")


class Inline:
    """A machine between two ports of a tenant, ``NAME-in`` and ``NAME-out``, that hands frames on as they are."""

    def __init__(self, lab: Lab, host: Hypervisor, tenant: str, name: str) -> None:
        self.name = name
        self.tenant = tenant
        self.machine = lab.station(name)
        for side in SIDES:
            self._plug(host, side)
        output, order = (lab.directory.path / f"{name}.{kind}" for kind in ("relay", "order"))
        order.write_text("0")
        self.machine.spawn(sys.executable, RELAY, *SIDES, str(order), output=output)
        until(lambda: "carrying" in output.read_text(), 10, f"{name} hands frames on")
        self._wires = tuple(Wire(self, side) for side in SIDES)

    def _plug(self, host: Hypervisor, side: str) -> None:
        port = f"{self.name}-{side}"
        pair((self.machine, side), (host.machine, port))
        self.machine.run("sysctl", "-qw", f"net.ipv6.conf.{side}.disable_ipv6=1")
        self.machine.run("ip", "link", "set", side, "up")
        host.machine.run("ip", "link", "set", port, "up")
        bound = f"external_ids:iface-id={self.tenant}/{port}"
        host.ovs.vsctl("add-port", "br-int", port, "--", "set", "Interface", port, bound)

    def ask(self, client: Rest, network: str, number: int) -> None:
        """Its ports, on a network of the tenant, by which nobody else is reached."""
        made = [
            rest.port(self.tenant, f"{self.name}-{side}", network, f"02:00:00:00:0{place}:{number:02x}")
            for place, side in enumerate(SIDES, 1)
        ]
        client.apply(*made)
        tenants.wait_ready(client, self.tenant, *(f"{self.name}-{side}" for side in SIDES))

    def lead(self, client: Rest, match: dict[str, Any]) -> None:
        """Have all that matches, and what answers it, led through it alone, and wait until that is so."""
        hop = {side: f"{self.name}-{side}" for side in SIDES}
        client.apply(rest.resource("ServiceChain", self.tenant, "led", {"match": match, "hops": [hop]}))
        path = f"/projects/{self.tenant}/servicechains/led"
        until(lambda: links.settled(client.get(path)["status"]), 10, "the chain is Ready")

    def release(self, client: Rest) -> None:
        """Lead nothing through it any more."""
        client.delete(f"/projects/{self.tenant}/servicechains/led")

    def passed(self, source: str, target: str) -> tuple[bool, bool]:
        """Whether it was given IPv4 packets between two addresses at its ``in``, and their answers at its ``out``.

        Since it was asked last.
        """
        there, back = inet_aton(source) + inet_aton(target), inet_aton(target) + inet_aton(source)
        heard = [wire.received() for wire in self._wires]
        return any(there in frame for frame in heard[0]), any(back in frame for frame in heard[1])
