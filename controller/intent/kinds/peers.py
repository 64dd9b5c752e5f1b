"""Whom a policy speaks of: addresses, groups, ports by their labels, names or networks, or anybody.

A peer is one object; all that stands in it must hold. Names are of the policy's project unless the peer names another,
whose ports it then means; that such traffic passes takes both projects' policies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, WithJsonSchema

from controller.intent.kinds.label_terms import Expressions, requirements
from controller.intent.resource import Key, Sparse, Strict
from controller.intent.values import NOT_EMPTY, Labels, Name, policy_block, some
from controller.policy.values import Block, Listed, Machines, Peer

ANY = "any"
GROUP_KINDS = ("SecurityGroup", "AddressGroup")
"""What ``group`` can name; no two groups of a project have one name."""
_MOST = 10_000

Names: TypeAlias = Annotated[
    tuple[Name, ...], Field(strict=False, max_length=1000, json_schema_extra=NOT_EMPTY), AfterValidator(some)
]
PolicyBlock = Annotated[
    str,
    StringConstraints(max_length=64),
    AfterValidator(policy_block),
    WithJsonSchema({"type": "string", "format": "cidr"}),
]


class ProjectsSpec(Strict):
    """Projects by their own labels."""

    labels: Labels = Field(default_factory=dict)
    expressions: Expressions = ()


class MachinesSpec(Sparse):
    """Ports of VMs; a list holds where one of it does."""

    everybody: Literal[True] | None = Field(default=None, alias=ANY)
    labels: Labels = Field(default_factory=dict)
    expressions: Expressions = ()
    network: Name | None = None
    networks: Names | None = None
    port: Name | None = Field(default=None, description="A port by its name.")
    ports: Names | None = Field(default=None, description="Ports by their names; numbers stand in the rule itself.")
    group: Name | None = None
    groups: Names | None = None


class PeerSpec(MachinesSpec):
    """One peer: a block, a group, ports by what they are, or anybody."""

    cidr: PolicyBlock | None = None
    excepts: Annotated[tuple[PolicyBlock, ...], Field(strict=False, max_length=1000)] | None = Field(
        default=None, alias="except", description="Blocks inside the cidr that are not meant."
    )
    project: Name | None = Field(default=None, description="Another project, whose ports are meant.")
    projects: ProjectsSpec | None = Field(default=None, description="Projects by their labels, this one included.")


def _form(value: object) -> str:
    if isinstance(value, str):
        return "[word]"
    return "[many]" if isinstance(value, list | tuple) else "[one]"


def _form_of_one(value: object) -> str:
    return "[word]" if isinstance(value, str) else "[one]"


_Word: TypeAlias = Annotated[Literal["any"], Tag("[word]")]
_OnePeer: TypeAlias = Annotated[PeerSpec, Tag("[one]")]
_OneMachines: TypeAlias = Annotated[MachinesSpec, Tag("[one]")]
_EachPeer: TypeAlias = Annotated[_OnePeer | _Word, Discriminator(_form_of_one)]
_EachMachines: TypeAlias = Annotated[_OneMachines | _Word, Discriminator(_form_of_one)]
_PeerList: TypeAlias = Annotated[
    tuple[_EachPeer, ...], Field(strict=False, max_length=_MOST, json_schema_extra=NOT_EMPTY), AfterValidator(some)
]
_MachinesList: TypeAlias = Annotated[
    tuple[_EachMachines, ...], Field(strict=False, max_length=_MOST, json_schema_extra=NOT_EMPTY), AfterValidator(some)
]
Peers: TypeAlias = Annotated[_OnePeer | Annotated[_PeerList, Tag("[many]")] | _Word, Discriminator(_form)]
"""One peer, a list of them, or ``any``."""
Targets: TypeAlias = Annotated[_OneMachines | Annotated[_MachinesList, Tag("[many]")] | _Word, Discriminator(_form)]
"""The same, of ports only."""

_Spec = TypeVar("_Spec", bound=MachinesSpec)


def each(given: _Spec | tuple[_Spec | str, ...] | str | None) -> Iterator[tuple[str, _Spec | None]]:
    """What is given one by one, each with the pointer to it; None is anybody."""
    match given:
        case None:
            return
        case tuple():
            yield from ((f"/{index}", None if isinstance(one, str) else one) for index, one in enumerate(given))
        case str():
            yield "", None
        case _:
            yield "", given


def peers(project: str, given: PeerSpec | tuple[PeerSpec | str, ...] | str | None) -> tuple[Peer, ...] | None:
    """As policy knows them, in a project; None is anybody."""
    found: dict[Peer, None] = {}
    if given is None:
        return None
    for _, spec in each(given):
        if spec is None or spec.everybody:
            return None
        found.update(dict.fromkeys(_peer(project, spec)))
    return tuple(found)


def targets(project: str, given: MachinesSpec | tuple[MachinesSpec | str, ...] | str) -> tuple[Machines, ...]:
    """The same of a project's own ports; anybody is all of them."""
    return tuple(
        dict.fromkeys(Machines((project,)) if spec is None else _machines(project, spec) for _, spec in each(given))
    )


def _peer(project: str, spec: PeerSpec) -> Iterator[Peer]:
    if spec.cidr is not None:
        yield Block(spec.cidr, tuple(sorted(set(spec.excepts or ()))))
        return
    owner = spec.project or project
    found = _machines(owner, spec)
    if spec.projects is not None:
        terms = requirements(spec.projects.labels, spec.projects.expressions)
        yield replace(found, projects=None, project_labels=terms)
        return
    yield found
    if _only_groups(spec) and owner == project:
        yield from (Listed(key) for key in found.groups)


def _machines(project: str, spec: MachinesSpec) -> Machines:
    """Ports of one project."""
    return Machines(
        (project,),
        (),
        requirements(spec.labels, spec.expressions),
        _keys(project, spec.network, spec.networks),
        _keys(project, spec.port, spec.ports),
        _keys(project, spec.group, spec.groups),
    )


def _only_groups(spec: MachinesSpec) -> bool:
    """Whether nothing but groups is given, which may then be groups of addresses."""
    others = (spec.labels, spec.expressions, spec.network, spec.networks, spec.port, spec.ports)
    return (spec.group or spec.groups) is not None and not any(others)


def _keys(project: str, one: str | None, more: tuple[str, ...] | None) -> tuple[str, ...]:
    return tuple(sorted(f"{project}/{name}" for name in _names(one, more)))


def _names(one: str | None, more: tuple[str, ...] | None) -> tuple[str, ...]:
    if more is None:
        return () if one is None else (one,)
    return tuple(dict.fromkeys(more if one is None else (one, *more)))


def peer_references(project: str, given: PeerSpec | tuple[PeerSpec | str, ...] | str | None) -> Iterator[Key]:
    """What peers name in their own project; of others nothing is told, not even whether it is there."""
    for _, spec in each(given):
        if spec is not None and spec.cidr is None and spec.project in (None, project):
            yield from _references(project, spec, GROUP_KINDS if _only_groups(spec) else GROUP_KINDS[:1])


def target_references(project: str, given: MachinesSpec | tuple[MachinesSpec | str, ...] | str) -> Iterator[Key]:
    """What ``applied_to`` names."""
    for _, spec in each(given):
        if spec is not None:
            yield from _references(project, spec, GROUP_KINDS[:1])


def _references(project: str, spec: MachinesSpec, group_kinds: tuple[str, ...]) -> Iterator[Key]:
    named = (
        (("Network",), spec.network, spec.networks),
        (("Port",), spec.port, spec.ports),
        (group_kinds, spec.group, spec.groups),
    )
    for kinds, one, more in named:
        yield from ((kind, project, name) for name in _names(one, more) for kind in kinds)
