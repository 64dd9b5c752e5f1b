"""Pipeline: what of the tables and registers services have to know, to read punts and to put packets back.

The composition root makes the one value of it from ``apps.pipeline`` and ``apps.registers``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from controller.flow.actions import output, set_field
from controller.services.outcome import OntoSegment, Onwards, Outwards, Punt, Resumed, ToPorts, Way

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controller.flow.actions import Action
    from controller.flow.actions import Resubmit as Entrance
    from controller.flow.fields import Field


class Packet(Protocol):
    """A packet-in (``controller.southbound.packets.PacketIn``)."""

    @property
    def frame(self) -> bytes:
        """The frame, as the pipeline had made it by then."""

    @property
    def in_port(self) -> int:
        """The port that it came in by."""

    @property
    def registers(self) -> Mapping[int, int]:
        """Registers by number; those that hold 0 may be left out."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Registers by what they hold, the values that say where packets come from and go, and where packets enter again.

    ``next_hop`` are the registers of an IPv6 next hop, the highest bits first; an IPv4 one is in the last.
    """

    reason: Field
    network: Field
    origin: Field
    via: Field
    router: Field
    next_hop: tuple[Field, ...]
    sender: Field
    out_port: Field
    rule: Field
    registers: tuple[Field, ...]
    from_port: int
    via_segment: int
    resolve: Entrance
    resolved: Entrance
    outwards: Entrance
    deliver: Entrance
    onwards: Entrance

    def punt(self, chassis: str, packet: Packet) -> Punt:
        """A packet-in as services read it."""
        held = packet.registers
        hop = 0
        for register in self.next_hop:
            hop = hop << register.bits | _held(register, held)
        network, router = _held(self.network, held), _held(self.router, held)
        kept = tuple(sorted((number, value) for number, value in held.items() if number != self.reason.register))
        reason, out_port, rule = (_held(register, held) for register in (self.reason, self.out_port, self.rule))
        return Punt(chassis, packet.in_port, reason, packet.frame, network, router, hop, kept, out_port, rule)

    def actions(self, way: Way) -> tuple[Action, ...]:
        """The actions that send a frame this way."""
        match way:
            case ToPorts(ports=ports):
                return tuple(output(port) for port in ports)
            case Resumed(registers=held, resolved=resolved):
                set_again = (set_field(self.registers[number], value) for number, value in held)
                return (*set_again, self.resolved if resolved else self.resolve)
            case Outwards(router=router):
                return set_field(self.router, router), set_field(self.origin, self.from_port), self.outwards
            case Onwards(network=network, sender=sender):
                whence = set_field(self.network, network), set_field(self.origin, self.from_port)
                return *whence, set_field(self.sender, sender), self.onwards
            case OntoSegment(network=network):
                return set_field(self.network, network), set_field(self.via, self.via_segment), self.deliver


def _held(register: Field, held: Mapping[int, int]) -> int:
    return held.get(register.register if register.register is not None else -1, 0)
