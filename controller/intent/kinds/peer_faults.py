"""What is wrong with peers: those that mean two things at once, and those that nobody could be."""

from __future__ import annotations

from controller.intent.blocks import IPV4, IPV6, block
from controller.intent.kind import Contradiction, Findings
from controller.intent.kinds.label_terms import term_faults
from controller.intent.kinds.peers import MachinesSpec, PeerSpec, each
from controller.intent.kinds.services import protocol_number
from controller.policy.services import merged
from controller.policy.values import ICMP, ICMPV6, PROTOCOLS

_NAMING = ("network", "networks", "port", "ports", "group", "groups")
_CHOOSING = ("labels", "expressions", *_NAMING)
_PLAIN_BLOCK = {"cidr"}
"""What is given where a peer is a block and no more: there are many of those, and nothing in them to contradict."""
_VERSION_OF = {ICMP: IPV4, ICMPV6: IPV6}


def peers_faults(
    given: PeerSpec | tuple[PeerSpec | str, ...] | str | None,
    pointer: str,
    protocol: int | str = "any",
    *,
    foreign: bool = True,
) -> Findings:
    """``protocol``: the rule's, since ICMP is of one IP version. ``foreign``: other projects may be named."""
    for suffix, spec in each(given):
        if spec is None:
            continue
        where = f"{pointer}{suffix}"
        if spec.model_fields_set != _PLAIN_BLOCK:
            yield from _meaning_faults(spec, where, foreign=foreign)
            yield from term_faults(spec.labels, spec.expressions, where)
        yield from _block_faults(spec, where, _VERSION_OF.get(protocol_number(protocol) or 0))


def targets_faults(given: MachinesSpec | tuple[MachinesSpec | str, ...] | str, pointer: str) -> Findings:
    """The same of what a policy applies to."""
    for suffix, spec in each(given):
        if spec is None:
            continue
        where = f"{pointer}{suffix}"
        chosen = _given(spec, _CHOOSING)
        if spec.everybody and chosen:
            yield Contradiction(f"{where}/{chosen[0]}", "with any: true, nothing else can be given")
        elif not spec.everybody and not chosen:
            yield Contradiction(where, f"chooses nothing: give one of {', '.join(_CHOOSING)}, or any: true")
        yield from term_faults(spec.labels, spec.expressions, where)


def _given(spec: MachinesSpec, fields: tuple[str, ...]) -> list[str]:
    return [field for field in fields if getattr(spec, field) not in (None, (), {})]


def _meaning_faults(spec: PeerSpec, where: str, *, foreign: bool) -> Findings:
    chosen = _given(spec, (*_CHOOSING, "project", "projects"))
    alone = next((word for word, asked in (("any", spec.everybody), ("cidr", spec.cidr)) if asked), None)
    if alone == "any" and (spec.cidr or spec.excepts):
        yield Contradiction(f"{where}/{'cidr' if spec.cidr else 'except'}", "with any, nothing else can be given")
    if alone is not None and chosen:
        yield Contradiction(
            f"{where}/{chosen[0]}", f"with {alone}, nothing else can be given: make it a peer of its own"
        )
    if spec.excepts and not spec.cidr:
        yield Contradiction(f"{where}/except", "is of a cidr, and there is none")
    if alone is None and not chosen:
        yield Contradiction(where, "says nothing: give cidr, group, labels, expressions, networks, ports, or any: true")
    yield from _project_faults(spec, where, foreign=foreign)


def _project_faults(spec: PeerSpec, where: str, *, foreign: bool) -> Findings:
    if not foreign:
        for field in _given(spec, ("project", "projects")):
            yield Contradiction(
                f"{where}/{field}", "other projects can be named in policies and cluster invariants only"
            )
        return
    if spec.projects is None:
        return
    if spec.project is not None:
        yield Contradiction(f"{where}/projects", "give project or projects, not both")
    for field in _given(spec, _NAMING):
        yield Contradiction(f"{where}/{field}", "is a name in one project; give project, not projects")
    yield from term_faults(spec.projects.labels, spec.projects.expressions, f"{where}/projects")


def _block_faults(spec: PeerSpec, where: str, version: int | None) -> Findings:
    if spec.cidr is None:
        return
    whole = block(spec.cidr)
    if version not in (None, whole.version):
        word = next(name for name, number in PROTOCOLS.items() if _VERSION_OF.get(number) == version)
        yield Contradiction(f"{where}/cidr", f"nothing can match: {word} is of IPv{version}, {spec.cidr} is not")
    if not spec.excepts:
        return
    inside = []
    for index, cidr in enumerate(spec.excepts):
        part = block(cidr)
        if whole.contains(part):
            inside.append((part.first, part.last))
        else:
            yield Contradiction(f"{where}/except/{index}", f"{cidr} is outside {spec.cidr}")
    if merged(inside) == ((whole.first, whole.last),):
        yield Contradiction(f"{where}/except", f"nothing can match: no address of {spec.cidr} is left")
