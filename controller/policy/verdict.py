"""Verdicts: whether one packet may begin a conversation, and which rule says so on each side.

They are about packets that begin something; what belongs to a connection that was let begin passes without being asked
about (``apps.policy_stages``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.entities import Port
from controller.policy.derived import Identity, Member
from controller.policy.gates import Gates, address
from controller.policy.reach import spans
from controller.policy.values import DISCOVERY, ICMPV6, LISTENERS, UDP

if TYPE_CHECKING:
    from controller.compiler.past import Reading
    from controller.policy.services import Services
    from controller.policy.values import Direction

_SIGNALS = frozenset(DISCOVERY + LISTENERS)
_ASKING_LEASES = {(UDP, 68, 67), (UDP, 546, 547)}
"""Protocol, source and destination port of DHCP and DHCPv6 clients."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A packet that begins something; ``sender`` and ``receiver`` are keys of ports, None for who is none of ours.

    Of ICMP, ``target_port`` is type << 8 | code; ports that a protocol does not have are 0.
    """

    sender: str | None
    receiver: str | None
    source: str
    target: str
    protocol: int
    source_port: int
    target_port: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it passes; ``egress`` and ``ingress`` are the names of what decides on the sender's and receiver's side.

    A name is like ``Policy:acme/x#rule`` or ``default of application``, None where nothing is said.
    """

    allowed: bool
    egress: str | None
    ingress: str | None


def judged(reading: Reading, said: Conversation, gates: Gates | None = None) -> Verdict:
    """The verdict on a conversation; who asks about many gives ``gates`` to be used again."""
    judge = _Judge(reading, said, gates or Gates())
    sent, egress = judge.side("egress")
    got, ingress = judge.side("ingress")
    return Verdict(sent and got, egress, ingress)


def heard(
    reading: Reading, said: Conversation, direction: Direction, gates: Gates | None = None
) -> tuple[bool, str | None]:
    """The verdict of one side alone, the sender's (egress) or the receiver's, and what says so."""
    return _Judge(reading, said, gates or Gates()).side(direction)


@dataclass(frozen=True, slots=True)
class _Judge:
    """One conversation, seen from both sides."""

    reading: Reading
    said: Conversation
    gates: Gates

    def side(self, direction: Direction) -> tuple[bool, str | None]:
        """Whether one side lets it pass, and what says so."""
        said, sending = self.said, direction == "egress"
        guarded, peer = (said.sender, said.receiver) if sending else (said.receiver, said.sender)
        if guarded is None or self._exempt(sending=sending):
            return True, None
        identity = self._identity(guarded)
        if identity is None:
            return False, None
        gate = self.gates.of(self.reading, identity, direction)
        span = address(said.target if sending else said.source)
        return gate.decides(gate.sort(self._number(peer, direction), span), self._asked)

    def _exempt(self, *, sending: bool) -> bool:
        """Whether no policy is asked about it."""
        said = self.said
        if said.protocol == ICMPV6 and said.target_port >> 8 in _SIGNALS:
            return True
        return sending and (said.protocol, said.source_port, said.target_port) in _ASKING_LEASES

    def _asked(self, services: Services) -> bool:
        said = self.said
        return services.holds(said.protocol, said.source_port, said.target_port)

    def _identity(self, port: str) -> Identity | None:
        member = self.reading.get(Member, port)
        found: Identity | None = None if member is None else self.reading.get(Identity, member.identity)
        return found

    def _number(self, peer: str | None, direction: Direction) -> int:
        """The peer's number as the switch knows it: of who is sent to by the address, if that is its own."""
        identity = None if peer is None else self._identity(peer)
        if peer is None or identity is None:
            return 0
        if direction == "ingress":
            return identity.number
        target, port = address(self.said.target), self.reading.get(Port, peer)
        own = port is not None and any(known and span == target for span, known in spans(port, direction))
        return identity.number if own else 0
