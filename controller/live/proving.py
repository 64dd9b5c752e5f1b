"""Proof of a recommendation: all that was seen is said again to the world as it would be, and what else it opens.

``Proof.over`` is what its rules allow and nobody was seen to do, one for each pair of identities, or identity and
block of addresses, and each port.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.live.touched import pace
from controller.policy.derived import Identity, Member, PolicySet, Posture, Ruling
from controller.policy.gates import Gates
from controller.policy.values import DIRECTIONS
from controller.policy.verdict import judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from controller.compiler.past import Glimpse, Reading
    from controller.live.observed import Observation
    from controller.policy.derived import Found
    from controller.policy.values import Direction

MOST = 100_000
"""Things that are allowed which are looked at; of more only that there are so many is told."""

Allowed = tuple[str, str, int, int]
"""The sender's identity or block of addresses, the receiver's, protocol and port."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How much of what was seen goes on, what of it does not, and what is allowed though it was never seen."""

    total: int
    refused: tuple[Observation, ...]
    over: int
    exact: bool

    @property
    def coverage(self) -> float:
        """The share of what was seen that goes on."""
        return 1.0 if not self.total else (self.total - len(self.refused)) / self.total


def prove(glimpse: Glimpse, seen: Sequence[Observation], policies: Sequence[str]) -> Proof:
    """Try it on the world as it would be with the policies (keys)."""
    breathe, gates, refused = pace(glimpse, len(seen)), Gates(), []
    for one in seen:
        breathe()
        if not judged(glimpse.after, one.said, gates).allowed:
            refused.append(one)
    permitted: set[Allowed] = set()
    for allowed in _permitted(glimpse.after, policies):
        permitted.add(allowed)
        if len(permitted) >= MOST:
            return Proof(len(seen), tuple(refused), MOST, exact=False)
    over = permitted - set(_done(glimpse.after, seen, permitted))
    return Proof(len(seen), tuple(refused), len(over), exact=True)


def _permitted(after: Reading, policies: Sequence[str]) -> Iterator[Allowed]:
    """What the rules of policies allow, one by one."""
    for policy in policies:
        ruling: Ruling | None = after.get(Ruling, policy)
        if ruling is None:
            continue
        sets = frozenset(after.where(PolicySet, "policy", policy))
        for direction in DIRECTIONS:
            founds = [found for rule in ruling.rules(direction) for found in rule]
            for identity in _guarded(after, sets, direction):
                for found in founds:
                    yield from _each(found, str(identity.number), direction)


def _guarded(after: Reading, sets: frozenset[str], direction: Direction) -> Iterator[Identity]:
    """The identities whose guard in a direction is one of these."""
    for key in list(after.keys(Identity)):
        posture: Posture | None = after.get(Posture, f"{key}|{direction}")
        identity: Identity | None = after.get(Identity, key)
        if posture is not None and identity is not None and posture.guard in sets:
            yield identity


def _ends(guarded: str, peer: str, direction: Direction) -> tuple[str, str]:
    return (guarded, peer) if direction == "egress" else (peer, guarded)


def _each(found: Found, guarded: str, direction: Direction) -> Iterator[Allowed]:
    if found.action != "allow":
        return
    peers = [*map(str, found.identities), *found.blocks]
    for service in found.services:
        for first, last in service.ports or ((0, 0),):
            for port in range(first, last + 1):
                yield from ((*_ends(guarded, peer, direction), service.protocol, port) for peer in peers)


def _done(after: Reading, seen: Sequence[Observation], permitted: set[Allowed]) -> Iterator[Allowed]:
    """What of that was seen to be done."""
    blocks: dict[int, list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]]] = {}
    for text in {end for one in permitted for end in one[:2] if "/" in end}:
        block = ipaddress.ip_network(text)
        blocks.setdefault(block.version, []).append((block, text))
    for one in (side for observed in seen for side in observed.sides):
        guarded = _number(after, one.port)
        if guarded is None:
            continue
        known = _number(after, one.peer) if one.peer is not None else None
        address = ipaddress.ip_address(one.address)
        peers = [text for block, text in blocks.get(address.version, ()) if address in block]
        for peer in (*peers, *((known,) if known is not None else ())):
            yield *_ends(guarded, peer, one.direction), one.said.protocol, one.said.target_port


def _number(after: Reading, port: str) -> str | None:
    member: Member | None = after.get(Member, port)
    identity: Identity | None = None if member is None else after.get(Identity, member.identity)
    return None if identity is None else str(identity.number)
