"""Tokens over HTTP, for administrators: made, listed, ended. The answer that makes a token has it, and none after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import falcon
from pydantic import Field, ValidationError

from controller.errors import FieldError
from controller.intent import documents
from controller.intent.resource import Strict
from controller.intent.values import Name
from controller.northbound import media, queries
from controller.northbound.callers import Caller, Role
from controller.northbound.media import Bodies
from controller.northbound.tokens import Tokens
from ovsdb.rows import TokenRow


class TokenRequest(Strict):
    """What a new token is to be; ``projects`` is for members and viewers."""

    name: Name
    role: Role
    projects: list[Name] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TokenCollection:
    """``/v1/tokens``."""

    tokens: Tokens
    bodies: Bodies

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Names, roles and projects of all tokens."""
        _administering(req)
        media.answer(req, resp, {"items": [_document(row) for row in self.tokens.rows()]})

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """A new token."""
        _administering(req)
        media.form(req)
        asked = _parsed(self.bodies.value(req, media.ONE_FORMS))
        token, row = self.tokens.issue(asked.name, asked.role, asked.projects)
        resp.status = 201
        resp.location = f"/v1/tokens/{row.name}"
        media.answer(req, resp, {**_document(row), "token": token})


@dataclass(frozen=True, slots=True)
class TokenResource:
    """``/v1/tokens/{name}``."""

    tokens: Tokens

    def on_delete(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """End a token at once."""
        _administering(req)
        self.tokens.revoke(name)
        resp.status = 204


def _administering(req: falcon.Request) -> None:
    queries.only(req, ())
    caller: Caller = req.context.caller
    caller.must_administer()


def _parsed(value: Any) -> TokenRequest:
    try:
        asked = TokenRequest.model_validate(value)
    except ValidationError as error:
        raise documents.refusal(documents.field_errors(error, "")) from None
    needed = asked.role in ("member", "viewer")
    if needed != bool(asked.projects):
        message = (
            f"role {asked.role} needs at least one project" if needed else f"role {asked.role} reaches all projects"
        )
        raise documents.refusal((FieldError("/projects", message),))
    return asked


def _document(row: TokenRow) -> dict[str, Any]:
    return {"name": row.name, "role": row.role, "projects": list(row.projects), "created_at": row.created_at}
