"""What relations make of policy: who is alike, what guards a port, and rules with their peers found.

Nobody writes these: ``apps.identities`` and ``apps.guards`` derive them, features turn them into flows, and
``controller.policy`` judges by them who reaches whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controller.policy.values import Action, Direction, Labels, Policy, Service

NamedPorts = tuple[tuple[str, int, int], ...]
"""Name, protocol and number of the ports that a machine names itself, sorted."""


@dataclass(frozen=True, slots=True)
class Member:
    """Which identity (its key) a port (the member's key) is of; ``project`` is the identity's."""

    key: str
    identity: str
    project: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Ports that no selector can tell apart. ``number`` has 32 bits; ``port`` is a key where a selector names one."""

    key: str
    number: int
    project: str
    network: str
    labels: Labels
    groups: tuple[str, ...]
    named: NamedPorts
    port: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """A policy (its key) without what its rules ask of whom: that changes neither whom it guards nor in what order.

    ``policy`` has its rules' names and actions only. ``names`` are the ports named in its rules for what comes in.
    """

    key: str
    policy: Policy
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The policies (their keys) that apply together to ports alike in one direction; the key is the guard's."""

    key: str
    project: str
    direction: Direction
    policies: tuple[str, ...]
    named: NamedPorts


@dataclass(frozen=True, slots=True)
class Stage:
    """A tier as a guard goes through it: what is tried, in order, and whether what is left over is let on."""

    tier: str
    policies: tuple[str, ...]
    lets_on: bool


@dataclass(frozen=True, slots=True)
class Guard:
    """All that applies to ports alike in one direction, stage by stage; ``number`` plus a stage's place is the stage's.

    ``rehearsal`` are the stages with the audited policies as if they were enforced; empty where none is audited.
    ``named`` are the ports that those it guards name themselves.
    """

    key: str
    number: int
    project: str
    direction: Direction
    stages: tuple[Stage, ...]
    rehearsal: tuple[Stage, ...]
    named: NamedPorts

    @property
    def first_rehearsed(self) -> int:
        """The number of the first stage of the rehearsal, behind the number of the end of the others."""
        return self.number + len(self.stages) + 1


@dataclass(frozen=True, slots=True)
class Posture:
    """The guard (its key) of an identity in one direction; the posture's key is ``identity|direction``.

    ``text`` is what the guard's key is a hash of (``apps.guards``).
    """

    key: str
    identity: str
    project: str
    guard: str
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a port that is plugged in (its key) stands: its numbers in registers, each 0 where there is none.

    ``realm`` is the VNI that stands for its realm, ``zone`` its own conntrack zone.
    """

    key: str
    project: str
    realm_key: str
    chassis: str
    realm: int
    zone: int
    identity: int
    ingress: int
    egress: int
    guards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """That a chassis has ports with a guard; its key is ``guard@chassis``."""

    key: str
    guard: str
    chassis: str


@dataclass(frozen=True, slots=True)
class Found:
    """A rule with its peers found: the numbers of identities, and blocks of addresses without exceptions.

    ``anybody``: whoever it is. ``machines``: any machine of ours. ``number`` has 32 bits (``numbers.rule_number``).
    """

    name: str
    number: int
    action: Action
    anybody: bool
    machines: bool
    identities: tuple[int, ...]
    blocks: tuple[str, ...]
    services: tuple[Service, ...]
    log: bool


@dataclass(frozen=True, slots=True)
class Ruling:
    """A policy (its key) with the peers of its rules found: what each rule, in the order written, comes to.

    A rule comes to more than one where it speaks of ports that its peers name themselves.
    """

    key: str
    ingress: tuple[tuple[Found, ...], ...]
    egress: tuple[tuple[Found, ...], ...]

    def rules(self, direction: Direction) -> tuple[tuple[Found, ...], ...]:
        """Those of one direction."""
        return self.ingress if direction == "ingress" else self.egress


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a policy's rules of one direction are tried in one stage, as ``Placement`` has it.

    ``places`` are in the order in which the rules are written.
    """

    stage: int
    following: int
    enforced: bool
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rank:
    """Where a policy stands in a guard, key ``policy|guard``; ``named`` are the guard's."""

    key: str
    policy: str
    guard: str
    direction: Direction
    named: NamedPorts
    audited: bool
    stands: tuple[Stand, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """A rule where a guard tries it; key ``policy|direction|index|guard|stage``, the policy's key before the first bar.

    ``stage`` is the stage's number in GUARD, ``following`` that of the stage behind it, ``place`` from 0 the rule's
    order in its stage. ``audited``: what it decides is counted and logged only, its policy being in audit mode.
    ``enforced`` is False for stages of a rehearsal.
    """

    key: str
    guard: str
    stage: int
    following: int
    place: int
    founds: tuple[Found, ...]
    enforced: bool
    audited: bool
