"""Which changes are contradictions, and what each resource of one that is not gets.

A change is judged whole, as the intent that it would leave behind: nothing depends on the order of its documents.
A reference to what does not exist is no contradiction; a project that does not exist is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from controller.intent.draft import Overlay, Proposed
from controller.intent.kind import Claim, Contradiction, Kind
from controller.intent.kinds import KINDS
from controller.intent.pacer import Pacer
from controller.intent.resource import Key, title

_NAMED = 5
_FOREIGN = "what other projects have of it contradicts this"
_SCOPED = tuple(kind for kind in KINDS.values() if kind.scoped)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a change is refused. ``status`` is 422 for what contradicts itself, 409 for what contradicts what exists.

    ``guest`` is who has to go on without another project's network, so that the change can be.
    """

    pointer: str
    message: str
    status: int
    guest: Key | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """A resource that is to go."""

    key: Key
    pointer: str


def judged(draft: Overlay, puts: Sequence[Proposed], removals: Sequence[Removal], pacer: Pacer) -> tuple[Problem, ...]:
    """Fill a draft with a change and its allocations; answers every reason why it cannot be."""
    for key in (*(put.key for put in puts), *(removal.key for removal in removals)):
        draft.vacate(key)
    ordered = sorted(puts, key=_turn)
    for put in ordered:
        draft.put(put)
    problems = [problem for put in ordered for problem in _settled(draft, put, pacer)]
    problems.extend(_limits(draft, ordered, removals))
    if not problems:
        problems.extend(problem for put in ordered for problem in _completed(draft, put, pacer))
    return tuple(problems)


def _turn(put: Proposed) -> tuple[int, bool]:
    """What others refer to first; then who had something before those who are new to it."""
    return KINDS[put.key[0]].rank, put.before is None


def _settled(draft: Overlay, put: Proposed, pacer: Pacer) -> Iterator[Problem]:
    """Claim what is asked for by name, and what the resource had."""
    pacer.breathe()
    kind = KINDS[put.key[0]]
    allocation = kind.settle(draft, put.key, put.spec, put.before)
    draft.allocated[put.key] = allocation
    if kind.scoped and draft.spec(("Project", "", put.key[1])) is None:
        yield Problem(put.pointer + put.project_field, f"project {put.key[1]} does not exist", 404)
        return
    for contradiction in kind.contradictions(draft, put.key, put.spec, allocation):
        yield _problem(put, contradiction)
    yield from _claimed(draft, put, kind.claims(put.key, put.spec, allocation))


def _completed(draft: Overlay, put: Proposed, pacer: Pacer) -> Iterator[Problem]:
    """Choose what was left open."""
    pacer.breathe()
    kind = KINDS[put.key[0]]
    settled = draft.allocated[put.key]
    allocation = kind.complete(draft, put.key, put.uid, put.spec, settled)
    if isinstance(allocation, Contradiction):
        yield _problem(put, allocation)
        return
    if allocation != settled:
        draft.allocated[put.key] = allocation
        yield from _claimed(draft, put, kind.claims(put.key, put.spec, allocation))


def _claimed(draft: Overlay, put: Proposed, claims: Iterable[Claim]) -> Iterator[Problem]:
    told: set[tuple[str, Key]] = set()
    for claim in claims:
        owner = draft.claim(claim, put.key)
        if owner is not None and (claim.pointer, owner) not in told:
            told.add((claim.pointer, owner))
            message = f"{claim.what} {claim.value} {_holder(owner, put.key)}"
            holder = draft.touched.get(owner)
            found = _problem(put, Contradiction(claim.pointer, message, conflict=owner not in draft.touched))
            yield replace(found, guest=found.guest or (holder.guest if holder else None))


def _holder(owner: Key, asking: Key) -> str:
    """Who has what is asked for, without telling a project of another one's resources."""
    if owner[1] != asking[1]:
        return "is taken by another project"
    role = "the gateway of" if owner[0] == "Network" and asking[0] != "Network" else "taken by"
    return f"is {role} {title(owner)}"


def _problem(put: Proposed, contradiction: Contradiction) -> Problem:
    if put.cause is not None:
        message = _FOREIGN if put.foreign else f"{title(put.key)}: {contradiction.message}"
        return Problem(put.pointer, message, 409, put.guest)
    status = 409 if contradiction.conflict else 422
    return Problem(put.pointer + contradiction.pointer, contradiction.message, status)


def _limits(draft: Overlay, puts: Sequence[Proposed], removals: Sequence[Removal]) -> Iterator[Problem]:
    for removal in removals:
        yield from _in_use(draft, removal)
    for put in puts:
        if put.key[0] == "Network" and put.before is not None and put.before.spec.shared and not put.spec.shared:
            yield from _withdrawn(draft, put)
    for kind, project in draft.grown():
        yield from _over_quota(draft, puts, KINDS[kind], project)
    for put in {put.key[1]: put for put in puts if _more_rules(put)}.values():
        yield from _over_rules(draft, put)


def _in_use(draft: Overlay, removal: Removal) -> Iterator[Problem]:
    kind, project, name = removal.key
    if kind == "Project":
        users = [title((k.name, name, inner)) for k in _SCOPED for inner in islice(draft.names(k.name, name), _NAMED)]
        count, others = sum(draft.count(k.name, name) for k in _SCOPED), 0
    else:
        referrers = list(draft.referrers(removal.key))
        users = [title(key) for key in referrers if project in ("", key[1])]
        count, others = len(users), len(referrers) - len(users)
    if count or others:
        more = f" and {count - _NAMED} more" if count > _NAMED else ""
        used = [f"by {', '.join(users[:_NAMED])}{more}"] if count else []
        used += [f"by {_others(others)}"] if others else []
        yield Problem(removal.pointer, f"{title(removal.key)} is still used {' and '.join(used)}", 409)


def _others(count: int) -> str:
    return f"{count} resource{'s' if count > 1 else ''} of other projects"


def _withdrawn(draft: Overlay, put: Proposed) -> Iterator[Problem]:
    """A network that is to be shared no longer, and that others have something of."""
    others = sum(key[1] != put.key[1] for key in draft.referrers(put.key))
    if others:
        message = f"{title(put.key)} is still used by {_others(others)}"
        yield Problem(f"{put.pointer}/spec/shared", message, 409)


def _more_rules(put: Proposed) -> bool:
    return _rules(put.key, put.spec) > (_rules(put.key, put.before.spec) if put.before else 0)


def _over_rules(draft: Overlay, put: Proposed) -> Iterator[Problem]:
    """More rules than a project may have; ``put`` is the last that makes them more."""
    project = put.key[1]
    owner = draft.spec(("Project", "", project))
    limit = owner.quotas.rules if owner else None
    if limit is None:
        return
    keys = ((kind.name, project, name) for kind in _SCOPED for name in draft.names(kind.name, project))
    wanted = sum(_rules(key, draft.spec(key)) for key in keys)
    if wanted > limit:
        message = f"the quota of project {project} is {limit} rules; this would make {wanted}"
        yield Problem(put.pointer, message, 409)


def _rules(key: Key, spec: Any) -> int:
    return KINDS[key[0]].rules(spec)


def _over_quota(draft: Overlay, puts: Sequence[Proposed], kind: Kind, project: str) -> Iterator[Problem]:
    owner = draft.spec(("Project", "", project)) if kind.scoped else None
    limit = getattr(owner.quotas, kind.plural, None) if owner else None
    wanted = draft.count(kind.name, project)
    if limit is None or wanted <= limit:
        return
    created = [put for put in puts if put.key[:2] == (kind.name, project) and put.before is None]
    message = f"the quota of project {project} is {limit} {kind.plural}; this would make {wanted}"
    yield Problem(created[-1].pointer or "", message, 409)
