"""One machine that speaks to another: what its frames begin with, and the words by which they are found again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

if TYPE_CHECKING:
    from scapy.packet import Packet

    from mininet_scenarios.vm import Vm

OPEN = 4000
"""The one port, TCP, UDP and SCTP, at which a friend is let in."""
SHUT = 4001
Named = dict[str, "Packet | bytes"]


@dataclass(frozen=True, slots=True)
class Way:
    """Who speaks to whom, at which port; each way has source ports of its own."""

    source: Vm
    victim: Vm
    port: int
    first: int

    def ethernet(self, target: str = "") -> Ether:
        """A frame to the victim's own MAC, or to another."""
        return Ether(src=self.source.nic.mac, dst=target or self.victim.nic.mac)

    def ipv4(self, **fields: object) -> IP:
        """An IPv4 packet."""
        return IP(**{"src": self.source.ipv4, "dst": self.victim.ipv4, **fields})

    def ipv6(self, **fields: object) -> IPv6:
        """An IPv6 packet."""
        return IPv6(**{"src": self.source.ipv6, "dst": self.victim.ipv6, **fields})

    def udp(self, at: int) -> UDP:
        """A datagram's header, for the port of this way."""
        return UDP(sport=self.first + at, dport=self.port)

    def tcp(self, at: int, flags: str) -> TCP:
        """A segment's header."""
        return TCP(sport=self.first + at, dport=self.port, flags=flags, seq=1000, ack=1000)

    def token(self, what: str) -> str:
        """What is found at the other end (``forgery.tokens``)."""
        return f"{self.source.name} to {self.victim.name}: {what}"

    def words(self, what: str) -> bytes:
        """The same as frames have it inside."""
        return f"<<{self.token(what)}>>".encode()


def signed(way: Way, frames: Named) -> dict[str, bytes]:
    """Frames by their tokens; those that are bytes have their words inside already."""
    return {
        way.token(what): frame if isinstance(frame, bytes) else bytes(frame / Raw(way.words(what)))
        for what, frame in frames.items()
    }
