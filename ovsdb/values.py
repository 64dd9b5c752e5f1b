"""OVSDB's JSON notation (RFC 7047, section 5.1) to plain values and back, trusting nothing about what arrives."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from controller.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Item = TypeVar("Item")

_LONGEST_TEXT = 65_536
_LARGEST_SET = 65_536
_TURN = 250
_PAIR = 2


class BadValue(DatabaseError):
    """A column does not hold what its schema promises, or far more than is sensible."""


def text(value: Any, limit: int = _LONGEST_TEXT) -> str:
    """Return a string of at most ``limit`` characters."""
    if not isinstance(value, str) or len(value) > limit:
        raise BadValue(f"no string of at most {limit} characters: {value!r:.80}")
    return value


def integer(value: Any) -> int:
    """Return an integer."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadValue(f"no integer: {value!r:.80}")
    return value


def flag(value: Any) -> bool:
    """Return a boolean."""
    if not isinstance(value, bool):
        raise BadValue(f"no boolean: {value!r:.80}")
    return value


def items(value: Any) -> list[Any]:
    """Return the atoms of a set; a set of one may stand without its brackets."""
    if isinstance(value, list) and len(value) == _PAIR and value[0] == "set" and isinstance(value[1], list):
        if len(value[1]) > _LARGEST_SET:
            raise BadValue(f"a set of {len(value[1])} atoms")
        return value[1]
    return [value]


def texts(value: Any, limit: int = _LONGEST_TEXT) -> tuple[str, ...]:
    """Return a set of strings, in the order the server gave (it sorts them)."""
    return tuple(text(item, limit) for item in items(value))


def optional_text(value: Any, limit: int = _LONGEST_TEXT) -> str | None:
    """Return the string of a set of at most one."""
    found = texts(value, limit)
    return found[0] if found else None


def optional_integer(value: Any) -> int | None:
    """Return the integer of a set of at most one."""
    found = items(value)
    return integer(found[0]) if found else None


def mapping(value: Any, limit: int = _LONGEST_TEXT) -> dict[str, str]:
    """Return a map of strings to strings, in the order the server gave (sorted by key)."""
    match value:
        case ["map", [*pairs]] if len(pairs) <= _LARGEST_SET:
            return dict(_pair(pair, limit) for pair in pairs)
    raise BadValue(f"no map: {value!r:.80}")


def reference(value: Any) -> str:
    """Return the UUID of a row."""
    match value:
        case ["uuid", str(uuid)]:
            return uuid
    raise BadValue(f"no reference to a row: {value!r:.80}")


def references(value: Any) -> tuple[str, ...]:
    """Return a set of references as UUIDs; a set of one may stand without its brackets."""
    return tuple(reference(item) for item in items(value))


def rows(updates: Any, table: str) -> dict[str, Any]:
    """Return a table's part of an update: row updates by UUID."""
    found = updates.get(table, {}) if isinstance(updates, dict) else None
    if not isinstance(found, dict):
        raise BadValue(f"no update of {table}: {found!r:.80}")
    return found


def new_row(update: Any) -> dict[str, Any] | None:
    """Return what a row has become, all columns of it; None where it was deleted."""
    row = update.get("new") if isinstance(update, dict) else update
    if row is not None and not isinstance(row, dict):
        raise BadValue(f"no row: {row!r:.80}")
    return row


def written_set(values: Iterable[Any]) -> list[Any]:
    """Return the notation of a set of atoms."""
    return ["set", list(values)]


def written_map(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    """Return the notation of a map."""
    return ["map", [list(pair) for pair in pairs]]


def in_turns(things: Iterable[Item]) -> Iterator[Item]:
    """Yield ``things``, letting other threads run now and then, so that echoes and requests never starve."""
    for number, thing in enumerate(things, 1):
        yield thing
        if number % _TURN == 0:
            time.sleep(0)


def _pair(pair: Any, limit: int) -> tuple[str, str]:
    if not isinstance(pair, list) or len(pair) != _PAIR:
        raise BadValue(f"no pair: {pair!r:.80}")
    return text(pair[0], limit), text(pair[1], limit)
