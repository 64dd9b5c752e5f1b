"""Tokens: handed out once, stored as hashes only, looked up on every request.

A token is 256 random bits, so that one plain SHA-256 hides it as well as any slow hash would.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Protocol

from controller.errors import Conflict, NotFound, Unauthenticated
from controller.northbound.callers import Caller
from ovsdb.rows import TokenRow

_PREFIX = "netloom_"
_FRESH = 1.0  # seconds for which another daemon's change to a token may go unnoticed here


class TokenDatabase(Protocol):
    """Where tokens are kept."""

    def tokens(self) -> Collection[TokenRow]:
        """Every token."""

    def put_token(self, token: TokenRow) -> None:
        """Make or change a token; durable when it returns."""

    def delete_token(self, name: str) -> bool:
        """Delete a token; whether there was one."""


class Tokens:
    """Issues and verifies tokens."""

    def __init__(self, database: TokenDatabase, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._callers: dict[str, Caller] = {}
        self._read_at = float("-inf")

    def first_admin(self) -> str | None:
        """A new administrator's token if there is no token at all, else None."""
        if self._database.tokens():
            return None
        return self.issue("admin", "admin", ())[0]

    def issue(self, name: str, role: str, projects: Collection[str]) -> tuple[str, TokenRow]:
        """A new token and what is stored of it; raises Conflict if the name is taken."""
        if any(token.name == name for token in self._database.tokens()):
            raise Conflict(f"token {name} exists already; delete it first")
        token = _PREFIX + secrets.token_urlsafe(32)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        row = TokenRow(name, _digest(token), role, tuple(sorted(projects)), now)
        self._database.put_token(row)
        self._read_at = float("-inf")
        return token, row

    def revoke(self, name: str) -> None:
        """End a token; raises NotFound."""
        if not self._database.delete_token(name):
            raise NotFound(f"token {name} does not exist")
        self._read_at = float("-inf")

    def rows(self) -> tuple[TokenRow, ...]:
        """Every token as it is stored, by name."""
        return tuple(sorted(self._database.tokens(), key=lambda row: row.name))

    def caller(self, authorization: str | None) -> Caller:
        """Who an ``Authorization`` header speaks for; raises Unauthenticated."""
        if authorization is None:
            raise Unauthenticated("send a token: Authorization: Bearer <token>")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("the Authorization header must read: Bearer <token>")
        if self._monotonic() - self._read_at > _FRESH:
            self._read()
        digest = _digest(token.strip())
        for known, caller in self._callers.items():
            if hmac.compare_digest(known, digest):
                return caller
        raise Unauthenticated("this token is not known")

    def _read(self) -> None:
        rows = self._database.tokens()
        self._callers = {row.digest: Caller(row.name, row.role, frozenset(row.projects)) for row in rows}
        self._read_at = self._monotonic()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
