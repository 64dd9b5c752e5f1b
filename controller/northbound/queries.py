"""Query parameters and conditions: each is known to its path and readable, or the request is refused."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Collection, Sequence

import falcon

from controller.errors import BadQuery, FieldError
from controller.intent import selector
from controller.intent.selector import Selector

_MAX_WAIT = 600.0
MAX_LIMIT = 1000
_DEFAULT_LIMIT = 500
_REPEATED = ("label",)


def only(req: falcon.Request, known: Collection[str]) -> None:
    """Raise BadQuery for parameters that the path does not have, or that are given twice."""
    for name, value in req.params.items():
        if name not in known:
            allowed = ", ".join(sorted(known)) or "none"
            raise _bad(name, f"unknown parameter; this path has: {allowed}")
        if isinstance(value, list) and name not in _REPEATED:
            raise _bad(name, "is given twice")


def text(req: falcon.Request, name: str) -> str | None:
    """A parameter as it stands."""
    found = req.params.get(name)
    return found if isinstance(found, str) else None


def choice(req: falcon.Request, name: str, words: Sequence[str]) -> str | None:
    """One of some words, None when absent."""
    found = text(req, name)
    if found is not None and found not in words:
        raise _bad(name, f"must be {', '.join(words[:-1])} or {words[-1]}, not {found[:60]!r}")
    return found


def flag(req: falcon.Request, name: str) -> bool:
    """True or false; false when absent."""
    found = text(req, name)
    if found not in (None, "true", "false"):
        raise _bad(name, "must be true or false")
    return found == "true"


def whole(req: falcon.Request, name: str, least: int, most: int) -> int | None:
    """A whole number between bounds, None when absent."""
    found = text(req, name)
    if found is None:
        return None
    if not (found.isascii() and found.isdigit() and len(found) <= len(str(most)) and least <= int(found) <= most):
        raise _bad(name, f"must be a whole number from {least} to {most}")
    return int(found)


def seconds(req: falcon.Request, name: str) -> float | None:
    """A time to wait, None when absent."""
    found = text(req, name)
    if found is None:
        return None
    try:
        value = float(found)
    except ValueError:
        value = math.nan
    if not 0 <= value <= _MAX_WAIT:
        raise _bad(name, f"must be seconds from 0 to {_MAX_WAIT:g}")
    return value


def limit(req: falcon.Request) -> int:
    """How many items one page may have."""
    return whole(req, "limit", 1, MAX_LIMIT) or _DEFAULT_LIMIT


def labels(req: falcon.Request) -> Selector:
    """What every ``label`` parameter selects, taken together."""
    found = req.params.get("label", [])
    return selection("label", ",".join([found] if isinstance(found, str) else found)) if found != [] else Selector()


def selection(name: str, value: str) -> Selector:
    """The label selector of a parameter."""
    try:
        return selector.parsed(value)
    except ValueError as error:
        raise _bad(name, str(error)) from None


def cursor(req: falcon.Request) -> str:
    """The name after which a page starts; "" for the first."""
    found = text(req, "cursor")
    if found is None:
        return ""
    try:
        return base64.b64decode(found.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise _bad("cursor", "is not one that a page gave") from None


def place(req: falcon.Request, form: re.Pattern[str]) -> re.Match[str] | None:
    """What the cursor says, where cursors have a form; None for the first page."""
    found = cursor(req)
    match = form.fullmatch(found)
    if found and match is None:
        raise _bad("cursor", "is not one that a page gave")
    return match if found else None


def cursor_after(name: str) -> str:
    """The cursor of the page that starts after a name."""
    return base64.urlsafe_b64encode(name.encode()).decode()


def if_match(req: falcon.Request) -> int | None:
    """The revision that ``If-Match`` expects, None when absent."""
    found = req.get_header("If-Match")
    if found is None:
        return None
    plain = found.strip().removeprefix("W/").strip('"')
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 18):  # noqa: PLR2004 - digits of a 64-bit integer
        raise BadQuery(f"If-Match must be one revision, like 17, not {found[:60]!r}")
    return int(plain)


def _bad(name: str, problem: str) -> BadQuery:
    return BadQuery(f"query parameter {name[:60]}: {problem}", (FieldError(f"?{name[:60]}", problem),))
