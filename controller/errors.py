"""Every error netloom raises on purpose, in one tree; the question it answers is whose fault it was.

``UserError`` is the caller's (4xx), ``Bug`` is ours (that fragment stays empty, the others go on), ``SwitchError`` is
the switch's (tried again, then resynchronised), ``DatabaseError`` is an OVSDB server's.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One bad field of an input: ``pointer`` is an RFC 6901 JSON pointer into the document that was sent."""

    pointer: str
    message: str


def pointer_to(*parts: str) -> str:
    """The RFC 6901 JSON pointer of fields, or places in lists, inside one another."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


class NetloomError(Exception):
    """The root of the tree."""


class UserError(NetloomError):
    """The caller asked for something that cannot be; nothing was changed."""

    status = 422
    title = "Invalid request"

    def __init__(self, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors


class Malformed(UserError):
    """The body could not be read at all: broken JSON, YAML or msgpack, or of a shape that has no resources in it."""

    status = 400
    title = "Malformed document"


class BadQuery(UserError):
    """A query parameter or header that is not known, given twice or not readable."""

    status = 400
    title = "Bad query"


class Unauthenticated(UserError):
    """No token, or one that is not known."""

    status = 401
    title = "Not authenticated"


class Forbidden(UserError):
    """The token's role does not reach this far."""

    status = 403
    title = "Not allowed"


class NotFound(UserError):
    """No such resource, or one the caller may not see."""

    status = 404
    title = "Not found"


class NotAcceptable(UserError):
    """The caller accepts no form that the answer can have."""

    status = 406
    title = "Not acceptable"


class TooSlow(UserError):
    """The body did not arrive whole in the time that the settings give."""

    status = 408
    title = "Body did not arrive in time"


class Conflict(UserError):
    """What was asked contradicts what exists: an address given twice, a resource still in use."""

    status = 409
    title = "Conflict"


class InvariantBroken(Conflict):
    """What was said to stay true for ever would not; ``packets`` show how, as plain JSON values."""

    title = "Invariant would not hold"

    def __init__(self, detail: str, errors: tuple[FieldError, ...], packets: tuple[dict[str, object], ...]) -> None:
        super().__init__(detail, errors)
        self.packets = packets


class Gone(UserError):
    """Events so old that they are no longer kept; list again and follow from there."""

    status = 410
    title = "No longer available"


class Stale(UserError):
    """``If-Match`` named a revision that is not the newest."""

    status = 412
    title = "Stale revision"


class TooLarge(UserError):
    """The body exceeds the limit that the settings give."""

    status = 413
    title = "Body too large"


class UnsupportedForm(UserError):
    """The body is in a form that is not understood here."""

    status = 415
    title = "Unsupported media type"


class Unavailable(UserError):
    """Not the caller's fault and not for ever: the intent database cannot be reached, or a queue is full."""

    status = 503
    title = "Temporarily unavailable"


class SettingsError(NetloomError):
    """A settings file or option that cannot be used; the message names the key."""


class Bug(NetloomError):
    """Ours: a flow that breaks the pipeline's rules, two flows in one slot with different actions."""


class SwitchError(NetloomError):
    """A switch refused or did not answer."""


class DatabaseError(NetloomError):
    """An OVSDB server refused, closed or did not answer."""
