"""Links and bridges over HTTP: what is said of one and what is, whether or not anything has been said of it.

``{"cost": 5}`` is understood as ``{"spec": {"cost": 5}}``, and what is wrong with it is told where it stood.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, cast

import falcon

from controller.errors import FieldError, Malformed, NotFound, Stale, UserError
from controller.intent import documents
from controller.intent.kind import Kind
from controller.intent.proposal import ABSENT, Patch, Put, merged
from controller.intent.resource import Key, NoAllocation, title
from controller.northbound import media, queries
from controller.northbound.resources import One, caller_of, writing
from controller.northbound.world import Said

_SPEC = "/spec/"


@dataclass(frozen=True, slots=True)
class SettingsResource:
    """``/v1/links/{name}`` or ``/v1/bridges/{name}``; a link is found by its ends in either order."""

    one: One

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """One that is there, or of which something is said."""
        queries.only(req, ())
        caller_of(req).must_read("")
        key, backend = self._key(name), self.one.backend
        standing = backend.writer.intent.resource(key)
        if standing is not None:
            self.one.answer(req, resp, standing)
        elif backend.world.fabric.row(self._said, key[2]) is not None:
            resp.set_header("ETag", f'"{ABSENT}"')
            media.answer(req, resp, self._unsaid(key))
        else:
            raise NotFound(f"{title(key)} does not exist, and nothing is said of it")

    def on_put(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Say what is to hold of it; what is left out is as if nothing had been said."""
        key = self._key(name)
        caller = writing(req, key)
        value, flat = self._unfolded(req, media.ONE_FORMS, name, key)
        with _folded(flat):
            asked = documents.one(value, self.one.kind, "", key[2])
            self.one.change(req, resp, caller, Put(asked, queries.if_match(req)))

    def on_patch(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Merge (RFC 7396) into what is said, be it nothing."""
        key = self._key(name)
        caller = writing(req, key)
        patch, flat = self._unfolded(req, media.PATCH_FORMS, name, key)
        expected = queries.if_match(req)
        with _folded(flat):
            if self.one.backend.writer.intent.resource(key) is None:
                asked = documents.one(merged({}, patch), self.one.kind, "", key[2])
                with suppress(Stale) if expected is None else nullcontext():
                    self.one.change(req, resp, caller, Put(asked, ABSENT if expected is None else expected))
                    return
            self.one.change(req, resp, caller, Patch(key, patch, expected))

    def on_delete(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Take back what is said."""
        self.one.on_delete(req, resp, name=self._key(name)[2])

    @property
    def _said(self) -> Said:
        return cast("Said", self.one.kind.name)

    def _key(self, name: str) -> Key:
        """The resource, under whichever of its names something is said of it; else as what is there is called."""
        kind, intent = self.one.kind, self.one.backend.writer.intent
        asked = (kind.name, "", name)
        if intent.resource(asked) is not None:
            return asked
        for claim in kind.claims(asked, kind.spec(), NoAllocation()):
            owner = intent.claims.owner(claim.space, claim.value)
            if owner is not None:
                return owner
        row = self.one.backend.world.fabric.row(self._said, name)
        return asked if row is None else (kind.name, "", str(row["name"]))

    def _unsaid(self, key: Key) -> dict[str, Any]:
        """The resource of which nothing is said."""
        return {
            "kind": key[0],
            "name": key[2],
            "labels": {},
            "spec": self.one.kind.spec().model_dump(by_alias=True),
            "status": self.one.backend.world.status(key[0], key[2]),
            "uid": None,
            "revision": ABSENT,
            "created_at": None,
            "updated_at": None,
        }

    def _unfolded(self, req: falcon.Request, forms: Any, name: str, key: Key) -> tuple[dict[str, Any], bool]:
        """The document of a request, and whether its fields stood outside of ``spec``."""
        value = self.one.backend.bodies.value(req, forms)
        if not isinstance(value, dict):
            raise Malformed("the body must be an object")
        if value.get("name") == name:
            value = {**value, "name": key[2]}
        if "spec" in value:
            return value, False
        kind: Kind = self.one.kind
        outer = {field: said for field, said in value.items() if field in kind.document.model_fields}
        return {**outer, "spec": {field: said for field, said in value.items() if field not in outer}}, True


@contextmanager
def _folded(flat: bool) -> Iterator[None]:  # noqa: FBT001 - with or without
    """Tell of faults where the fields stood."""
    try:
        yield
    except UserError as error:
        if not flat or not error.errors:
            raise
        told = [FieldError(each.pointer.replace(_SPEC, "/", 1), each.message) for each in error.errors]
        raise type(error)(documents.refusal(told).detail, tuple(told)) from error
