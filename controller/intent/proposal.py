"""From what was asked to what would change: patches merged, expectations checked, what prune selects found, all judged.

Nothing here writes. The same request over the same intent has the same outcome, which is what makes a dry run honest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from controller.errors import Conflict, FieldError, NotFound, Stale, UserError
from controller.intent import documents
from controller.intent.allocate import Underlay
from controller.intent.disturbance import disturbed
from controller.intent.documents import Asked
from controller.intent.draft import Overlay, Proposed
from controller.intent.kinds import KINDS
from controller.intent.pacer import Pacer
from controller.intent.resource import Key, Resource, title
from controller.intent.rules import Problem, Removal, judged
from controller.intent.selector import Selector
from controller.intent.state import Intent, texts_of
from ovsdb.rows import ResourceRow

Action: TypeAlias = Literal["created", "updated", "unchanged", "deleted"]


ABSENT = 0
"""The revision of what is not there yet."""


@dataclass(frozen=True, slots=True)
class Put:
    """Create or replace; ``if_match`` is the revision that the resource must have, ABSENT or None for any."""

    asked: Asked
    if_match: int | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """Merge a JSON merge patch (RFC 7396) into what stands."""

    key: Key
    patch: Any
    if_match: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Take away."""

    key: Key
    if_match: int | None = None


Wanted: TypeAlias = Put | Patch | Delete


@dataclass(frozen=True, slots=True)
class Request:
    """A change as one caller asks for it. ``projects`` is what the caller may touch, None for everything.

    ``apply`` says that it is a document of many resources, where a project that does not exist is a bad field and not a
    bad path.
    """

    wanted: tuple[Wanted, ...]
    author: str
    projects: frozenset[str] | None = None
    prune: Selector | None = None
    dry_run: bool = False
    apply: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What becomes of one resource."""

    action: Action
    key: Key
    before: Resource | None
    after: Resource | None

    @property
    def changed(self) -> bool:
        """Whether there is anything to commit."""
        return self.action != "unchanged"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became, or would become, of a request; ``revision`` is that of intent afterwards."""

    revision: int
    results: tuple[Result, ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything to commit."""
        return any(result.changed for result in self.results)


def outcome_of(intent: Intent, underlay: Underlay, request: Request, uid: Callable[[], str], now: float) -> Outcome:
    """Judge a request over what stands at a moment; raises UserError with every reason if it cannot be.

    Guests that are in the way of something go on waiting, and everything is judged again without them.
    """
    pacer = Pacer()
    puts, removals = _resolved(intent, request, uid, pacer)
    removals.extend(_pruned(intent, request, puts, pacer))
    puts.extend(disturbed(intent, puts, removals))
    denied: set[Key] = set()
    draft = Overlay(intent, underlay, now, denied)
    while problems := judged(draft, puts, removals, pacer):
        guests = {problem.guest for problem in problems if problem.guest is not None} - denied
        if not guests:
            raise _refusal(problems, request)
        denied |= guests
        draft = Overlay(intent, underlay, now, denied)
    results = [(put.cause is not None, _result(draft, put, pacer)) for put in puts]
    told = [result for implied, result in results if result.changed or not implied]
    told.extend(Result("deleted", removal.key, intent.resource(removal.key), None) for removal in removals)
    return Outcome(intent.revision, tuple(told))


def _resolved(
    intent: Intent, request: Request, uid: Callable[[], str], pacer: Pacer
) -> tuple[list[Proposed], list[Removal]]:
    puts: list[Proposed] = []
    removals: list[Removal] = []
    for wanted in request.wanted:
        pacer.breathe()
        key = wanted.asked.key if isinstance(wanted, Put) else wanted.key
        before = intent.resource(key)
        if before is None and not isinstance(wanted, Put):
            raise NotFound(f"{title(key)} does not exist")
        _expect(key, before, wanted.if_match)
        match wanted, before:
            case Put(asked), _:
                puts.append(_proposed(asked, before, uid))
            case Patch(_, patch), Resource():
                puts.append(_proposed(_patched(before, patch), before, uid))
            case Delete(), _:
                removals.append(Removal(key, ""))
    return puts, removals


def _expect(key: Key, before: Resource | None, if_match: int | None) -> None:
    if if_match is None or (before is None and if_match == ABSENT):
        return
    if before is None:
        raise Stale(f"{title(key)} does not exist, and If-Match expects revision {if_match}")
    if before.row.revision != if_match:
        raise Stale(f"{title(key)} is at revision {before.row.revision}, not {if_match}; read it again")


def _proposed(asked: Asked, before: Resource | None, uid: Callable[[], str]) -> Proposed:
    return Proposed(
        asked.key,
        asked.labels,
        asked.spec,
        before,
        before.row.uid if before else uid(),
        asked.pointer,
        project_field=asked.project_field,
    )


def _patched(before: Resource, patch: Any) -> Asked:
    kind, project, name = before.key
    document = documents.standing(KINDS[kind], name, dict(before.row.labels), json.loads(before.row.spec), patch)
    return documents.one(merged(document, patch), KINDS[kind], project, name)


def merged(target: Any, patch: Any) -> Any:
    """A JSON merge patch applied (RFC 7396, section 2); neither argument is changed."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for field, value in patch.items():
        if value is None:
            found.pop(field, None)
        else:
            found[field] = merged(found.get(field), value)
    return found


def _pruned(intent: Intent, request: Request, puts: Sequence[Proposed], pacer: Pacer) -> Iterator[Removal]:
    """What the prune selector matches and the document lacks, as far as the caller may touch it."""
    if request.prune is None:
        return
    kept = {put.key for put in puts}
    for resource in intent.resources():
        pacer.breathe()
        key = resource.key
        if request.projects is not None and key[1] not in request.projects:
            continue
        if key not in kept and request.prune.holds(resource.row.labels):
            yield Removal(key, "")


def _result(draft: Overlay, put: Proposed, pacer: Pacer) -> Result:
    pacer.breathe()
    before, allocated = put.before, draft.allocated[put.key]
    if before is not None and _same(before, put, allocated):
        return Result("unchanged", put.key, before, before)
    kind, project, name = put.key
    spec_text, allocated_text = texts_of(kind, put.spec, allocated)
    row = ResourceRow(
        kind=kind,
        project=project,
        name=name,
        uid=put.uid,
        labels=put.labels,
        spec=spec_text,
        allocated=allocated_text,
        revision=0,
        created_at="",
        updated_at="",
        author="",
    )
    return Result("updated" if before else "created", put.key, before, Resource(row, put.spec, allocated))


def _same(before: Resource, put: Proposed, allocated: Any) -> bool:
    return bool(before.spec == put.spec and before.row.labels == put.labels and before.allocated == allocated)


def _refusal(problems: Sequence[Problem], request: Request) -> UserError:
    """One error for all problems; it is a conflict only if every one of them is."""
    error = documents.refusal(dict.fromkeys(FieldError(problem.pointer, problem.message) for problem in problems))
    statuses = {422 if problem.status == NotFound.status and request.apply else problem.status for problem in problems}
    if statuses == {Conflict.status}:
        return Conflict(error.detail, error.errors)
    if NotFound.status in statuses:
        return NotFound(error.detail, error.errors)
    return error
