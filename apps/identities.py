"""Identities: ports that no selector can tell apart are one, so that rules grow with the sorts of machines there are.

Relations only. An identity's key is all that selectors could ask of its ports; its number is the same on every host.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from controller.courses import Course
from controller.entities import Port, Project
from controller.links import ServiceChain
from controller.policy.derived import Identity, Member
from controller.policy.numbers import IDENTITY_BITS, hashed, identity_number
from controller.policy.selecting import ANY, project_traits, traits
from controller.policy.values import Machines, Policy
from controller.store import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.policy.derived import NamedPorts
    from controller.policy.values import Labels

    _Parts = tuple[str, str, Labels, tuple[str, ...], NamedPorts, str]
    """Project, network, labels, groups, named ports, and the port itself where a selector names it."""


def members(port: Port, view: View) -> Iterator[Member]:
    """The identity of a port; a port that a selector names is one of its own.

    While its project is not known nobody can tell what applies to it: it has none. Neither has a middlebox's.
    """
    if not view.count(Project, "key", port.project) or view.count(ServiceChain, "port", port.key):
        return
    alone = port.key if _singled_out(port, view) else ""
    key = _key((port.project, port.network, port.labels, port.groups, port.named_ports, alone))
    yield Member(port.key, key, port.project)


def _singled_out(port: Port, view: View) -> bool:
    return bool(view.count(Policy, "port", port.key) or view.count(Course, "port", port.key))


def identities(member: Member, view: View) -> Iterator[Identity]:
    """The identity of a port, the same for all that have it."""
    key = member.identity
    rivals = view.groups(Member, "hash", _hash(key))
    yield Identity(key, identity_number(key, rivals), *_parts(key))


@lru_cache(1 << 16)
def _key(parts: _Parts) -> str:
    return json.dumps(parts, separators=(",", ":"))


@lru_cache(1 << 16)
def _parts(key: str) -> _Parts:
    """What a key was made of."""
    project, network, labels, groups, named, port = json.loads(key)
    return project, network, _pairs(labels), tuple(groups), tuple((n, p, at) for n, p, at in named), port


def _pairs(labels: list[list[str]]) -> Labels:
    return tuple((key, value) for key, value in labels)


def _hash(identity: str) -> int:
    return hashed(identity, IDENTITY_BITS - 1)


def _named(policy: Policy) -> set[str]:
    """The ports that a policy's selectors name."""
    rules = [*(policy.ingress or ()), *(policy.egress or ())]
    peers = [peer for rule in rules for peer in rule.peers or () if isinstance(peer, Machines)]
    return {port for machines in (*policy.applied_to, *peers) for port in machines.ports}


INDEXES = {
    Policy: (Index("port", _named),),
    Project: (
        Index("key", lambda project: (project.key,)),
        Index("trait", lambda project: (ANY, *project_traits(project.labels))),
    ),
    Member: (
        Index("hash", lambda member: (_hash(member.identity),), group=lambda member: member.identity),
        Index("identity", lambda member: (member.identity,)),
    ),
    Identity: (Index("trait", traits),),
}
