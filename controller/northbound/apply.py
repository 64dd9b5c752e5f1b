"""``POST /v1/apply``: a document of many resources, all or nothing; or, with ``dry_run``, what it would do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import falcon

from controller.errors import FieldError, Forbidden
from controller.intent import documents
from controller.intent.documents import Asked
from controller.intent.effects import effects
from controller.intent.pacer import Pacer
from controller.intent.proposal import Outcome, Put, Request, Result
from controller.intent.resource import Resource
from controller.northbound import media, queries
from controller.northbound.callers import Caller
from controller.northbound.resources import Backend, told


@dataclass(frozen=True, slots=True)
class Apply:
    """The one transaction of many resources."""

    backend: Backend

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Commit, or plan, a document."""
        queries.only(req, ("prune", "dry_run", "wait"))
        dry_run, timeout = queries.flag(req, "dry_run"), queries.seconds(req, "wait")
        prune = queries.text(req, "prune")
        selected = queries.selection("prune", prune) if prune is not None else None
        media.form(req)
        caller: Caller = req.context.caller
        asked = documents.many(self.backend.bodies.value(req, media.MANY_FORMS), Pacer())
        _allow(caller, asked)
        wanted = tuple(Put(one) for one in asked)
        request = Request(wanted, caller.name, caller.writable, selected, dry_run, apply=True)
        outcome = self.backend.writer.submit(request)
        if dry_run:
            media.answer(req, resp, self._plan(caller, outcome))
            return
        unconfirmed = self.backend.unconfirmed(caller, outcome, timeout)
        changes = [_change(result) for result in told(caller, outcome)]
        media.answer(req, resp, {"revision": outcome.revision, "changes": changes, "unconfirmed": unconfirmed})

    def _plan(self, caller: Caller, outcome: Outcome) -> dict[str, Any]:
        plan = self.backend.world.plan(*effects(outcome.results), caller.reads)
        changes = [{**_change(result), "fields": list(_fields(result))} for result in told(caller, outcome)]
        return {"revision": outcome.revision, "changes": changes, **plan}


def _allow(caller: Caller, asked: Sequence[Asked]) -> None:
    """Raise for documents that the caller may not write; a project that it may not see does not exist."""
    refused = [one for one in asked if not caller.writes(one.key[1])]
    if not refused:
        return
    unseen = [one for one in refused if one.key[1] and not caller.reads(one.key[1])]
    if unseen:
        raise documents.refusal(
            FieldError(one.pointer + one.project_field, f"project {one.key[1]} does not exist") for one in unseen
        )
    message = f"the role {caller.role} of token {caller.name} may not change this"
    raise Forbidden(message, tuple(FieldError(one.pointer, message) for one in refused))


def _change(result: Result) -> dict[str, Any]:
    kind, project, name = result.key
    standing = result.after or result.before
    scope = {"project": project} if project else {}
    return {
        "action": result.action,
        "kind": kind,
        **scope,
        "name": name,
        "uid": standing.row.uid if standing else "",
        "revision": standing.row.revision if standing else 0,
    }


def _fields(result: Result) -> Iterator[dict[str, Any]]:
    """Each field that differs, with its value before and after."""
    if result.before is None or result.after is None:
        return
    before, after = _told(result.before), _told(result.after)
    for pointer in sorted(before.keys() | after.keys()):
        if before.get(pointer) != after.get(pointer):
            yield {"pointer": pointer, "from": before.get(pointer), "to": after.get(pointer)}


def _told(resource: Resource) -> dict[str, Any]:
    row = resource.row
    return {
        "/labels": dict(row.labels),
        **{f"/spec/{name}": value for name, value in json.loads(row.spec).items()},
        **{f"/status/{name}": value for name, value in json.loads(row.allocated).items()},
    }
