"""What services are given and what they make of it, as values: no service does anything itself, nor reads a clock.

A responder is a function of a punted packet, the facts and the time. It yields outcomes; its caller carries them out.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from controller.derived import Endpoint

if TYPE_CHECKING:
    from controller.entities import Neighbour

DHCP, DHCP6, SOLICITATION, DNS, EXPIRED, TOO_LARGE, UNRESOLVED, HEARD, PROBE, EXHAUSTED, REJECTED, LOGGED = range(1, 13)
"""Why a packet was punted, as the pipeline's register says it (``apps/registers.py``)."""
REASONS = (
    *("dhcp", "dhcp6", "solicitation", "dns", "expired", "too_large", "unresolved", "heard", "probe", "exhausted"),
    *("rejected", "logged"),
)
Registers = tuple[tuple[int, int], ...]
"""Numbers of registers and what they hold."""
State = Literal["offered", "bound", "released", "declined", "expired"]


class Facts(Protocol):
    """What the compiler's store knows (``controller.store.Store``)."""

    def get(self, kind: type, key: str) -> Any | None:
        """The entity, or None."""

    def where(self, kind: type, index: str, value: Hashable) -> tuple[str, ...]:
        """The keys of the entities under an index value."""


@dataclass(frozen=True, slots=True)
class Punt:
    """A packet that a switch handed up: from which chassis and port, why, and what the pipeline knew of it.

    ``network`` is a VNI, ``router`` a router's number, ``next_hop`` the address that it was to be handed to as a
    number, each 0 where there is none; ``registers`` are those that a packet needs to go on. ``out_port`` is the port
    here that it was for, 0 where that was not known yet, and ``rule`` the number of the rule that decided.
    """

    chassis: str
    in_port: int
    reason: int
    frame: bytes
    network: int = 0
    router: int = 0
    next_hop: int = 0
    registers: Registers = ()
    out_port: int = 0
    rule: int = 0


@dataclass(frozen=True, slots=True)
class ToPorts:
    """Straight out of these ports of the bridge."""

    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Resumed:
    """On from where the packet was taken out: to look for its next hop's MAC; behind that where it is ``resolved``."""

    registers: Registers
    resolved: bool = False


@dataclass(frozen=True, slots=True)
class Outwards:
    """Out of a router, of this number, as an answer to what came in through it: translated as that was."""

    router: int


@dataclass(frozen=True, slots=True)
class OntoSegment:
    """Onto the physical segment of the external network with this VNI."""

    network: int


@dataclass(frozen=True, slots=True)
class Onwards:
    """Into the network with this VNI, behind all that checks senders, as if a machine of this identity had sent it."""

    network: int
    sender: int


Way = ToPorts | Resumed | Outwards | OntoSegment | Onwards


@dataclass(frozen=True, slots=True)
class Emission:
    """A frame that a chassis' bridge is to send, and which way."""

    chassis: str
    frame: bytes
    way: Way


@dataclass(frozen=True, slots=True)
class Lease:
    """How an address of a port stands with its machine, which calls itself ``hostname``; seconds since 1970."""

    port: str
    network: str
    chassis: str
    mac: str
    address: str
    hostname: str
    state: State
    since: float
    expires: float | None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The machine took another server's offer: ours is none any more."""

    port: str
    address: str


@dataclass(frozen=True, slots=True)
class Learned:
    """A machine outside told its MAC."""

    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A machine outside answers no more; the key of its Neighbour."""

    key: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An address of a port is claimed by somebody else: ``by`` is a port's key, or the name of the segment."""

    port: str
    address: str
    mac: str
    by: str


@dataclass(frozen=True, slots=True)
class Exhausted:
    """A router (the key of its Exit) had no port left for a connection, on the chassis that translates."""

    router: str
    chassis: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question about names that the network does not know, for the resolvers outside; ``reply`` frames the answer."""

    source: str
    wire: bytes
    reply: Callable[[bytes], Emission]


@dataclass(frozen=True, slots=True)
class Logged:
    """What a rule that logs decided of a packet: ``sender`` and ``receiver`` are ports' keys, "" where none of ours.

    Of ICMP, ``target_port`` is ``type << 8 | code``.
    """

    rule: int
    chassis: str
    protocol: int
    source: str
    source_port: int
    target: str
    target_port: int
    sender: str
    receiver: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """The packet gets no answer, and why."""

    why: Literal["malformed", "spoofed", "unserved"]


Outcome = Emission | Lease | Withdrawn | Learned | Forgotten | Duplicate | Exhausted | Question | Logged | Ignored


Responder = Callable[[Punt, Facts, float], Iterator[Outcome]]
"""Answers packets that were punted for one reason, at a time in seconds; raises for nothing in their bytes."""


def sender(punt: Punt, facts: Facts) -> Endpoint | None:
    """The port that the packet came from, by where it is plugged in and by nothing that the packet says."""
    return at(punt.chassis, punt.in_port, facts)


def at(chassis: str, ofport: int, facts: Facts) -> Endpoint | None:
    """The port that is plugged in there."""
    for key in facts.where(Endpoint, "place", (chassis, ofport)):
        found = facts.get(Endpoint, key)
        if isinstance(found, Endpoint):
            return found
    return None
