"""What users ask of policy, whatever kind of document they wrote: one form, which relations and judges read.

A SecurityGroup is a policy that applies to its members, a Kubernetes NetworkPolicy one that applies to what it
selects: after ``controller.intent`` nobody needs to know which it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, Direction] = ("ingress", "egress")
Action = Literal["allow", "deny", "reject", "pass"]
Operator = Literal["In", "NotIn", "Exists", "DoesNotExist"]
Labels = tuple[tuple[str, str], ...]
"""Pairs of key and value, sorted by key."""
Range = tuple[int, int]
"""Both ends included."""

TCP, UDP, SCTP, ICMP, ICMPV6 = 6, 17, 132, 1, 58
WITH_PORTS = frozenset((TCP, UDP, SCTP))
DISCOVERY = (133, 134, 135, 136, 137)
"""ICMPv6 types of neighbour discovery (RFC 4861), which no policy forbids."""
LISTENERS = (130, 131, 132, 143)
"""Those of multicast listener discovery (RFC 2710, 3; RFC 3810, 5), which none forbids either."""
PROTOCOLS = {"tcp": TCP, "udp": UDP, "sctp": SCTP, "icmp": ICMP, "icmpv6": ICMPV6}
"""The numbers of protocols that users call by name."""
PROTOCOL_NAMES = {number: name for name, number in PROTOCOLS.items()}


@dataclass(frozen=True, slots=True, order=True)
class Requirement:
    """A condition on labels; ``values`` are empty for Exists and DoesNotExist. NotIn holds where the key is absent.

    The order has no meaning but that the same conditions can be written in one.
    """

    key: str
    operator: Operator
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Machines:
    """Ports by what they are; everything that is given must hold.

    ``projects`` are names, None: of any project; ``project_labels`` are conditions on the project's own labels.
    ``networks`` and ``ports`` are keys, ``groups`` keys of SecurityGroups; a port must be of one of each that is given.
    """

    projects: tuple[str, ...] | None
    project_labels: tuple[Requirement, ...] = ()
    labels: tuple[Requirement, ...] = ()
    networks: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """The addresses of a block but those of other blocks inside it."""

    cidr: str
    excepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """The addresses of an AddressGroup, by its key; none while there is no such group."""

    group: str


Peer = Machines | Block | Listed


@dataclass(frozen=True, slots=True)
class Service:
    """Packets of one protocol (its number). ``ports`` are destination ports, ``sources`` source ports; empty: any.

    Of ICMP, ``ports`` are ranges of ``type << 8 | code``. ``names`` are ports that each receiver names itself
    (``Port.named_ports``); a service that has only names holds for nobody who names none of them.
    """

    protocol: int
    ports: tuple[Range, ...] = ()
    sources: tuple[Range, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of new connections with these peers for these services; None is anybody, () any service.

    ``peers`` that are an empty tuple are nobody. ``name`` is unique in its policy and direction.
    """

    name: str
    action: Action
    peers: tuple[Peer, ...] | None
    services: tuple[Service, ...] = ()
    log: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy; ``kind`` and the resource's own key make its key, like ``NetworkPolicy:acme/web``.

    A direction that is None it does not speak of; with () it does, and allows nothing. ``priority``: the lower goes
    first. ``audit``: counted and logged, never enforced. ``cut``: connections that a change of it denies are ended.
    """

    key: str
    uid: str
    kind: str
    project: str
    name: str
    tier: str
    priority: int
    applied_to: tuple[Machines, ...]
    ingress: tuple[Rule, ...] | None
    egress: tuple[Rule, ...] | None
    audit: bool = False
    cut: bool = False

    def rules(self, direction: Direction) -> tuple[Rule, ...] | None:
        """Those of one direction; None where it does not speak of it."""
        return self.ingress if direction == "ingress" else self.egress


@dataclass(frozen=True, slots=True)
class AddressGroup:
    """Addresses under a name, ``project/name``."""

    key: str
    uid: str
    cidrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of evaluation, the lowest ``order`` first; ``default`` is for what none of its rules speaks of.

    ``listed``: rules of one priority are taken policy by policy in the order in which they are written, and not deny
    before allow.
    """

    key: str
    order: int
    default: Literal["pass", "deny"]
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must stay true of intent, key ``project/name`` or ``name``: who never reaches, or always reaches, whom.

    ``services`` empty: no service at all, or every one.
    """

    key: str
    uid: str
    sources: tuple[Machines | Block, ...]
    targets: tuple[Machines | Block, ...]
    services: tuple[Service, ...]
    reachable: bool
