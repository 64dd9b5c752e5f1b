"""Every kind of resource over HTTP, one at a time and as collections."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import falcon

from controller.errors import Malformed, NotFound, Unavailable
from controller.intent import documents
from controller.intent.kind import Kind
from controller.intent.kinds import KINDS
from controller.intent.proposal import Delete, Outcome, Patch, Put, Request, Result, Wanted
from controller.intent.resource import Key, Resource, title
from controller.intent.writer import Writer
from controller.northbound import media, queries
from controller.northbound.callers import Caller
from controller.northbound.media import Bodies
from controller.northbound.representation import document, entity_key
from controller.northbound.world import World


def told(caller: Caller, outcome: Outcome) -> tuple[Result, ...]:
    """What of a change the caller may hear of: a shared network's may reach into projects that it may not see."""
    return tuple(result for result in outcome.results if caller.reads(_owner(result.key)))


@dataclass(frozen=True, slots=True)
class Backend:
    """What every resource works with."""

    writer: Writer
    world: World
    bodies: Bodies

    def standing(self, key: Key) -> Resource:
        """The resource of that name; raises NotFound."""
        found = self.writer.intent.resource(key)
        if found is None:
            raise NotFound(f"{title(key)} does not exist")
        return found

    def committed(self, caller: Caller, *wanted: Wanted) -> Outcome:
        """Change intent in the caller's name."""
        return self.writer.submit(Request(wanted, caller.name, caller.writable))

    def unconfirmed(self, caller: Caller, outcome: Outcome, timeout: float | None) -> dict[str, str]:
        """What the switches have not confirmed of a change after ``timeout`` seconds; None does not wait."""
        keys = [(result.key[0], entity_key(*result.key[1:])) for result in told(caller, outcome)]
        return self.world.wait(outcome.revision, keys, timeout) if timeout is not None else {}


@dataclass(frozen=True, slots=True)
class One:
    """``/v1/projects/{project}/{kinds}/{name}`` or ``/v1/{kinds}/{name}``."""

    backend: Backend
    kind: Kind

    def on_get(self, req: falcon.Request, resp: falcon.Response, project: str = "", name: str = "") -> None:
        """One resource."""
        queries.only(req, ())
        key = self._key(project, name)
        if not self.kind.public:
            caller_of(req).must_read(_owner(key))
        self.answer(req, resp, self.backend.standing(key))

    def on_put(self, req: falcon.Request, resp: falcon.Response, project: str = "", name: str = "") -> None:
        """Create or replace."""
        key = self._key(project, name)
        caller = writing(req, key)
        asked = documents.one(self.backend.bodies.value(req, media.ONE_FORMS), self.kind, key[1], key[2])
        self.change(req, resp, caller, Put(asked, queries.if_match(req)))

    def on_patch(self, req: falcon.Request, resp: falcon.Response, project: str = "", name: str = "") -> None:
        """Merge (RFC 7396)."""
        key = self._key(project, name)
        caller = writing(req, key)
        patch = self.backend.bodies.value(req, media.PATCH_FORMS)
        if not isinstance(patch, dict):
            raise Malformed("a merge patch of a resource is an object")
        self.change(req, resp, caller, Patch(key, patch, queries.if_match(req)))

    def on_delete(self, req: falcon.Request, resp: falcon.Response, project: str = "", name: str = "") -> None:
        """Delete; with ``wait`` the answer says what has not confirmed."""
        key = self._key(project, name)
        caller = writing(req, key)
        timeout = queries.seconds(req, "wait")
        media.form(req)
        outcome = self.backend.committed(caller, Delete(key, queries.if_match(req)))
        if timeout is None:
            resp.status = 204
            return
        unconfirmed = self.backend.unconfirmed(caller, outcome, timeout)
        media.answer(req, resp, {"revision": outcome.revision, "unconfirmed": unconfirmed})

    def change(self, req: falcon.Request, resp: falcon.Response, caller: Caller, wanted: Put | Patch) -> None:
        """Make one change and answer with the resource as it is then."""
        timeout = queries.seconds(req, "wait")
        media.form(req)
        outcome = self.backend.committed(caller, wanted)
        result = outcome.results[0]
        if result.after is None:
            raise Unavailable(f"{title(result.key)} was changed by others meanwhile")
        self.backend.unconfirmed(caller, outcome, timeout)
        if result.action == "created":
            resp.status = 201
            resp.location = req.path
        self.answer(req, resp, result.after)

    def answer(self, req: falcon.Request, resp: falcon.Response, found: Resource) -> None:
        """A resource as it stands."""
        resp.set_header("ETag", f'"{found.row.revision}"')
        media.answer(req, resp, document(found, self.backend.writer.intent, self.backend.world))

    def _key(self, project: str, name: str) -> Key:
        """What the path names; a project's own name is where others have the project that they belong to."""
        return (self.kind.name, project, name) if self.kind.scoped else (self.kind.name, "", name or project)


@dataclass(frozen=True, slots=True)
class Many:
    """``/v1/projects/{project}/{kinds}`` or ``/v1/{kinds}``, in order of names."""

    backend: Backend
    kind: Kind

    def on_get(self, req: falcon.Request, resp: falcon.Response, project: str = "") -> None:
        """One page of those that the label selectors match."""
        queries.only(req, ("label", "limit", "cursor"))
        caller = caller_of(req)
        intent = self.backend.writer.intent
        if self.kind.scoped:
            caller.must_read(project)
            self.backend.standing(("Project", "", project))
        selected, limit = queries.labels(req), queries.limit(req)
        names = intent.names.after(self.kind.name, project, queries.cursor(req))
        standing = (intent.resource((self.kind.name, project, name)) for name in names)
        matching = (r for r in standing if r and selected.holds(r.row.labels) and _shown(caller, r))
        page = list(islice(matching, limit + 1))
        items = [document(resource, intent, self.backend.world) for resource in page[:limit]]
        after = queries.cursor_after(page[limit - 1].row.name) if len(page) > limit else None
        media.answer(req, resp, {"items": items, "next": after, "revision": intent.revision})


def caller_of(req: falcon.Request) -> Caller:
    """Who is asking."""
    caller: Caller = req.context.caller
    return caller


def _owner(key: Key) -> str:
    """The project that decides who may see a resource."""
    kind, project, name = key
    return name if kind == "Project" else project


def _shown(caller: Caller, resource: Resource) -> bool:
    return KINDS[resource.key[0]].public or caller.reads(_owner(resource.key))


def writing(req: falcon.Request, key: Key) -> Caller:
    """The caller, who may change what the path names; what belongs to no project is the administrators'."""
    queries.only(req, ("wait",))
    caller = caller_of(req)
    if key[1]:
        caller.must_write(key[1])
    else:
        if not KINDS[key[0]].public:
            caller.must_read(_owner(key))
        caller.must_administer()
    return caller
