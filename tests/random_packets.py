"""Random packets of one machine: mostly honest, else with MACs and addresses of the same few that all use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from controller.addresses import link_local
from controller.flow import fields as f
from tests import packets
from tests.packets import BROADCAST, NO_MAC, Packet
from tests.worlds import mac

if TYPE_CHECKING:
    from random import Random

MACS = tuple(mac(number) for number in (1, 2, 3, 4, 5, 0x99))
GROUPS = (BROADCAST, "33:33:00:00:00:01", "01:00:5e:00:00:fb")
V4 = (*(f"10.0.0.{number}" for number in range(1, 6)), "10.0.0.9", "10.0.9.7", "10.0.12.1", "0.0.0.0")
V6 = (
    *(f"fd00::{number}" for number in range(1, 6)),
    *(link_local(mac(number)) for number in (1, 2, 3, 4, 5, 0x77)),
    *("fd00:9::5", "fd00::9", "fe80::1", "::"),
)
PORTS = ((68, 67), (5000, 4789), (67, 68))


class Machine(NamedTuple):
    """Who sends: ``mac(number)``, 10.0.0.N, fd00::N; ``rng`` decides everything."""

    rng: Random
    number: int

    def mostly(self, usual: str, others: tuple[str, ...]) -> str:
        """What is usual, three times out of four."""
        return usual if self.rng.randrange(4) else self.rng.choice(others)

    @property
    def mac(self) -> str:
        return self.mostly(mac(self.number), MACS)

    @property
    def target(self) -> str:
        return self.rng.choice((*MACS, *GROUPS))

    @property
    def v4(self) -> str:
        return self.mostly(f"10.0.0.{self.number}", V4)

    @property
    def v6(self) -> str:
        return self.mostly(self.rng.choice((f"fd00::{self.number}", link_local(mac(self.number)))), V6)


def arp(sender: Machine) -> Packet:
    """A request or a reply."""
    operation, outside = sender.rng.choice((1, 1, 2)), sender.mac
    inside = (sender.mostly(outside, MACS), sender.v4)
    return packets.arp(outside, sender.target, operation, inside, (NO_MAC, sender.rng.choice(V4)))


def neighbour_message(sender: Machine) -> Packet:
    """Solicitations, advertisements, and what only routers send."""
    outside, source, target = sender.mac, sender.v6, sender.rng.choice(V6)
    told = sender.mostly(outside, (*MACS, NO_MAC))
    match sender.rng.choice((135, 135, 135, 136, 136, 134, 137)):
        case packets.SOLICITATION:
            return packets.solicitation(outside, source, target, told)
        case packets.ADVERTISEMENT:
            return packets.advertisement(outside, sender.target, source, sender.mostly(source, V6), told)
        case kind:
            return packets.from_router(outside, kind)


def ordinary(sender: Machine) -> Packet:
    """UDP, TCP and ICMPv6 echo."""
    source, destination = sender.rng.choice(((sender.v4, sender.rng.choice(V4)), (sender.v6, sender.rng.choice(V6))))
    match sender.rng.choice(("udp", "tcp", "echo")):
        case "udp":
            return packets.udp(sender.mac, sender.target, source, destination, sender.rng.choice(PORTS))
        case "echo" if ":" in source:
            return packets.icmpv6(sender.mac, sender.target, source, destination, 128)
        case _:
            return packets.ip(sender.mac, sender.target, source, destination)


def other(sender: Machine) -> Packet:
    """A frame of another kind."""
    return packets.frame(sender.mac, sender.target, 0x88B5)


def any_packet(sender: Machine) -> Packet:
    """One of these; now and then tagged."""
    kinds = (arp, arp, neighbour_message, neighbour_message, ordinary, ordinary, ordinary, other)
    packet = sender.rng.choice(kinds)(sender)
    return packet if sender.rng.randrange(16) else packets.tagged(packet, sender.rng.choice((0, 7)))


def tells(packet: Packet) -> int:
    """The MAC that an answer tells."""
    return packet[f.ARP_SHA] if packet[f.ETH_TYPE] == f.ETH_ARP else packet[f.ND_TLL]
