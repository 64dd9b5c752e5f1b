"""One and the same packet, sent again and again, as a machine does that was not answered or does not give up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

from mininet_scenarios.wire import Wire, collect

if TYPE_CHECKING:
    from mininet_scenarios.vm import Vm

PAUSE = 0.05


def syn(source: Vm, target: Vm, port: int, source_port: int) -> bytes:
    """The first packet of a TCP connection, between machines of one network."""
    ethernet = Ether(src=source.nic.mac, dst=target.nic.mac)
    return bytes(ethernet / IP(src=source.ipv4, dst=target.ipv4) / TCP(sport=source_port, dport=port, flags="S", seq=7))


def arrivals(source: Vm, target: Vm, frame: bytes, times: int) -> int:
    """How often a TCP frame is found at its target when it is sent ``times`` times."""
    sent = Ether(frame)[TCP]
    wanted = (sent.sport, sent.dport, sent.flags)
    with Wire(source) as here, Wire(target) as there:
        there.received()
        found: list[bytes] = []
        for _ in range(times):
            here.send(frame)
            found += collect([there], PAUSE)[target.name]
        found += collect([there])[target.name]
    layers = [Ether(one) for one in found]
    return sum((one[TCP].sport, one[TCP].dport, one[TCP].flags) == wanted for one in layers if TCP in one)
