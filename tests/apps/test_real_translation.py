"""Open vSwitch routes and translates packets, one after the other, as the interpreter says that it does."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.derived import HOST_MAC
from controller.flow import fields as f
from tests import packets as p
from tests.compiled import compiled
from tests.frames import read, wire
from tests.routed_worlds import (
    DOOR_MAC,
    EDGE_MAC,
    FLOATING_MAC,
    GATEWAY_MAC,
    HOST_ONLY_MAC,
    HOST_ONLY_PORT,
    INNER,
    LINK_PORT,
    SEGMENT_PORT,
    routed_world,
)
from tests.walk import Bridge
from tests.wires import Wires
from tests.worlds import TUNNELS, mac

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from controller.flow.flow import Flow
    from tests.packets import Packet
    from tests.real_switch import RealSwitch

pytestmark = pytest.mark.system
TUNNEL_PORTS = tuple(ofport for _, ofport in TUNNELS)


class Machine(NamedTuple):
    """Who sends by a port: its MAC, what it may call itself, and the MACs that it sends to."""

    port: int
    mac: str
    addresses: tuple[str, ...]
    targets: tuple[str, ...]
    vlan: int = 0


OUTSIDE = Machine(
    SEGMENT_PORT,
    GATEWAY_MAC,
    ("203.0.113.9", "192.0.2.1", "2001:db8:1::9"),
    (EDGE_MAC, EDGE_MAC, FLOATING_MAC, mac(0x51)),
    100,
)
MACHINES = {
    "hv1": (
        Machine(1, mac(1), ("10.0.0.1", "fd00::1"), (EDGE_MAC, mac(2))),
        Machine(4, mac(0x22), ("10.0.2.1",), (INNER.mac,)),
        Machine(5, mac(0x31), ("10.5.0.10", "fd05::10"), (DOOR_MAC,)),
        Machine(6, mac(0x41), ("10.6.0.10",), (HOST_ONLY_MAC,)),
        Machine(LINK_PORT, HOST_MAC, ("169.254.64.1", "203.0.113.9"), (DOOR_MAC,)),
        Machine(HOST_ONLY_PORT, HOST_ONLY_MAC, ("10.6.0.1",), (mac(0x41),)),
        OUTSIDE,
    ),
    "hv2": (
        Machine(2, mac(2), ("10.0.0.2", "fd00::2"), (EDGE_MAC, mac(1))),
        Machine(3, mac(0x21), ("10.0.1.1", "fd00:1::1"), (EDGE_MAC, INNER.mac)),
        Machine(7, mac(0x51), ("192.0.2.30",), (GATEWAY_MAC, EDGE_MAC)),
        OUTSIDE,
    ),
}
TARGETS = (
    *("10.0.0.1", "10.0.0.2", "10.0.1.1", "10.0.2.1", "10.0.0.254", "10.0.1.254", "10.5.0.10", "10.5.0.1", "10.6.0.10"),
    *("192.0.2.10", "192.0.2.20", "192.0.2.30", "192.0.2.1", "192.0.2.99", "203.0.113.9", "198.51.100.7"),
    *("169.254.64.9", "fd00::1", "fd00::2", "fd00:1::1", "fd00::fe", "2001:db8:1::9", "2001:db8::10"),
)
PORTS = (80, 8080, 6005, 21, 8000)


def question(machine: Machine, rng: Random) -> Packet:
    """A packet of a machine's own."""
    source = rng.choice(machine.addresses)
    target = rng.choice([address for address in TARGETS if (":" in address) == (":" in source)])
    ends, ports = (machine.mac, rng.choice(machine.targets), source, target), (4000, rng.choice(PORTS))
    match rng.choice(("tcp", "udp", "ping")):
        case "tcp":
            packet = p.tcp(*ends, ports, flags=rng.choice((p.SYN, p.SYN, p.ACK)))
        case "udp":
            packet = p.udp(*ends, ports)
        case _:
            packet = p.ping(*ends)
    aged = p.aged(packet, rng.choice((64, 64, 64, 64, 2, 1)))
    return p.tagged(aged, machine.vlan) if machine.vlan else aged


class Host:
    """One chassis of the world in both: Open vSwitch and the interpreter."""

    def __init__(self, wires: Wires, flows: list[Flow]) -> None:
        self._wires, self._bridge = wires, Bridge(flows)
        wires.hold(flows)

    def send(self, port: int, packet: Packet) -> list[tuple[int, Packet]]:
        """What both make of a packet. Which port of several a connection gets, Open vSwitch may choose."""
        frame = wire(packet)
        found = [(at, read(one)) for at, one in self._wires.send(port, frame)]
        chosen = [out.get(f.TCP_SRC, out.get(f.UDP_SRC)) for _, out in found]
        self._bridge.connections.wanted = chosen[0] if chosen else None
        walk = self._bridge.walk(packet | {p.LENGTH: len(frame)}, port)
        assert found == sorted(((at, read(wire(one))) for at, one in walk.outputs), key=lambda out: out[0])
        assert walk.lost == []
        return found


@cache
def flows(chassis: str) -> list[Flow]:
    return list(compiled(routed_world()).catalogue.flows(chassis))


@pytest.fixture(scope="module")
def wires(real_switch: RealSwitch) -> Iterator[Wires]:
    ports = {machine.port for machines in MACHINES.values() for machine in machines}
    made = Wires(real_switch, (*ports, *TUNNEL_PORTS))
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("name", MACHINES)
@given(rng=st.randoms(use_true_random=True))
@settings(max_examples=15)
def test_conversations_of_all_who_are_plugged_in_and_of_the_world_outside(wires: Wires, name: str, rng: Random) -> None:
    host = Host(wires, flows(name))
    arrived: list[tuple[int, Packet]] = []
    for _ in range(30):
        if arrived and rng.randrange(2):
            port, packet = rng.choice(arrived)
            packet = p.answer(packet)
        else:
            machine = rng.choice(MACHINES[name])
            port, packet = machine.port, question(machine, rng)
        arrived += [out for out in host.send(port, packet) if out[0] not in TUNNEL_PORTS]
